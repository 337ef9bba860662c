"""Rank candidates: a judge compares the answers of a record, and each answer gets a rank and a margin.

The rule: a verdict that depends on the order in which answers are shown does not count. Pairs are shown in both orders,
lists in one order and its reverse, and only a preference found in both is a win. All prompts of a record are sent
together. An unreadable reply is written as a rejection with its text and counts for no candidate. A record's texts are
shown between marks drawn from the seed and its id, and are never read as a verdict.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Literal

from instgen.prompts.template import Template
from instgen.recipes.flow import Flow, Outcome, ask_all, failure
from instgen.recipes.rank_order import MARGINS, Listing, Preference, Standing, both, of_pair, standings
from instgen.recipes.rank_verdict import read_listing, read_pair
from instgen.recipes.show import drawn_mark
from instgen.recipes.wording import language_for
from instgen.records import Candidate, Completion, Message, Prompt, Record, Rejection, Step, Verdict, born, writers
from instgen.scores.family import same_family

COMMAND = "rank"
By = Literal["pairs", "list"]
LONGEST_LIST = 9
"""The most answers in a list. InstructGPT had people rank 4 to 9 at once (Ouyang et al. 2022, section 3.5)."""
MOST_IN_PAIRS = 3
"""The most candidates for which pairs are the default. Three candidates take 6 calls in pairs, four 12, nine 72; a list
always takes 2."""
OVERALL = "overall"
"""The criterion used if none is named."""
CRITERION = "criterion "
"""The prefix of the names of the prompt files' parts for criteria."""

_LETTERS = "ABCDEFGHI"
_MARGIN = {"enum": sorted(MARGINS, key=MARGINS.__getitem__, reverse=True)}
PAIR_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "reasoning": {"type": "string"},
        "verdict": {"enum": ["A", "B", "tie"]},
        "margin": _MARGIN,
    },
    "required": ["reasoning", "verdict", "margin"],
    "additionalProperties": False,
}
"""The reasoning comes before the verdict so that the judge writes it first."""


@dataclass(frozen=True, slots=True)
class Wording:
    """The prompt files of one language."""

    pair: Template
    list: Template


@dataclass(frozen=True, slots=True)
class Ranking:
    """The settings of a run."""

    wordings: Mapping[str, Wording]
    """By language; `en` is used for languages that have no prompt files."""
    by: By | None = None
    """None for the default: lists of four to nine candidates, pairs for fewer or more."""
    criteria: tuple[str, ...] = (OVERALL,)
    """Judged separately; the first one determines the order."""
    ties: bool = True
    """Whether records in which all candidates tie are kept."""
    best: bool = False
    """Whether only the winner is kept, as the record's output."""
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt to the judge about some of a record's candidates."""

    prompt: Prompt
    by: By
    criterion: str
    shown: tuple[int, ...]
    """The indexes of the candidates, in the order shown."""


Reading = Preference | Listing


class Rank:
    """The recipe: one flow per record, independent of all others."""

    command = COMMAND

    def __init__(self, ranking: Ranking) -> None:
        """Set how candidates are ranked."""
        self._ranking = ranking
        self.without = 0
        """Records passed through because they had nothing to rank."""
        self.own = 0
        """Records in which the judge compared an answer written by its own model family."""

    def start(self, number: int, item: Record) -> Flow:
        """The flow that ranks one record's candidates."""
        del number
        return rank_flow(item if item.id else born(item), self._ranking)

    def admit(self, outcome: Outcome) -> Outcome:
        """The outcome unchanged; counts records without a ranking and those judged by their own family."""
        for record in outcome.records:
            step = record.origin[-1] if record.origin else None
            if step is None or step.command != COMMAND or not step.teacher:
                self.without += 1
            elif any(same_family(step.teacher, writer) for writer in writers(record)):
                self.own += 1
        return outcome


