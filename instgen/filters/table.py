"""All rules in one table, in the order in which they are asked: the first that finds something names the reason.

`INSTRUCTION_RULES` judge an instruction alone, before anything is paid for its answer; `ANSWER_RULES` judge the input
and the output that came with it or later. A rule about text as such stands in both, on the fields of each. `RULES` is
for data that is there already; `OPTIONAL_RULES` are asked only by name.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from instgen.filters import (
    absent,
    characters,
    echo,
    ending,
    lengths,
    looped,
    merged,
    modality,
    personal,
    placeholder,
    scaffold,
    secrets,
    start,
)
from instgen.filters.refusal import REFUSAL, SELF_IDENTIFICATION
from instgen.filters.rule import Rule, TextRule
from instgen.filters.signs import Screen
from instgen.records import Record, Verdict

_ANYWHERE: tuple[TextRule, ...] = (
    characters.CONTROL,
    characters.MOJIBAKE,
    characters.SPECIAL,
    merged.MERGED,
    scaffold.RULE,
    looped.RULE,
)

INSTRUCTION_RULES: tuple[Rule, ...] = (
    lengths.SHORTEST,
    lengths.LONGEST.with_limit(lengths.PUBLISHED_LONGEST),
    start.RULE,
    merged.NUMBERED,
    *(rule.on("instruction") for rule in _ANYWHERE),
    modality.RULE,
)

ANSWER_RULES: tuple[Rule, ...] = (
    ending.EMPTY,
    placeholder.RULE,
    *(rule.on("input", "output") for rule in _ANYWHERE),
    REFUSAL,
    SELF_IDENTIFICATION,
    echo.RULE,
    ending.COLON,
    ending.FENCE,
    absent.MISSING_ATTACHMENT,
    absent.MISSING_INPUT,
)

ADMISSION: tuple[Rule, ...] = (*INSTRUCTION_RULES, *ANSWER_RULES)
"""What a generated task with its answer must pass."""

RULES: tuple[Rule, ...] = (
    lengths.SHORTEST,
    lengths.LONGEST,
    start.RULE,
    merged.NUMBERED,
    *(rule.on("instruction", "input", "output") for rule in _ANYWHERE),
    modality.RULE,
    *(rule for rule in ANSWER_RULES if rule.name not in {other.name for other in _ANYWHERE}),
)
"""Every rule once, each on all fields that it is about: what `filter` asks."""

OPTIONAL_RULES: tuple[Rule, ...] = (
    ending.CUT_OFF,
    personal.PERSONAL.on("instruction", "input", "output"),
    secrets.SECRET.on("instruction", "input", "output"),
)
"""Rules that are asked only where somebody chose them."""


@lru_cache(maxsize=64)
def _screen(rules: tuple[Rule, ...]) -> tuple[Screen, tuple[Rule, ...]]:
    """What tells which rules to ask, and those that are asked of every record."""
    return Screen(rule.sign for rule in rules if rule.sign), tuple(rule for rule in rules if rule.sign is None)


def first_failing(record: Record, rules: Iterable[Rule]) -> Verdict | None:
    """The verdict of the first rule that finds something against the record. Rules without their sign are not asked."""
    asked = tuple(rules)
    screen, always = _screen(asked)
    seen = screen.seen(record)
    for rule in asked if seen else always:
        if (rule.sign is None or rule.sign in seen) and (verdict := rule(record)):
            return verdict
    return None
