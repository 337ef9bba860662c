"""The rate at which a 0-or-1 score is 1, with the 95 % Wilson interval that a sample of this size allows."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from instgen.records import Record
from instgen.scores.rubric import Rubric

Z = 1.959964
"""The normal quantile of a two-sided 95 % interval."""


@dataclass(frozen=True, slots=True)
class Interval:
    """An interval of shares, from `low` to `high`."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Rate:
    """How often one score is 1, with the share that a paper reports, if any."""

    name: str
    ones: int
    judged: int
    paper: float | None = None

    @property
    def share(self) -> float:
        """The share of ones among the judged; 0 if nothing was judged."""
        return self.ones / self.judged if self.judged else 0.0

    @property
    def interval(self) -> Interval:
        """The 95 % confidence interval of the share over all rows (Wilson 1927)."""
        return wilson(self.ones, self.judged)


def wilson(ones: int, judged: int) -> Interval:
    """The 95 % Wilson interval of the share `ones / judged`; 0 to 1 if nothing was judged."""
    if not judged:
        return Interval(0.0, 1.0)
    share, z2 = ones / judged, Z * Z
    middle = (share + z2 / (2 * judged)) / (1 + z2 / judged)
    half = Z / (1 + z2 / judged) * math.sqrt(share * (1 - share) / judged + z2 / (4 * judged * judged))
    return Interval(0.0 if ones == 0 else max(middle - half, 0.0), 1.0 if ones == judged else min(middle + half, 1.0))


@dataclass(slots=True)
class Counts:
    """Counts of the scores of one rubric, all of them 0 or 1, over the records seen so far."""

    rubric: Rubric
    ones: dict[str, int] = field(default_factory=dict)
    judged: dict[str, int] = field(default_factory=dict)

    def see(self, record: Record) -> None:
        """Count the scores of a record and of its candidates; missing scores are skipped."""
        for scores in (record.scores, *(candidate.scores for candidate in record.candidates)):
            for name in self.rubric.names:
                if name in scores:
                    self.judged[name] = self.judged.get(name, 0) + 1
                    self.ones[name] = self.ones.get(name, 0) + (scores[name] >= 1)

    def rates(self) -> tuple[Rate, ...]:
        """One rate per score; the score made from all others comes last."""
        papers: Mapping[str, float | None] = {
            self.rubric.score_name(scale): scale.paper for scale in self.rubric.scales
        } | ({self.rubric.name: self.rubric.paper} if self.rubric.all else {})
        return tuple(
            Rate(name, self.ones.get(name, 0), self.judged.get(name, 0), paper) for name, paper in papers.items()
        )


def has_rates(rubric: Rubric) -> bool:
    """Whether all of a rubric's scores are 0 or 1, so that their rates are meaningful."""
    return all((scale.least, scale.most) == (0, 1) for scale in rubric.scales)
