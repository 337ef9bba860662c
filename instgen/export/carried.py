"""The parts of a record that its row in a trainer's file does not hold: counted by key, or added as one JSON string."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from instgen.export.fitness import WEIGHTS
from instgen.export.kinds import Kind
from instgen.export.lines import whole
from instgen.formats import to_row
from instgen.formats.turns import ROLES
from instgen.records import Record

_TEXT = frozenset({"id", "instruction", "input", "output", "system", "messages"})
"""Keys that the rows always represent."""
_ANSWERS = frozenset({"chosen", "rejected", "rejected_response", "rejected_messages"})
_READ = frozenset({"id", "history"})
KEYS = 200
"""Distinct keys that are counted; further ones are counted together as "others"."""


@dataclass(slots=True)
class Carried:
    """The number of records with each key that their rows lack."""

    keys: Counter[str] = field(default_factory=Counter)

    def note(self, record: Record, kind: Kind) -> None:
        """Count the keys of a record that its row does not represent."""
        for key in _left(record, kind):
            self.keys[key if key in self.keys or len(self.keys) < KEYS else "others"] += 1


def meta(record: Record, kind: Kind) -> str:
    """Everything that the row does not represent, as one JSON string, so that the column has a single type."""
    rest = {key: value for key, value in to_row(record).items() if key not in _TEXT | _in_row(kind)}
    try:
        return orjson.dumps(rest).decode()
    except TypeError:
        return orjson.dumps(whole(rest)).decode()


def _left(record: Record, kind: Kind) -> Iterator[str]:
    in_row = _in_row(kind)
    for key in ("reasoning", "candidates", "scores", "origin"):
        if getattr(record, key) and key not in in_row:
            yield key
    for key in record.extra:
        if key == "messages":
            yield from _decorations(record)
        elif key not in in_row and key not in _READ and record.extra[key] not in (None, "", [], "[]"):
            yield key


def _decorations(record: Record) -> Iterator[str]:
    """The keys of turns besides role and content, and besides weights that a training file can express."""
    turns = record.extra["messages"]
    keys = {key for turn in turns for key in turn} if isinstance(turns, list) else set()
    known = {"role", "content"} if any(_has_other_weight(turn) for turn in turns) else {"role", "content", *WEIGHTS}
    yield from (f"messages.{key}" for key in sorted(keys - known))


def _has_other_weight(turn: Mapping[str, Any]) -> bool:
    """Whether a turn has a weight that no training file can express: other than 0, or 1 for an assistant turn."""
    usual = (0, 1) if ROLES.get(str(turn.get("role"))) == "assistant" else (0,)
    return any(turn[key] not in usual for key in WEIGHTS if turn.get(key) is not None)


def _in_row(kind: Kind) -> frozenset[str]:
    """The keys of a record that rows of this kind represent under other names."""
    if kind.compares:
        return _ANSWERS
    return _ANSWERS | {"label"} if kind is Kind.KTO else frozenset()
