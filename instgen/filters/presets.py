"""Sets of rules under one name, and every rule there is by its own.

`default` is what good data of any kind pass; the others are for somebody who wants less, or who wants what a published
pipeline did. A preset only chooses rules and their thresholds: no rule knows of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType

from instgen.errors import UsageError
from instgen.filters import characters, ending, lengths, looped
from instgen.filters.c4 import C4_RULES
from instgen.filters.conversation import CONVERSATION_RULES
from instgen.filters.plugins import plugged_rule, plugged_rules
from instgen.filters.published import PUBLISHED_RULES
from instgen.filters.refusal import REFUSAL, SELF_IDENTIFICATION
from instgen.filters.rule import Rule
from instgen.filters.table import OPTIONAL_RULES, RULES

EVERY_RULE: Mapping[str, Rule] = MappingProxyType(
    {rule.name: rule for rule in (*RULES, *OPTIONAL_RULES, *PUBLISHED_RULES, *C4_RULES, *CONVERSATION_RULES)}
)
"""By name, in the order in which they are asked."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A choice of rules."""

    name: str
    what: str
    rules: tuple[Rule, ...]
    repairs: bool = True
    """Whether what can be put right is put right first."""


def _with_limits(rules: Iterable[Rule], limits: Mapping[str, float]) -> tuple[Rule, ...]:
    return tuple(rule.with_limit(limits[rule.name]) if rule.name in limits else rule for rule in rules)


_TEXT = tuple(EVERY_RULE[rule.name] for rule in (characters.CONTROL, characters.MOJIBAKE, looped.RULE))

PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        preset.name: preset
        for preset in (
            Preset("default", "What is wrong with a row in any use.", RULES),
            Preset(
                "strict",
                "The default with tighter thresholds, and without answers that break off.",
                (*_with_limits(RULES, {"min-words": 3, "refusal": 400}), ending.CUT_OFF),
            ),
            Preset(
                "alpaca",
                "The filters of Self-Instruct and Alpaca, without the accidents of their code.",
                (
                    lengths.SHORTEST.with_limit(4),
                    lengths.LONGEST.with_limit(lengths.PUBLISHED_LONGEST),
                    EVERY_RULE["start"],
                    *PUBLISHED_RULES,
                    ending.EMPTY,
                    ending.COLON,
                ),
            ),
            Preset(
                "c4",
                "What of C4's rules makes sense for answers.",
                (ending.EMPTY, *_TEXT, *C4_RULES),
            ),
            Preset(
                "conversations",
                "What Vicuna's data were cleaned of, in each exchange and as a whole.",
                (*CONVERSATION_RULES, ending.EMPTY, *_TEXT, EVERY_RULE["special-tokens"], REFUSAL, SELF_IDENTIFICATION),
            ),
            Preset("off", "No rules, no repairs, and no duplicates looked for unless it is said.", (), repairs=False),
        )
    }
)


def chosen(preset: Preset, more: Iterable[str], less: Iterable[str]) -> tuple[Rule, ...]:
    """The rules of a preset, with some more or with another threshold, and without others.

    Args:
        preset: the rules to begin with.
        more: `name` or `name=threshold` each; one that is in the preset takes the place of its namesake.
        less: names.

    Raises:
        UsageError: no such rule, or a threshold that is no number or does not apply.
    """
    rules = {rule.name: rule for rule in preset.rules}
    for said in more:
        name, _, limit = said.partition("=")
        rule = rules.get(name) or _known(name)
        rules[name] = rule.with_limit(_number(said, limit)) if limit or said.endswith("=") else rule
    for name in less:
        _known(name)
        rules.pop(name, None)
    return tuple(rules.values())


def _known(name: str) -> Rule:
    if name in EVERY_RULE:
        return EVERY_RULE[name]
    if (plugged := plugged_rule(name)) is not None:
        return plugged
    close = get_close_matches(name, (*EVERY_RULE, *plugged_rules()), 1)
    hint = f"did you mean {close[0]}?" if close else f"there are: {', '.join(sorted((*EVERY_RULE, *plugged_rules())))}"
    raise UsageError(f"there is no rule {name}", hint)


def _number(said: str, limit: str) -> float:
    try:
        number = float(limit)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UsageError(f"--rule {said}: {limit or 'nothing'} is no number")
    return number
