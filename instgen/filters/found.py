"""Stretches of a text that were found in it, and the text with placeholders in their place.

The rule: a placeholder says what stood there, as [email] does, and covers all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from instgen.filters.rule import Hit, excerpt


@dataclass(frozen=True, slots=True)
class Found:
    """What was found, and where: `text[start:end]`."""

    kind: str
    start: int
    end: int


Find = Callable[[str], Sequence[Found]]


def apart(found: Iterable[Found]) -> list[Found]:
    """The finds in the order of the text; of those that overlap, the one that begins first, or else the longest."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


def covered(text: str, found: Sequence[Found]) -> str:
    """The text with a placeholder over each find; they must not overlap."""
    parts: list[str] = []
    after = 0
    for one in found:
        parts += [text[after : one.start], f"[{one.kind}]"]
        after = one.end
    return "".join((*parts, text[after:])) if parts else text


def first(text: str, find: Find) -> Hit | None:
    """The first find as a hit: its kind, and the words around it with a placeholder over it, so that none is spread."""
    found = find(text)
    if not found:
        return None
    shown = f"[{found[0].kind}]"
    start = found[0].start
    return Hit(excerpt(covered(text, found), start, start + len(shown)), found[0].kind)
