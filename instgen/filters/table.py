"""All default and optional rules, in the order in which they are applied.

`INSTRUCTION_RULES` judge an instruction alone, before its answer is paid for; `ANSWER_RULES` judge the input and the
output. A rule about text in any field is in both, for the fields of each. `RULES` is for existing data;
`OPTIONAL_RULES` are applied only if named.

The rule: the first rule that finds something gives the reason.
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
"""The rules that a generated task with its answer must pass."""

RULES: tuple[Rule, ...] = (
    lengths.SHORTEST,
    lengths.LONGEST,
    start.RULE,
    merged.NUMBERED,
    *(rule.on("instruction", "input", "output") for rule in _ANYWHERE),
    modality.RULE,
    *(rule for rule in ANSWER_RULES if rule.name not in {other.name for other in _ANYWHERE}),
)
"""Every default rule once, for all the fields it is about: the rules of `filter`."""

OPTIONAL_RULES: tuple[Rule, ...] = (
    ending.CUT_OFF,
    personal.PERSONAL.on("instruction", "input", "output"),
    secrets.SECRET.on("instruction", "input", "output"),
)
"""Rules that are applied only if chosen."""


@lru_cache(maxsize=64)
def _screen(rules: tuple[Rule, ...]) -> tuple[Screen, tuple[Rule, ...]]:
    """A screen for the signs of the rules, and the rules without a sign, which every record must pass."""
    return Screen(rule.sign for rule in rules if rule.sign), tuple(rule for rule in rules if rule.sign is None)


def first_failing(record: Record, rules: Iterable[Rule]) -> Verdict | None:
    """The verdict of the first rule that finds something, or None. Rules whose sign the record lacks are skipped."""
    table = tuple(rules)
    screen, always = _screen(table)
    seen = screen.seen(record)
    for rule in table if seen else always:
        if (rule.sign is None or rule.sign in seen) and (verdict := rule(record)):
            return verdict
    return None
