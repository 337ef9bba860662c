"""Writes changes to records back into their row, in the shape in which it was read.

The rule: only the changed values are touched; column names, key order and unknown keys are preserved.
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
"""The keys that each of a record's three strings may have been read from: the source is the one with an equal value."""
_CONVERSATIONS = ("messages", "conversations")
_CONTENT_KEYS = ("content", "value")
_ANSWERS = frozenset(
    {"chosen", "rejected", "rejected_response", "rejected_messages", "preferred_output", "non_preferred_output"}
)
"""Keys of the answers in preference rows: strings, turns, or lists of turns."""
_TEXTS = frozenset({"system", "reasoning", *_ANSWERS, *(name for names in _NAMES.values() for name in names)})
_IN_TURNS = _TEXTS | {*_CONTENT_KEYS, "text"}
_HOLDERS = frozenset({*_CONVERSATIONS, "prompt", "completion", "instances", "candidates", "content", *_ANSWERS})
"""Keys whose lists contain further objects with text."""
_INSIDE = frozenset({*_ANSWERS, "input"})
"""Keys whose objects contain text: an answer given as a single turn, and the prompt of OpenAI's preference rows."""


def edited(row: Object, before: Sequence[Record], after: Sequence[Record | None]) -> dict[str, Any]:
    """The row with the changes of its records applied: new strings, fewer candidates, a new last turn, no instance.

    Args:
        row: the row as it was read.
        before: its records as read; one per instance if it has instances.
        after: each record after the change, or None if it was rejected; at least one is not None.
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
    """The row with `change` applied to every text, including those in turns, instances and candidates."""
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
    """Write a record's changes into the objects it was read from, innermost first."""
    for field, names in _NAMES.items():
        old_text, new_text = getattr(old, field), getattr(now, field)
        if old_text != new_text and not old.messages:
            _replace(places, names, old_text, new_text)
    if len(now.candidates) < len(old.candidates):
        place = next(place for place in places if place.get("candidates"))
        left = [any(candidate is kept for kept in now.candidates) for candidate in old.candidates]
        place["candidates"] = [item for item, is_left in zip(place["candidates"], left, strict=True) if is_left]
        if old.messages and old.output != now.output:
            _replace(places, _NAMES["output"], old.output, now.output)
            _set_answer(places[-1], now.output)


def _replace(places: Sequence[dict[str, Any]], names: Sequence[str], old_text: str, new_text: str) -> None:
    for place in places:
        for name in names:
            if place.get(name) == old_text:
                place[name] = new_text
                return


def _set_answer(row: dict[str, Any], text: str) -> None:
    """Replace the text of a conversation's last turn."""
    name = next(name for name in _CONVERSATIONS if row.get(name))
    *turns, last = row[name]
    key = next(key for key in _CONTENT_KEYS if key in last)
    row[name] = [*turns, last | {key: text}]
