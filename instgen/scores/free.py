"""Scores that need no judge: what can be counted, compared or checked by rules, at some microseconds a row.

None of them knows whether an answer is right. Each is a function of the texts, but for `novelty`, which also depends on
the rows before. A score of something that is not there, such as an empty answer's diversity, is left out.
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
"""Tokens among which types are counted: a longer text has fewer a token, whatever it says (Covington, McFall 2010)."""
LEVEL = 6
"""Of zlib: its default."""

Score = Callable[[Record], Scores]


@dataclass(frozen=True, slots=True)
class Measure:
    """A score by name: what it says in a sentence, and what makes it."""

    name: str
    about: str
    make: Callable[[], Score]
    """A scorer that has seen nothing yet."""
    names: tuple[str, ...]
    """The names of the scores that a record gets."""
    of_task: bool = False


def rules_passed() -> Score:
    """The share of the default rules that find nothing in the record."""
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
    """1 less the ROUGE-L F of the task with the most similar one before it; 1 for the first."""
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
            Measure("rules", "The share of filter's default rules that find nothing.", rules_passed, ("rules",)),
            Measure(
                "length",
                "How many words the answer has, and the task (two letters of an unspaced script make a word).",
                lambda: _lengths,
                ("length", "length.task"),
            ),
            Measure(
                "lexical-diversity",
                f"Distinct tokens among each {WINDOW} in a row of the answer, on average.",
                lambda: _diversity,
                ("lexical-diversity",),
            ),
            Measure(
                "compression",
                "The size of the answer packed by zlib over its own: little where it repeats itself.",
                lambda: _compression,
                ("compression",),
            ),
            Measure(
                "novelty",
                "1 less the ROUGE-L of the task with the most similar one before it.",
                novelty_so_far,
                ("novelty",),
                of_task=True,
            ),
        )
    }
)
"""By name, in the order in which they are told of."""


class Measuring:
    """Several measures, in the order of the rows: what they have seen is kept from row to row."""

    def __init__(self, measures: Sequence[Measure], *, replace_scores: bool = False) -> None:
        """Begin with nothing seen; scores that a record has already are kept unless they are to be replaced."""
        self._made = tuple((measure, measure.make()) for measure in measures)
        self._replace = replace_scores

    def scored(self, record: Record) -> Record:
        """The record with the scores that it lacks; itself where it lacks none."""
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
        """Every record with its scores."""
        return map(self.scored, records)


def types_a_token(found: Sequence[str]) -> float:
    """The share of distinct tokens among each `WINDOW` in a row, on average; among all of them where they are fewer."""
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
