"""Texts that are stuck in a loop, with a cheap check that spares most texts the exact one (`text.loops`)."""

from __future__ import annotations

from instgen.filters.rule import Hit, TextRule, excerpt
from instgen.text.loops import (
    ASCII_SAMPLES,
    END,
    LEAST_REPETITIONS,
    LEAST_SAMPLES,
    OTHER_SAMPLES,
    loop,
    sample_places,
)
from instgen.text.tokens import fold, tokens

_LONGEST_WORD = 200
"""Characters at the end of a text in which its last word is looked for; our choice."""


def _repeats(text: str) -> bool:
    """Whether enough of the text repeats for `loop` to find something. Five samples rule out most texts."""
    shortest, size = ASCII_SAMPLES if text.isascii() else OTHER_SAMPLES
    if len(text) < shortest:
        return False
    last = len(text) - size
    ends_anew = text.find(text[last:]) == last
    if not ends_anew and _may_end_in_a_cycle(text[-END:]):
        return True
    places = sample_places(last)
    more = len(places) - (LEAST_SAMPLES - 1) - ends_anew
    for place in places[1:]:
        if text.find(text[place : place + size]) == place:
            more -= 1
            if not more:
                return False
    return True


def _may_end_in_a_cycle(text: str) -> bool:
    """Whether the last word of the text occurs often enough for a cycle."""
    last = tokens(text[-_LONGEST_WORD:])[-1:]
    return not last or fold(text).count(last[0]) >= LEAST_REPETITIONS


def _find(text: str) -> Hit | None:
    found = loop(text) if _repeats(text.rstrip()) else None
    return Hit(excerpt(found.excerpt), round(found.share, 3)) if found else None


RULE = TextRule(
    "looped",
    "looped-text",
    "A field repeats the same sentence or sequence of words over and over.",
    _find,
)
