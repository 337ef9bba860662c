"""Texts that are caught in a loop."""

from __future__ import annotations

from instgen.filters.rule import Hit, TextRule, excerpt
from instgen.text.loops import loop


def _find(text: str) -> Hit | None:
    found = loop(text)
    return Hit(excerpt(found.excerpt), round(found.share, 3)) if found else None


RULE = TextRule(
    "looped",
    "looped-text",
    "A field says the same sentence or sequence of words over and over.",
    _find,
)