def rank_flow(record: Record, ranking: Ranking) -> Flow:
    """The record with its candidates in order of rank; a record with fewer than two is not ranked."""
    if len(record.candidates) < 2:
        return Outcome((_only(record, ranking.best),))
    by = ranking.by or _default(len(record.candidates))
    if by == "list" and len(record.candidates) > LONGEST_LIST:
        verdict = Verdict("too-many-candidates", by, len(record.candidates), LONGEST_LIST)
        return Outcome(rejections=(Rejection(COMMAND, verdict, record),))
    questions = tuple(_questions(record, by, ranking))
    completions = yield from ask_all(tuple(question.prompt for question in questions))
    failed = next((each for each in completions if each.finish == "failed"), None)
    if failed is not None:
        return Outcome(rejections=(failure(COMMAND, failed, record),))
    readings = [_read(question, each) for question, each in zip(questions, completions, strict=True)]
    rejections = tuple(
        _unparseable(record, question, completion)
        for question, completion, reading in zip(questions, completions, readings, strict=True)
        if reading is None
    )
    pairs = {
        criterion: _pairs(
            [
                (each.shown, reading)
                for each, reading in zip(questions, readings, strict=True)
                if each.criterion == criterion
            ],
            [candidate.output.strip() for candidate in record.candidates],
        )
        for criterion in ranking.criteria
    }
    step = Step(COMMAND, by, teacher=_judge(completions), prompts=_sources(questions), seed=ranking.seed)
    made = _ranked(replace(record, origin=(*record.origin, step)), pairs, ranking)
    if isinstance(made, Verdict):
        return Outcome(rejections=(*rejections, Rejection(COMMAND, made, record)))
    return Outcome((made,), rejections)


def _default(size: int) -> By:
    return "list" if MOST_IN_PAIRS < size <= LONGEST_LIST else "pairs"


def _only(record: Record, best: bool) -> Record:
    """A record with at most one candidate; with `best`, that candidate becomes its output."""
    if not record.candidates or not best:
        return record
    step = Step(COMMAND, "best")
    return replace(_answered(record, record.candidates[0].output), candidates=(), origin=(*record.origin, step))


def _questions(record: Record, by: By, ranking: Ranking) -> Iterator[Question]:
    """All questions about a record: each pair in both orders, or the list in one order and its reverse."""
    rng = random.Random(f"{ranking.seed}:{record.id}")
    wording = ranking.wordings[language_for(record.instruction, ranking.wordings)]
    mark = _mark(record, rng)
    size = len(record.candidates)
    outputs = [candidate.output.strip() for candidate in record.candidates]
    if by == "list":
        order = rng.sample(range(size), size)
        shown = [tuple(order), tuple(reversed(order))] if len(set(outputs)) > 1 else []
    else:
        pairs = [(one, other) for one, other in combinations(range(size), 2) if outputs[one] != outputs[other]]
        shown = [order for one, other in pairs for order in ((one, other), (other, one))]
    ask = _list_prompt if by == "list" else _pair_prompt
    for criterion in ranking.criteria:
        for order_shown in shown:
            texts = [record.candidates[each].output for each in order_shown]
            yield Question(ask(record, texts, criterion, mark, wording), by, criterion, order_shown)


def _mark(record: Record, rng: random.Random) -> str:
    """A mark that occurs in none of the shown texts."""
    texts = [record.system or "", record.instruction, record.input, *(message.content for message in record.messages)]
    return f"=={drawn_mark(rng, (*texts, *(candidate.output for candidate in record.candidates)))}=="


def _pair_prompt(record: Record, texts: Sequence[str], criterion: str, mark: str, wording: Wording) -> Prompt:
    template = wording.pair
    prompt = template.render(
        mark=mark,
        task=_task(record, template),
        first=texts[0],
        second=texts[1],
        criterion=template.block(CRITERION + criterion),
    )
    return replace(prompt, schema=PAIR_SCHEMA)


def _list_prompt(record: Record, texts: Sequence[str], criterion: str, mark: str, wording: Wording) -> Prompt:
    template = wording.list
    answers = [
        template.block("answer", mark=mark, letter=letter, output=text)
        for letter, text in zip(_LETTERS, texts, strict=False)
    ]
    prompt = template.render(
        count=str(len(texts)),
        mark=mark,
        task=_task(record, template),
        answers="".join(answers),
        criterion=template.block(CRITERION + criterion),
    )
    return replace(prompt, schema=list_schema(len(texts)))


def list_schema(size: int) -> Mapping[str, Any]:
    """The JSON schema of a reply about `size` answers: reasoning, groups of tied letters, margins between groups."""
    letters = {"type": "array", "items": {"enum": list(_LETTERS[:size])}, "minItems": 1}
    return {
        "type": "object",
        "properties": {
            "reasoning": {"type": "string"},
            "ranking": {"type": "array", "items": letters, "minItems": 1, "maxItems": size},
            "margins": {"type": "array", "items": _MARGIN, "maxItems": size - 1},
        },
        "required": ["reasoning", "ranking", "margins"],
        "additionalProperties": False,
    }


