"""What a row of a trainer's file leaves behind of its record: counted by key, or taken along as one JSON string."""

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
"""What the rows themselves say."""
_ANSWERS = frozenset({"chosen", "rejected", "rejected_response", "rejected_messages"})
_READ = frozenset({"id", "history"})
KEYS = 200
"""Different keys that are counted; beyond, they are counted together."""


@dataclass(slots=True)
class Carried:
    """How many records had which key that their rows have not."""

    keys: Counter[str] = field(default_factory=Counter)

    def note(self, record: Record, kind: Kind) -> None:
        """Count what a record leaves behind."""
        for key in _left(record, kind):
            self.keys[key if key in self.keys or len(self.keys) < KEYS else "others"] += 1


def meta(record: Record, kind: Kind) -> str:
    """All that the row does not say, as one JSON string: a column of one type, whatever is in it."""
    rest = {key: value for key, value in to_row(record).items() if key not in _TEXT | _said(kind)}
    try:
        return orjson.dumps(rest).decode()
    except TypeError:
        return orjson.dumps(whole(rest)).decode()


def _left(record: Record, kind: Kind) -> Iterator[str]:
    said = _said(kind)
    for key in ("reasoning", "candidates", "scores", "origin"):
        if getattr(record, key) and key not in said:
            yield key
    for key in record.extra:
        if key == "messages":
            yield from _decorations(record)
        elif key not in said and key not in _READ and record.extra[key] not in (None, "", [], "[]"):
            yield key


def _decorations(record: Record) -> Iterator[str]:
    """What turns say besides who says what."""
    turns = record.extra["messages"]
    keys = {key for turn in turns for key in turn} if isinstance(turns, list) else set()
    known = {"role", "content"} if any(_weighs(turn) for turn in turns) else {"role", "content", *WEIGHTS}
    yield from (f"messages.{key}" for key in sorted(keys - known))


def _weighs(turn: Mapping[str, Any]) -> bool:
    """Whether a turn has a weight that no training file can say: other than 0, and than 1 for an answer."""
    usual = (0, 1) if ROLES.get(str(turn.get("role"))) == "assistant" else (0,)
    return any(turn[key] not in usual for key in WEIGHTS if turn.get(key) is not None)


def _said(kind: Kind) -> frozenset[str]:
    """The keys of a record that rows of a kind hold in their own way."""
    if kind.compares:
        return _ANSWERS
    return _ANSWERS | {"label"} if kind is Kind.KTO else frozenset()
