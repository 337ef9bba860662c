"""The nouns of a report: what is known of a dataset, as numbers that `stats` prints and the page draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from instgen.report.verbs import Pair

NOT_TOLD = "not told"
"""The label under which rows are counted whose language or use case cannot be told."""
OTHERS = "others"
"""The label under which all that is too rare to be listed is counted together."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How a quantity is spread over rows: its middle, its ends, and counts by bin."""

    count: int
    mean: float
    median: float
    p95: float
    least: float
    most: float
    edges: tuple[float, ...]
    """The lower edge of each bin, and the upper one of the last."""
    counts: tuple[int, ...]
    is_whole: bool
    """Whether all are whole numbers."""


@dataclass(frozen=True, slots=True)
class Depth:
    """The rows that one operation made in one round."""

    op: str
    round: int
    rows: int
    words: float
    """Mean words of their instructions."""
    difficulty: float | None
    """Mean of the score of that name, where there is one."""


@dataclass(frozen=True, slots=True)
class Diversity:
    """How varied the instructions are, on a sample of them."""

    rows: int
    """How many were looked at."""
    distinct_1: float | None
    distinct_2: float | None
    self_rouge: Spread | None
    """ROUGE-L with the nearest other instruction of a smaller sample."""
    seed_rouge: Spread | None
    """ROUGE-L with the nearest seed instruction."""
    pairs: Sequence[tuple[Pair, int]]
    """Verbs with their objects, the most frequent first."""
    paired: int
    """Rows that have such a pair."""


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a pipeline, as its summary tells."""

    command: str
    read: int
    kept: int
    reasons: Mapping[str, int]
    records: int | None = None
    teacher: str = ""
    tokens: int = 0
    cost: float | None = None
    """US dollars; None where it is not known in full."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """All that is counted of a dataset."""

    rows: int
    with_input: int
    answered: int
    conversations: int
    with_candidates: int
    with_reasoning: int
    lengths: Mapping[str, Spread]
    """Words of `instruction`, of `input` and `output` where they are not empty."""
    categories: Mapping[str, int]
    categories_of: int
    """Rows that the categories and languages were told for."""
    languages: Mapping[str, int]
    languages_of: int
    diversity: Diversity
    scores: Mapping[str, Spread]
    teachers: Mapping[str, int]
    """Rows that each teacher wrote something of; who only judged them is not among the teachers."""
    commands: Mapping[str, int]
    prompts: Mapping[str, int]
    depths: Sequence[Depth]
    stages: Sequence[Stage] = field(default_factory=tuple)

    @property
    def cost(self) -> float | None:
        """What the stages cost together, in US dollars; None where any of it is unknown, or nothing is told."""
        costs = [stage.cost for stage in self.stages if stage.teacher]
        return sum(cost for cost in costs if cost is not None) if costs and None not in costs else None

    def gates(self) -> dict[str, float]:
        """The numbers that a limit can be set for (`stats --fail-under`), by name."""
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
            "categories": sum(1 for name, count in self.categories.items() if count and name != NOT_TOLD),
            "languages": len(self.languages.keys() - {NOT_TOLD, OTHERS}),
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