def _task(record: Record, template: Template) -> str:
    """The task as shown: the instruction with its input, or the conversation up to the answer."""
    turns = record.messages[:-1] if record.messages and record.messages[-1].role == "assistant" else record.messages
    if turns:
        shown = [template.block("turn", role=turn.role, content=turn.content) for turn in turns]
        return "\n".join(shown).strip()
    system = template.block("turn", role="system", content=record.system) + "\n" if record.system else ""
    if record.input:
        return system + template.block("task with input", instruction=record.instruction, input=record.input)
    return system + record.instruction


def _read(question: Question, completion: Completion) -> Reading | None:
    """The judge's preference or listing; None if the reply is cut, declines or cannot be read."""
    if completion.finish != "stop":
        return None
    if question.by == "list":
        return read_listing(completion.text, len(question.shown))
    return read_pair(completion.text)


def _unparseable(record: Record, question: Question, completion: Completion) -> Rejection:
    """The rejection of an unreadable reply: its raw text, with the record and the candidates it was about."""
    numbers = ", ".join(str(each + 1) for each in question.shown)
    verdict = Verdict(
        "unparseable-verdict",
        completion.finish if completion.finish != "stop" else question.criterion,
        f"candidates {numbers}",
        evidence=f"record {record.id}",
    )
    return Rejection(COMMAND, verdict, text=completion.text)


def _pairs(
    readings: Sequence[tuple[tuple[int, ...], Reading | None]], outputs: Sequence[str]
) -> dict[tuple[int, int], Preference]:
    """The joint preference for each pair of different outputs that has a readable reply in both orders."""
    seen: dict[tuple[int, int], dict[bool, Preference]] = {}
    for shown, reading in readings:
        for one, other in combinations(range(len(shown)), 2):
            preference = of_pair(reading, one, other) if isinstance(reading, Listing) else reading
            if preference is not None and outputs[shown[one]] != outputs[shown[other]]:
                low, high = sorted((shown[one], shown[other]))
                seen.setdefault((low, high), {})[shown[one] == low] = preference
    return {pair: both(orders[True], orders[False]) for pair, orders in seen.items() if len(orders) == 2}


def _ranked(
    record: Record, pairs: Mapping[str, Mapping[tuple[int, int], Preference]], ranking: Ranking
) -> Record | Verdict:
    """The record with its candidates in order, or the verdict that says why they have none."""
    size = len(record.candidates)
    outputs = {candidate.output.strip() for candidate in record.candidates}
    first, *_ = ranking.criteria
    if not pairs[first] and len(outputs) > 1:
        return Verdict("unranked", first, evidence="no pair got a verdict in both orders")
    order = standings(size, pairs[first])
    if not ranking.ties and order[-1].rank == 1:
        return Verdict("tied", first, size)
    others = {
        criterion: {each.candidate: each for each in standings(size, pairs[criterion])}
        for criterion in (ranking.criteria if ranking.criteria != (OVERALL,) else ())
    }
    candidates = tuple(_placed(record.candidates[each.candidate], each, others) for each in order)
    answered = _answered(record, candidates[0].output)
    return replace(answered, candidates=() if ranking.best else candidates)


def _placed(candidate: Candidate, own: Standing, others: Mapping[str, Mapping[int, Standing]]) -> Candidate:
    """The candidate with its rank, its wins and margin, and its wins and margin by each named criterion."""
    found = {"": own} | {f"{criterion}.": standing[own.candidate] for criterion, standing in others.items()}
    stale = {before + name for before in found for name in ("wins", "margin")}
    old = {name: value for name, value in candidate.scores.items() if name not in stale}
    scores = {f"{before}wins": standing.wins for before, standing in found.items()}
    scores |= {
        f"{before}margin": float(standing.margin) for before, standing in found.items() if standing.margin is not None
    }
    return replace(candidate, rank=own.rank, scores=old | scores)


def _answered(record: Record, output: str) -> Record:
    """The record with this output; if it replaces another one, that one's scores and reasoning are removed."""
    messages = record.messages
    if messages:
        asked = messages[:-1] if messages[-1].role == "assistant" else messages
        messages = (*asked, Message("assistant", output))
    if output == record.output:
        return replace(record, messages=messages)
    return replace(record, output=output, messages=messages, scores={}, reasoning=None)


def _judge(completions: Sequence[Completion]) -> str:
    return next((each.teacher for each in completions if each.teacher), "")


def _sources(questions: Sequence[Question]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(source for question in questions for source in question.prompt.sources))
