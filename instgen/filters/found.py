"""Stretches of a text that were found in it, and the text with placeholders in their place.

The rule: a placeholder says what stood there, as [email] does, and covers all of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from instgen.filters.rule import Hit, excerpt
from instgen.records import Record


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


def covering(record: Record, find: Find) -> Record:
    """The record with placeholders over what `find` finds in any of its texts; the same one where that is nothing."""

    def clean(text: str) -> str:
        return covered(text, find(text)) if text else text

    changed = replace(
        record,
        instruction=clean(record.instruction),
        input=clean(record.input),
        output=clean(record.output),
        system=record.system and clean(record.system),
        reasoning=record.reasoning and clean(record.reasoning),
        messages=tuple(replace(message, content=clean(message.content)) for message in record.messages),
        candidates=tuple(replace(candidate, output=clean(candidate.output)) for candidate in record.candidates),
    )
    return record if changed == record else changed


def first(text: str, find: Find) -> Hit | None:
    """The first find as a hit: its kind, and the words around it with a placeholder over it, so that none is spread."""
    found = find(text)
    if not found:
        return None
    shown = f"[{found[0].kind}]"
    start = found[0].start
    return Hit(excerpt(covered(text, found), start, start + len(shown)), found[0].kind)
