"""What became of the rows on the way: the summaries of the stages, and the rejects with examples and clusters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from instgen.report.numbers import Stage

EXAMPLES = 3
"""Rows shown for each reason."""
CLUSTERS = 20
"""The largest clusters of duplicates that are shown."""
_MEMBERS = 8
"""Rows shown of a cluster."""


@dataclass(frozen=True, slots=True)
class Example:
    """A row that was left out."""

    text: str
    evidence: str
    near: str
    similarity: float | None


@dataclass(slots=True)
class Cluster:
    """A row that stayed, and those that were too near to it."""

    text: str
    rows: int = 0
    members: list[Example] = field(default_factory=list)


class Rejects:
    """What rejects files hold, counted; a few rows of each reason are kept."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.counts: Counter[tuple[str, str]] = Counter()
        """By stage and reason."""
        self.examples: dict[tuple[str, str], list[Example]] = {}
        self._clusters: dict[str, Cluster] = {}

    def add(self, row: Mapping[str, Any]) -> bool:
        """Count one row of a rejects file; false for a row without a verdict, which is none."""
        verdict = row.get("rejected")
        if not isinstance(verdict, dict) or not isinstance(verdict.get("reason"), str):
            return False
        key = (str(verdict.get("stage", "")), verdict["reason"])
        self.counts[key] += 1
        found = verdict.get("near")
        near: Mapping[str, Any] = found if isinstance(found, dict) else {}
        example = Example(
            _text(row), str(verdict.get("evidence", "")), str(near.get("text", "")), _number(near.get("similarity"))
        )
        some = self.examples.setdefault(key, [])
        if len(some) < EXAMPLES:
            some.append(example)
        if near.get("id"):
            cluster = self._clusters.setdefault(str(near["id"]), Cluster(example.near))
            cluster.rows += 1
            if len(cluster.members) < _MEMBERS:
                cluster.members.append(example)
        return True

    def clusters(self) -> list[Cluster]:
        """The rows that most others were too near to."""
        return sorted(self._clusters.values(), key=lambda cluster: -cluster.rows)[:CLUSTERS]


def stage_of(row: Mapping[str, Any]) -> Stage | None:
    """A stage from its summary; None for a row that is no summary."""
    command, read, kept = row.get("command"), _count(row.get("read")), _count(row.get("kept"))
    if not isinstance(command, str) or read is None or kept is None:
        return None
    told = row.get("reasons")
    reasons = {str(reason): _count(rows) or 0 for reason, rows in told.items()} if isinstance(told, dict) else {}
    return Stage(
        command,
        read,
        kept,
        reasons,
        _count(row.get("records")),
        str(row.get("teacher") or ""),
        (_count(row.get("prompt_tokens")) or 0) + (_count(row.get("completion_tokens")) or 0),
        _number(row.get("cost")) if row.get("cost_known", True) else None,
    )


def _text(row: Mapping[str, Any]) -> str:
    return str(row.get("instruction") or row.get("text") or next(iter(_turns(row)), ""))


def _turns(row: Mapping[str, Any]) -> list[str]:
    turns = row.get("messages") or row.get("conversations") or []
    return [str(turn.get("content") or turn.get("value") or "") for turn in turns if isinstance(turn, dict)]


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
