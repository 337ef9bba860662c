"""Spans found in a text, and the text with placeholders in their place.

The rule: a placeholder names what it replaces, such as [email], and covers all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from instgen.filters.rule import Hit, excerpt


@dataclass(frozen=True, slots=True)
class Found:
    """A find: its kind, and its span `text[start:end]`."""

    kind: str
    start: int
    end: int


Find = Callable[[str], Sequence[Found]]


def apart(found: Iterable[Found]) -> list[Found]:
    """The finds in text order. Of those that overlap, only the first to begin is kept; on a tie, the longest."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def covered(text: str, found: Sequence[Found]) -> str:
    """The text with a placeholder for each find; the finds must be in text order and not overlap."""
    parts: list[str] = []
    after = 0
    for one in found:
        parts += [text[after : one.start], f"[{one.kind}]"]
        after = one.end
    return "".join((*parts, text[after:])) if parts else text


def first(text: str, find: Find) -> Hit | None:
    """The first find as a hit: its kind, and the text around it with all finds masked, so that it leaks nothing."""
    found = find(text)
    if not found:
        return None
    shown = f"[{found[0].kind}]"
    start = found[0].start
    return Hit(excerpt(covered(text, found), start, start + len(shown)), found[0].kind)
