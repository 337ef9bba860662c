"""Texts that are stuck in a loop, with a cheap check that spares most texts the exact one (`text.loops`)."""

from __future__ import annotations

from instgen.filters.rule import Hit, TextRule, excerpt
from instgen.text.loops import loop
from instgen.text.tokens import fold, tokens

_ASCII = (60, 16)
_BEYOND = (20, 10)
"""Fewest characters of a text that can have a loop, and characters per sample; our choice, as all values below."""
_MAX_REPEATED = 2
"""Samples of a text without a loop that may repeat, if the text does not end in a cycle."""
_END = 4000
_LEAST_REPETITIONS = 6
"""Characters at the end of a text in which a cycle is looked for, and its fewest repetitions, as in `text.loops`."""
_LONGEST_WORD = 200
"""Characters at the end of a text in which its last word is looked for."""


def _repeats(text: str) -> bool:
    """Whether enough of the text repeats for `loop` to find something. Five samples rule out most texts."""
    shortest, size = _ASCII if text.isascii() else _BEYOND
    if len(text) < shortest:
        return False
    last = len(text) - size
    ends_anew = text.find(text[last:]) == last
    if not ends_anew and _may_end_in_a_cycle(text[-_END:]):
        return True
    places = range(last, 0, -(last // 7 or 1))
    more = len(places) - _MAX_REPEATED - ends_anew
    for place in places[1:]:
        if text.find(text[place : place + size]) == place:
            more -= 1
            if not more:
                return False
    return True


def _may_end_in_a_cycle(text: str) -> bool:
    """Whether the last word of the text occurs often enough for a cycle."""
    last = tokens(text[-_LONGEST_WORD:])[-1:]
    return not last or fold(text).count(last[0]) >= _LEAST_REPETITIONS


def _find(text: str) -> Hit | None:
    found = loop(text) if _repeats(text.rstrip()) else None
    return Hit(excerpt(found.excerpt), round(found.share, 3)) if found else None


RULE = TextRule(
    "looped",
    "looped-text",
    "A field repeats the same sentence or sequence of words over and over.",
    _find,
)
