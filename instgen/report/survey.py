"""Computes a report's numbers from records: one pass collects counts and samples, from which the rest is computed.

The rule: the samples are the same for the same rows in any order. Memory: 10,000 instructions, 2,000 whole records, the
families of 40 roots, and 8 bytes per row for each length and score.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from instgen.records import Record, writers
from instgen.report.categories import category_of
from instgen.report.diversity import distinct, nearest, self_similarity
from instgen.report.lineage import Families, evolved
from instgen.report.numbers import OTHERS, UNKNOWN, Depth, Diversity, Numbers, Spread, Stage
from instgen.report.sample import Sample
from instgen.report.spread import shares_of, spread_of
from instgen.report.verbs import Pair, pair_of
from instgen.text.language import language
from instgen.text.tokens import words

INSTRUCTIONS = 10_000
"""Size of the sample for verbs, categories and distinct n-grams."""
RECORDS = 2_000
"""Size of the sample that the page lists, and for which languages and the nearest seeds are found."""
COMPARED = 1_000
"""Maximum number of those records that are compared pairwise."""
WORDS_COMPARED = 100_000
"""Maximum total words of the records compared pairwise: if they are longer, fewer are compared."""
MOST_LISTED = 30
"""Teachers, prompts, steps, languages and scores listed; the rest are counted as `OTHERS`, except scores."""


@dataclass(slots=True)
class _Totals:
    """Totals over the rows of one operation and round."""

    rows: int = 0
    words: int = 0
    difficulty: float = 0.0
    judged: int = 0


@dataclass(slots=True)
class Survey:
    """Counts and samples of a dataset: call `add` for every record, then `numbers`."""

    rows: int = 0
    records: Sample[Record] = field(default_factory=lambda: Sample(RECORDS))
    families: Families = field(default_factory=Families)
    _with_input: int = 0
    _answered: int = 0
    _conversations: int = 0
    _with_candidates: int = 0
    _with_reasoning: int = 0
    _instructions: Sample[tuple[str, str]] = field(default_factory=lambda: Sample(INSTRUCTIONS))
    _lengths: dict[str, array[float]] = field(default_factory=lambda: defaultdict(lambda: array("d")))
    _scores: dict[str, array[float]] = field(default_factory=lambda: defaultdict(lambda: array("d")))
    _teachers: Counter[str] = field(default_factory=Counter)
    _commands: Counter[str] = field(default_factory=Counter)
    _prompts: Counter[str] = field(default_factory=Counter)
    _totals: dict[tuple[str, int], _Totals] = field(default_factory=lambda: defaultdict(_Totals))

    def add(self, record: Record) -> None:
        """Count and sample one record."""
        self.rows += 1
        self._with_input += bool(record.input)
        self._answered += bool(record.output.strip())
        self._conversations += bool(record.messages)
        self._with_candidates += bool(record.candidates)
        self._with_reasoning += bool(record.reasoning)
        length = words(record.instruction)
        self._lengths["instruction"].append(length)
        for name, text in (("input", record.input), ("output", record.output)):
            if text:
                self._lengths[name].append(words(text))
        for name, value in record.scores.items():
            self._scores[name].append(value)
        name = f"{record.id}:{record.instruction[:200]}"
        self.records.offer(name, record)
        self._instructions.offer(name, (record.instruction, record.input))
        self.families.add(record)
        self._add_origin(record, length)

    def numbers(self, seeds: Sequence[str] = (), stages: Iterable[Stage] = ()) -> Numbers:
        """All statistics; `seeds` are the seed instructions among which the nearest one is searched."""
        sampled = self._instructions.items()
        shown = [record.instruction for record in self.records.items()]
        found = Counter(guess.code if (guess := language(text)) else UNKNOWN for text in shown)
        compared = _short_enough([record.instruction for record in self.records.lowest(COMPARED)])
        return Numbers(
            rows=self.rows,
            with_input=self._with_input,
            answered=self._answered,
            conversations=self._conversations,
            with_candidates=self._with_candidates,
            with_reasoning=self._with_reasoning,
            lengths=_spreads(self._lengths),
            categories=dict(Counter(category_of(*task) for task in sampled).most_common()),
            categories_of=len(sampled),
            languages=_top(found),
            languages_of=len(shown),
            diversity=_diversity([instruction for instruction, _ in sampled], compared, nearest(shown, seeds)),
            scores=_spreads(self._frequent_scores()),
            teachers=_top(self._teachers),
            commands=_top(self._commands),
            prompts=_top(self._prompts),
            depths=self._depths(),
            stages=tuple(stages),
        )

    def _frequent_scores(self) -> dict[str, array[float]]:
        frequent = sorted(self._scores, key=lambda name: (-len(self._scores[name]), name))[:MOST_LISTED]
        return {name: self._scores[name] for name in self._scores if name in frequent}

    def _add_origin(self, record: Record, length: int) -> None:
        for step in record.origin:
            self._commands[f"{step.command} {step.op}".strip()] += 1
            self._prompts.update(step.prompts)
        if not record.origin:
            self._commands["as it came"] += 1
        self._teachers.update(sorted(writers(record)))
        made = self._totals[_last_step(record)]
        made.rows += 1
        made.words += length
        if "difficulty" in record.scores:
            made.difficulty += record.scores["difficulty"]
            made.judged += 1

    def _depths(self) -> tuple[Depth, ...]:
        if not any(number for _, number in self._totals):
            return ()
        return tuple(
            Depth(op, number, made.rows, made.words / made.rows, made.difficulty / made.judged if made.judged else None)
            for (op, number), made in sorted(self._totals.items(), key=lambda item: (item[0][1], item[0][0]))
        )


def _last_step(record: Record) -> tuple[str, int]:
    """The operation and round that last evolved a record; round 0 if it was not evolved."""
    step = evolved(record)
    return (step.op, step.round or 0) if step else ("", 0)


def _diversity(sampled: list[str], compared: list[str], to_seeds: list[float]) -> Diversity:
    pairs: Counter[Pair] = Counter(pair for text in sampled if (pair := pair_of(text)))
    ordered = sorted(pairs.items(), key=lambda item: (-item[1], item[0].verb, item[0].noun))
    one, two = distinct(sampled, (1, 2))
    return Diversity(
        len(sampled),
        one,
        two,
        shares_of(self_similarity(compared)) if len(compared) > 1 else None,
        shares_of(to_seeds),
        ordered,
        pairs.total(),
    )


def _short_enough(texts: Sequence[str]) -> list[str]:
    """The first texts, as many as have at most `WORDS_COMPARED` words in total."""
    together = accumulate(map(words, texts))
    return [text for text, so_far in zip(texts, together, strict=True) if so_far <= WORDS_COMPARED]


def _spreads(values: dict[str, array[float]]) -> dict[str, Spread]:
    found = {name: spread_of(some) for name, some in values.items()}
    return {name: spread for name, spread in found.items() if spread is not None}


def _top(counts: Counter[str]) -> dict[str, int]:
    top = dict(counts.most_common(MOST_LISTED))
    rest = counts.total() - sum(top.values())
    return top | {OTHERS: rest} if rest else top
