"""The funnel of a pipeline: the summaries of its stages, and its rejects with examples and clusters of duplicates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from instgen.report.numbers import Stage

EXAMPLES = 3
"""Rejected rows shown for each reason."""
CLUSTERS = 20
"""Clusters of duplicates shown, the largest ones."""
_MEMBERS = 8
"""Rejected rows shown for each cluster."""


@dataclass(frozen=True, slots=True)
class Example:
    """A rejected row, with its evidence and the text it was too similar to, if any."""

    text: str
    evidence: str
    near: str
    similarity: float | None


@dataclass(slots=True)
class Cluster:
    """A kept row, and the rejected rows that were too similar to it."""

    text: str
    rows: int = 0
    members: list[Example] = field(default_factory=list)


class Rejects:
    """Counts of the rows in rejects files, with a few examples for each reason."""

    def __init__(self) -> None:
        """Start without any rows."""
        self.counts: Counter[tuple[str, str]] = Counter()
        """Rows by stage and reason."""
        self.examples: dict[tuple[str, str], list[Example]] = {}
        self._clusters: dict[str, Cluster] = {}

    def add(self, row: Mapping[str, Any]) -> bool:
        """Count one row of a rejects file; returns False for a row without a verdict, which is not counted."""
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
        examples = self.examples.setdefault(key, [])
        if len(examples) < EXAMPLES:
            examples.append(example)
        if near.get("id"):
            cluster = self._clusters.setdefault(str(near["id"]), Cluster(example.near))
            cluster.rows += 1
            if len(cluster.members) < _MEMBERS:
                cluster.members.append(example)
        return True

    def clusters(self) -> list[Cluster]:
        """The largest clusters, in descending order of size."""
        return sorted(self._clusters.values(), key=lambda cluster: -cluster.rows)[:CLUSTERS]


def stage_of(row: Mapping[str, Any]) -> Stage | None:
    """The stage described by a row of a summary file; None if the row is not a summary."""
    command, read, kept = row.get("command"), _count(row.get("read")), _count(row.get("kept"))
    if not isinstance(command, str) or read is None or kept is None:
        return None
    found = row.get("reasons")
    reasons = {str(reason): _count(rows) or 0 for reason, rows in found.items()} if isinstance(found, dict) else {}
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
