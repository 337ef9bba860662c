"""Texts that are caught in a loop."""

from __future__ import annotations

from instgen.filters.rule import Hit, TextRule, excerpt
from instgen.text.loops import loop
from instgen.text.tokens import fold, tokens

_ASCII = (60, 16)
_BEYOND = (20, 10)
"""The shortest text that can hold a loop, and the size of a sample, both in characters; ours, as all below."""
_FEW = 2
"""Samples that may repeat in a text without a loop, if its end is none."""
_END = 4000
_LEAST_TURNS = 6
"""The end of a text in which a cycle has all its turns, in characters, and the least number of these, as in `loop`."""
_LONGEST_WORD = 200
"""Characters in which the last word is looked for."""


def _repeats(text: str) -> bool:
    """Whether so much repeats that `loop` may find something. Most texts show after five samples that it does not."""
    shortest, size = _ASCII if text.isascii() else _BEYOND
    if len(text) < shortest:
        return False
    last = len(text) - size
    ends_anew = text.find(text[last:]) == last
    if not ends_anew and _may_end_in_a_cycle(text[-_END:]):
        return True
    places = range(last, 0, -(last // 7 or 1))
    more = len(places) - _FEW - ends_anew
    for place in places[1:]:
        if text.find(text[place : place + size]) == place:
            more -= 1
            if not more:
                return False
    return True


def _may_end_in_a_cycle(text: str) -> bool:
    """Whether the last word of the text comes often enough."""
    last = tokens(text[-_LONGEST_WORD:])[-1:]
    return not last or fold(text).count(last[0]) >= _LEAST_TURNS


def _find(text: str) -> Hit | None:
    found = loop(text) if _repeats(text.rstrip()) else None
    return Hit(excerpt(found.excerpt), round(found.share, 3)) if found else None


RULE = TextRule(
    "looped",
    "looped-text",
    "A field says the same sentence or sequence of words over and over.",
    _find,
)
