"""How often a score is 1, with what a sample of this size can say about the rest: Wilson's interval."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from instgen.records import Record
from instgen.scores.rubric import Rubric

Z = 1.959964
"""The normal quantile of an interval that holds 95 times of 100."""


@dataclass(frozen=True, slots=True)
class Interval:
    """From and to, both shares."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Rate:
    """One score's share of ones, and what a paper found."""

    name: str
    ones: int
    judged: int
    paper: float | None = None

    @property
    def share(self) -> float:
        """Of ones among those that were judged; 0 where none was."""
        return self.ones / self.judged if self.judged else 0.0

    @property
    def interval(self) -> Interval:
        """Where the share of all rows lies, with 95 % confidence (Wilson 1927)."""
        return wilson(self.ones, self.judged)


def wilson(ones: int, judged: int) -> Interval:
    """The 95 % interval of a share; from 0 to 1 where nothing was judged."""
    if not judged:
        return Interval(0.0, 1.0)
    share, z2 = ones / judged, Z * Z
    middle = (share + z2 / (2 * judged)) / (1 + z2 / judged)
    half = Z / (1 + z2 / judged) * math.sqrt(share * (1 - share) / judged + z2 / (4 * judged * judged))
    return Interval(0.0 if ones == 0 else max(middle - half, 0.0), 1.0 if ones == judged else min(middle + half, 1.0))


@dataclass(slots=True)
class Counts:
    """The records seen so far, counted by the scores of one rubric, which are all 0 or 1."""

    rubric: Rubric
    ones: dict[str, int] = field(default_factory=dict)
    judged: dict[str, int] = field(default_factory=dict)

    def see(self, record: Record) -> None:
        """Count a record, and each of its candidates, where they have the scores."""
        for scores in (record.scores, *(candidate.scores for candidate in record.candidates)):
            for name in self.rubric.names:
                if name in scores:
                    self.judged[name] = self.judged.get(name, 0) + 1
                    self.ones[name] = self.ones.get(name, 0) + (scores[name] >= 1)

    def rates(self) -> tuple[Rate, ...]:
        """One for each score, the rubric's own last."""
        papers: Mapping[str, float | None] = {
            self.rubric.score_name(scale): scale.paper for scale in self.rubric.scales
        } | ({self.rubric.name: self.rubric.paper} if self.rubric.all else {})
        return tuple(
            Rate(name, self.ones.get(name, 0), self.judged.get(name, 0), paper) for name, paper in papers.items()
        )


def has_rates(rubric: Rubric) -> bool:
    """Whether a rubric's scores are all 0 or 1, so that their rates say something."""
    return all((scale.least, scale.most) == (0, 1) for scale in rubric.scales)
