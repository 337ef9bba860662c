"""The data classes of a report: statistics of a dataset, which `stats` prints and the HTML page draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from instgen.report.verbs import Pair

UNKNOWN = "unknown"
"""The label for rows whose language or use case cannot be determined."""
OTHERS = "others"
"""The label under which everything too rare to be listed is counted together."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The distribution of a quantity over rows: mean, median, 95th percentile, range, and a histogram."""

    count: int
    mean: float
    median: float
    p95: float
    least: float
    most: float
    edges: tuple[float, ...]
    """The lower edge of each bin, followed by the upper edge of the last bin."""
    counts: tuple[int, ...]
    """Rows in each bin."""
    is_whole: bool
    """Whether all values are whole numbers."""


@dataclass(frozen=True, slots=True)
class Depth:
    """The rows whose last evolving step was this operation in this round; round 0 is rows that were not evolved."""

    op: str
    round: int
    rows: int
    words: float
    """Mean words of their instructions."""
    difficulty: float | None
    """Mean of the score `difficulty`; None if no row has it."""


@dataclass(frozen=True, slots=True)
class Diversity:
    """Measures of diversity in a sample of the instructions."""

    rows: int
    """Instructions in the sample."""
    distinct_1: float | None
    distinct_2: float | None
    self_rouge: Spread | None
    """ROUGE-L with the nearest other instruction, in a smaller sample."""
    seed_rouge: Spread | None
    """ROUGE-L with the nearest seed instruction."""
    pairs: Sequence[tuple[Pair, int]]
    """Pairs of a verb and its object with their counts, most frequent first."""
    paired: int
    """Instructions that have such a pair."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a pipeline, as described by its summary."""

    command: str
    read: int
    kept: int
    reasons: Mapping[str, int]
    records: int | None = None
    teacher: str = ""
    tokens: int = 0
    cost: float | None = None
    """US dollars; None if not fully known."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """All statistics of a dataset."""

    rows: int
    with_input: int
    answered: int
    conversations: int
    with_candidates: int
    with_reasoning: int
    lengths: Mapping[str, Spread]
    """Words of `instruction`, `input` and `output`; empty inputs and outputs are not counted."""
    categories: Mapping[str, int]
    categories_of: int
    """Rows whose use case was classified: a sample."""
    languages: Mapping[str, int]
    languages_of: int
    """Rows whose language was identified: a sample."""
    diversity: Diversity
    scores: Mapping[str, Spread]
    teachers: Mapping[str, int]
    """Rows by the teachers that wrote any part of them; teachers that only judged are not counted."""
    commands: Mapping[str, int]
    prompts: Mapping[str, int]
    depths: Sequence[Depth]
    stages: Sequence[Stage] = field(default_factory=tuple)

    @property
    def cost(self) -> float | None:
        """Total cost of the stages in US dollars; None if the cost of any is unknown, or no stage called a teacher."""
        costs = [stage.cost for stage in self.stages if stage.teacher]
        return sum(cost for cost in costs if cost is not None) if costs and None not in costs else None

    def gates(self) -> dict[str, float]:
        """The numbers for which limits can be set (`stats --fail-under`, `--fail-over`), by name."""
        diversity = self.diversity
        share = 1 / max(self.rows, 1)
        named: dict[str, float | None] = {
            "rows": self.rows,
            "answered": self.answered * share,
            "with-input": self.with_input * share,
            "distinct-1": diversity.distinct_1,
            "distinct-2": diversity.distinct_2,
            "novelty": 1 - diversity.self_rouge.mean if diversity.self_rouge else None,
            "seed-novelty": 1 - diversity.seed_rouge.mean if diversity.seed_rouge else None,
            "verb-nouns": len(diversity.pairs) / diversity.paired if diversity.paired else None,
            "categories": sum(1 for name, count in self.categories.items() if count and name != UNKNOWN),
            "languages": len(self.languages.keys() - {UNKNOWN, OTHERS}),
        }
        named |= {f"words-{name}": spread.mean for name, spread in self.lengths.items()}
        named |= {f"score-{name}": spread.mean for name, spread in self.scores.items()}
        return {name: value for name, value in named.items() if value is not None}


def as_json(numbers: Numbers) -> dict[str, Any]:
    """The numbers as one JSON object."""
    whole = asdict(numbers)
    whole["diversity"]["pairs"] = [
        {"verb": pair.verb, "noun": pair.noun, "rows": count} for pair, count in numbers.diversity.pairs
    ]
    return whole | {"cost": numbers.cost, "gates": numbers.gates()}
