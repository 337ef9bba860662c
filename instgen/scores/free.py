"""Scores that need no judge: computed by counting, comparing or applying rules, in microseconds per row.

None of them measures whether an answer is correct. Each depends only on the record's texts, except `novelty`, which
also depends on the earlier rows. If there is nothing to measure, such as the diversity of an empty answer, the score is
left out.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from instgen.filters.compared import task
from instgen.filters.rule import Rule
from instgen.filters.rulebook import STANDING_ALONE, parts
from instgen.filters.signs import Screen
from instgen.filters.table import RULES
from instgen.records import Record, Step
from instgen.scores.faces import Scores, faces, lacks, with_scores
from instgen.text.similarity import NoveltyIndex
from instgen.text.tokens import tokens, words

COMMAND = "score"
WINDOW = 50
"""Tokens per window in which distinct tokens are counted: over a whole text the share of distinct tokens falls with its
length, whatever it says (Covington, McFall 2010)."""
LEVEL = 6
"""The zlib compression level: its default."""

Score = Callable[[Record], Scores]


@dataclass(frozen=True, slots=True)
class Measure:
    """A score that needs no judge: its name, a one-sentence description, and its scorer."""

    name: str
    about: str
    make: Callable[[], Score]
    """Returns a new scorer that has seen no rows."""
    names: tuple[str, ...]
    """The names of the scores that a record gets."""
    of_task: bool = False
    """Whether the score is of the task and so set once per record, rather than on each candidate."""


def rules_passed() -> Score:
    """A scorer of the share of `filter`'s default rules that the record passes."""
    rules: Mapping[str, Rule] = {rule.name: rule for rule in RULES}
    screen = Screen(rule.sign for rule in RULES if rule.sign)

    def score(record: Record) -> Scores:
        failed: set[str] = set()
        for at, part in enumerate(parts(record)):
            seen = screen.seen(part)
            asked = (rule for name, rule in rules.items() if name not in failed and not (at and name in STANDING_ALONE))
            failed |= {rule.name for rule in asked if (rule.sign is None or rule.sign in seen) and rule(part)}
        return {"rules": round(1 - len(failed) / len(rules), 4)}

    return score


def _lengths(record: Record) -> Scores:
    return {"length": words(_answer(record)), "length.task": words(task(record))}


def _diversity(record: Record) -> Scores:
    found = tokens(_answer(record))
    return {"lexical-diversity": round(types_a_token(found), 4)} if found else {}


def _compression(record: Record) -> Scores:
    data = _answer(record).strip().encode("utf-8", "surrogatepass")
    if not data:
        return {}
    packed = zlib.compress(data, LEVEL, wbits=-zlib.MAX_WBITS)
    return {"compression": round(min(len(packed) / len(data), 1.0), 4)}


def novelty_so_far() -> Score:
    """A scorer of 1 minus the ROUGE-L F of the task with the most similar earlier task; 1 for the first row."""
    index = NoveltyIndex(0)

    def score(record: Record) -> Scores:
        text = task(record)
        near = index.nearest(text)
        index.add("", text)
        return {"novelty": round(1 - near.similarity, 4) if near else 1.0}

    return score


MEASURES: Mapping[str, Measure] = MappingProxyType(
    {
        measure.name: measure
        for measure in (
            Measure("rules", "The share of filter's default rules that the row passes.", rules_passed, ("rules",)),
            Measure(
                "length",
                "Words in the answer and in the task (in scripts without spaces, two characters make a word).",
                lambda: _lengths,
                ("length", "length.task"),
            ),
            Measure(
                "lexical-diversity",
                f"The share of distinct tokens in each run of {WINDOW} tokens of the answer, on average.",
                lambda: _diversity,
                ("lexical-diversity",),
            ),
            Measure(
                "compression",
                "The answer's zlib-compressed size divided by its size: low if it repeats itself.",
                lambda: _compression,
                ("compression",),
            ),
            Measure(
                "novelty",
                "1 minus the ROUGE-L of the task with the most similar earlier one.",
                novelty_so_far,
                ("novelty",),
                of_task=True,
            ),
        )
    }
)
"""By name, in the order in which they are listed."""


class Measuring:
    """Applies several measures to rows in order; their scorers keep state from row to row."""

    def __init__(self, measures: Sequence[Measure], *, replace_scores: bool = False) -> None:
        """Create a new scorer for each measure; existing scores are kept unless `replace_scores` is set."""
        self._made = tuple((measure, measure.make()) for measure in measures)
        self._replace = replace_scores

    def scored(self, record: Record) -> Record:
        """The record with its missing scores added (or all of them replaced); the same record if nothing is added."""
        own: dict[str, float] = {}
        shown = faces(record)
        of_faces: list[dict[str, float]] = [{} for _ in shown]
        done: list[str] = []
        for measure, score in self._made:
            wanted = lacks(record, measure.names, of_task=measure.of_task)
            found = [score(face) for face in (shown[:1] if measure.of_task else shown)]
            places = [own] if measure.of_task else of_faces
            new = [made if lacking or self._replace else {} for made, lacking in zip(found, wanted, strict=True)]
            for place, made in zip(places, new, strict=True):
                place.update(made)
            done += [measure.name] if any(new) else []
        if not done:
            return record
        step = Step(COMMAND, op=" ".join(done))
        return replace(with_scores(record, own, of_faces), origin=(*record.origin, step))

    def all(self, records: Iterable[Record]) -> Iterable[Record]:
        """Each record with its scores, lazily."""
        return map(self.scored, records)


def types_a_token(found: Sequence[str]) -> float:
    """The mean share of distinct tokens over all runs of `WINDOW` tokens; over the whole text if it is shorter."""
    if len(found) <= WINDOW:
        return len(set(found)) / len(found)
    counts: dict[str, int] = {}
    total = 0
    for at, token in enumerate(found):
        counts[token] = counts.get(token, 0) + 1
        if at >= WINDOW:
            gone = found[at - WINDOW]
            counts[gone] -= 1
            if not counts[gone]:
                del counts[gone]
        if at >= WINDOW - 1:
            total += len(counts)
    return total / (len(found) - WINDOW + 1) / WINDOW


def _answer(record: Record) -> str:
    if not record.messages:
        return record.output
    return "\n".join(message.content for message in record.messages if message.role == "assistant")
