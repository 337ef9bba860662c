"""A row written again in the shape that it came in, after something was made of the records in it.

The rule: only what a change is about is touched; names of columns, the order of keys and keys that we do not know stay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from instgen.formats.alpaca import COLUMNS
from instgen.formats.fields import Object
from instgen.records import Record

Change = Callable[[str], str]

_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "instruction": ("instruction", *COLUMNS["instruction"], "input"),
        "input": ("input", *COLUMNS["input"]),
        "output": ("output", *COLUMNS["output"]),
    }
)
"""Where a record's three strings may have come from; of those, the one that says what the record said is meant."""
_CONVERSATIONS = ("messages", "conversations")
_SAID = ("content", "value")
_ANSWERS = frozenset(
    {"chosen", "rejected", "rejected_response", "rejected_messages", "preferred_output", "non_preferred_output"}
)
"""Where rows of preferences have their answers: as strings, turns, or lists of turns."""
_TEXTS = frozenset({"system", "reasoning", *_ANSWERS, *(name for names in _NAMES.values() for name in names)})
_IN_TURNS = _TEXTS | {*_SAID, "text"}
_HOLDERS = frozenset({*_CONVERSATIONS, "prompt", "completion", "instances", "candidates", "content", *_ANSWERS})
"""Keys whose lists hold further objects with text."""
_INSIDE = frozenset({*_ANSWERS, "input"})
"""Keys whose objects hold text: an answer that is one turn, and the prompt of OpenAI's preferences."""


def edited(row: Object, before: Sequence[Record], after: Sequence[Record | None]) -> dict[str, Any]:
    """The row with what became of its records: changed strings, fewer candidates, another last turn, or gone.

    Args:
        row: as it was read.
        before: its records, one an instance where it has instances.
        after: what became of each; at least one is left.
    """
    new = dict(row)
    pairs = list(zip(before, after, strict=True))
    instances = row.get("instances")
    if isinstance(instances, list) and len(instances) == len(pairs):
        new["instances"] = kept = []
        for instance, (old, now) in zip(instances, pairs, strict=True):
            if now is not None:
                kept.append(dict(instance or {}))
                _put(old, now, (kept[-1], new))
    else:
        for old, now in pairs:
            if now is not None:
                _put(old, now, (new,))
    return new


def with_texts(row: Object, change: Change, *, inside: bool = False) -> dict[str, Any]:
    """The row with every text of its records changed: also those of turns, instances and candidates."""
    names = _IN_TURNS if inside else _TEXTS
    new = dict(row)
    for key, value in row.items():
        if isinstance(value, str):
            if key in names:
                new[key] = change(value)
        elif isinstance(value, list) and key in _HOLDERS:
            new[key] = [with_texts(item, change, inside=True) if isinstance(item, dict) else item for item in value]
        elif isinstance(value, dict) and key in _INSIDE:
            new[key] = with_texts(value, change, inside=True)
    return new


def _put(old: Record, now: Record, places: Sequence[dict[str, Any]]) -> None:
    """Write what changed into the objects that a record was read from, the nearest first."""
    for field, names in _NAMES.items():
        said, says = getattr(old, field), getattr(now, field)
        if said != says and not old.messages:
            _replace(places, names, said, says)
    if len(now.candidates) < len(old.candidates):
        place = next(place for place in places if place.get("candidates"))
        left = [any(candidate is kept for kept in now.candidates) for candidate in old.candidates]
        place["candidates"] = [item for item, stays in zip(place["candidates"], left, strict=True) if stays]
        if old.messages and old.output != now.output:
            _replace(places, _NAMES["output"], old.output, now.output)
            _answer(places[-1], now.output)


def _replace(places: Sequence[dict[str, Any]], names: Sequence[str], said: str, says: str) -> None:
    for place in places:
        for name in names:
            if place.get(name) == said:
                place[name] = says
                return


def _answer(row: dict[str, Any], says: str) -> None:
    """Let the last turn of a conversation say something else."""
    name = next(name for name in _CONVERSATIONS if row.get(name))
    *turns, last = row[name]
    key = next(key for key in _SAID if key in last)
    row[name] = [*turns, last | {key: says}]
