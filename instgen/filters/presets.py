"""Named sets of rules, and every built-in rule by name.

Good data of any kind passes `default`; the others have fewer or stricter rules, or those of a published pipeline.

The rule: a preset only chooses rules and their thresholds; no rule depends on the preset.
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
"""All built-in rules by name, in the order in which they are applied."""


CLOSE = 0.7
"""Similarity from which another rule is suggested for an unknown name. `difflib` has 0.6, at which a short name such as
`nope` resembles `looped`."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A named choice of rules."""

    name: str
    rules: tuple[Rule, ...]
    repairs: bool = True
    """Whether `REPAIRS` are applied before the rules."""


def _with_limits(rules: Iterable[Rule], limits: Mapping[str, float]) -> tuple[Rule, ...]:
    return tuple(rule.with_limit(limits[rule.name]) if rule.name in limits else rule for rule in rules)


_TEXT = tuple(EVERY_RULE[rule.name] for rule in (characters.CONTROL, characters.MOJIBAKE, looped.RULE))

PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        preset.name: preset
        for preset in (
            Preset("default", RULES),
            Preset(
                "strict",
                (*_with_limits(RULES, {"min-words": 3, "refusal": 400}), ending.CUT_OFF),
            ),
            Preset(
                "alpaca",
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
                (ending.EMPTY, *_TEXT, *C4_RULES),
            ),
            Preset(
                "conversations",
                (*CONVERSATION_RULES, ending.EMPTY, *_TEXT, EVERY_RULE["special-tokens"], REFUSAL, SELF_IDENTIFICATION),
            ),
            Preset("off", (), repairs=False),
        )
    }
)


def chosen(preset: Preset, more: Iterable[str], less: Iterable[str]) -> tuple[Rule, ...]:
    """The rules of a preset, with rules added, replaced or removed.

    Args:
        preset: the rules to start from.
        more: rules to add, each `name` or `name=threshold`, in place of the preset's rule of that name if it has one.
        less: names of rules to remove.

    Raises:
        UsageError: a rule is unknown, or a threshold is not a number or the rule has none.
    """
    rules = {rule.name: rule for rule in preset.rules}
    for text in more:
        name, _, limit = text.partition("=")
        rule = rules.get(name) or _known(name)
        rules[name] = rule.with_limit(_number(text, limit)) if limit or text.endswith("=") else rule
    for name in less:
        _known(name)
        rules.pop(name, None)
    return tuple(rules.values())


def _known(name: str) -> Rule:
    if name in EVERY_RULE:
        return EVERY_RULE[name]
    if (plugged := plugged_rule(name)) is not None:
        return plugged
    close = get_close_matches(name, (*EVERY_RULE, *plugged_rules()), 1, CLOSE)
    hint = (
        f"did you mean {close[0]}?" if close else f"known rules: {', '.join(sorted((*EVERY_RULE, *plugged_rules())))}"
    )
    raise UsageError(f"there is no rule {name}", hint)


def _number(text: str, limit: str) -> float:
    try:
        number = float(limit)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UsageError(f"--rule {text}: {limit or 'nothing'} is not a number")
    return number
