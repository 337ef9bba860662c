"""A judge's scores for records, by rubrics: several at once, voted on, each verdict read and held against its scales.

What a row says is data: it is shown between tags with a mark that is drawn from the seed and the record's id, and drawn
again until no text that is shown holds it, so that no row can close its own tags. The rules: a record that is written
has every score that was asked, or a judge said that one does not apply; a verdict that cannot be read is a rejection
with the raw reply, never a number; one row more or less changes no other, except among siblings, which are compared.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from instgen.prompts.template import Template
from instgen.recipes.flow import Flow, Outcome, ask_all, unusable
from instgen.recipes.ifd import Fathoming, ifd_flow
from instgen.recipes.show import Shown, asking, comparing
from instgen.recipes.verdict import ReadVerdict, read_scores, read_verdict
from instgen.recipes.wording import language_for
from instgen.records import Completion, Prompt, Record, Rejection, Step, Verdict, root_of
from instgen.scores.faces import faces, lacks, with_scores
from instgen.scores.free import COMMAND
from instgen.scores.rates import Counts, has_rates
from instgen.scores.rubric import Rubric, Scale

MOST_SIBLINGS = 9
"""Variants in one prompt: as many as people were asked to order (Ouyang et al. 2022, section 3.5)."""
VOTING = 0.7
"""The temperature of several votes where the prompt file says 0, at which they would all be the same one."""


@dataclass(frozen=True, slots=True)
class Wording:
    """The prompt files of one language."""

    one: Template
    """What a judge is asked of one record."""
    siblings: Template
    """What it is asked of several variants of one task."""


@dataclass(frozen=True, slots=True)
class Judging:
    """How records are judged."""

    rubrics: tuple[Rubric, ...]
    wordings: Mapping[str, Wording]
    """By language; `en` serves all that have none of their own."""
    votes: int = 1
    replace: bool = False
    """Whether scores that are there already are asked for again."""
    reference_key: str = ""
    """The key of a row that holds a correct answer."""
    seed: int = 0
    fathoming: Fathoming | None = None
    """How answers are measured by a model's log-probabilities, where that is asked for too."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A record to be judged, with the records of its root that came with it, itself among them."""

    record: Record
    siblings: tuple[Record, ...] = ()
    wanted: bool = True
    """Whether it is to be judged at all: one that was not drawn for a sample passes through."""


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that the judge is asked of one record, as often as there are votes."""

    rubric: Rubric
    face: int
    """The candidate that is judged, by its number; 0 for a task or a record without candidates."""
    prompts: tuple[Prompt, ...]
    compared: tuple[Scale, ...] = ()
    """The scales of all variants, where siblings are compared."""
    mine: tuple[str, ...] = ()
    """The name of this record's among them, vote by vote."""


@dataclass(slots=True)
class _Ruling:
    """What the votes on one question came to."""

    scores: dict[str, float] = field(default_factory=dict)
    rejections: list[Rejection] = field(default_factory=list)
    is_void: bool = False
    """Whether too few votes could be read for a score."""


class Judge:
    """The recipe: one flow a record."""

    command = COMMAND

    def __init__(self, judging: Judging) -> None:
        """Judge in the given way."""
        self._judging = judging
        self.counts = tuple(Counts(rubric) for rubric in judging.rubrics if has_rates(rubric))
        """What the records say, for rubrics of yes and no."""

    def start(self, number: int, item: Entry) -> Flow:
        """The flow that judges one record."""
        del number
        return score_flow(item, self._judging) if item.wanted else _passing(item.record)

    def admit(self, outcome: Outcome) -> Outcome:
        """The outcome as it is, counted, with the scores of a record that is left out because it lacks another one."""
        scored = outcome.records or tuple(each.record for each in outcome.rejections[:1] if each.record)
        for counts in self.counts:
            for record in scored:
                counts.see(record)
        return outcome


def score_flow(entry: Entry, judging: Judging) -> Flow:
    """The record with all its scores: those of a judge, and what a model's log-probabilities say."""
    made = yield from judge_flow(entry, judging)
    if judging.fathoming is None or not made.records:
        return made
    measured = yield from ifd_flow(made.records[0], judging.fathoming)
    return Outcome(measured.records, (*made.rejections, *measured.rejections))


def judge_flow(entry: Entry, judging: Judging) -> Flow:
    """The record with its scores; as it came where it lacks none."""
    record = entry.record
    if without := _unanswered(record, judging):
        return Outcome(rejections=(without,))
    questions = tuple(_questions(entry, judging))
    if not questions:
        return Outcome((record,))
    completions = yield from ask_all(tuple(prompt for question in questions for prompt in question.prompts))
    rulings, at = [], 0
    for question in questions:
        rulings.append(_ruling(question, completions[at : at + len(question.prompts)], record))
        at += len(question.prompts)
    return _outcome(record, questions, rulings, completions[0].teacher, judging)


def grouped(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The same entries; consecutive ones of one root, nine at most, know each other as siblings.

    An entry is held back until the next one shows whether it is a sibling.
    """
    group: list[Entry] = []
    for entry in entries:
        if group and (root_of(entry.record) != root_of(group[0].record) or len(group) == MOST_SIBLINGS):
            yield from _acquainted(group)
            group = []
        group.append(entry)
    yield from _acquainted(group)


def _acquainted(group: Sequence[Entry]) -> Iterator[Entry]:
    siblings = tuple(entry.record for entry in group)
    return (replace(entry, siblings=siblings) for entry in group)


def _passing(record: Record) -> Flow:
    yield from ()
    return Outcome((record,))


def _unanswered(record: Record, judging: Judging) -> Rejection | None:
    """The rejection of a record whose answer is to be judged and is not there; nothing is asked of it at all."""
    if all(rubric.of != "answer" for rubric in judging.rubrics) or all(_has_answer(face) for face in faces(record)):
        return None
    return Rejection(COMMAND, Verdict("no-answer", "judge", evidence=record.instruction[:80]), record)


def _has_answer(record: Record) -> bool:
    if record.messages and record.messages[-1].role != "assistant":
        return False
    return bool(record.output.strip())


def _questions(entry: Entry, judging: Judging) -> Iterator[Question]:
    """What is to be asked: each rubric of each face that lacks its score."""
    record = entry.record
    shown = faces(record)
    for rubric in judging.rubrics:
        of_task = rubric.of == "task"
        for face, lacking in enumerate(lacks(record, rubric.names, of_task=of_task)):
            if not (lacking or judging.replace):
                continue
            if rubric.siblings and len(entry.siblings) > 1:
                yield _comparison(entry, rubric, judging)
            else:
                yield _question(record if of_task else shown[face], face, rubric, judging)


def _question(record: Record, face: int, rubric: Rubric, judging: Judging) -> Question:
    shown = Shown(record, rubric.of, "" if rubric.of == "task" else _reference(record, judging.reference_key))
    said, wording = _worded(rubric, record, judging)
    prompt = asking(shown, said, wording.one, random.Random(f"{judging.seed}:{record.id}"))
    return Question(rubric, face, tuple(_votes(prompt, judging.votes)))


def _comparison(entry: Entry, rubric: Rubric, judging: Judging) -> Question:
    """A question about all siblings: the same one for each of them, so that it is asked once for all."""
    root, mine = root_of(entry.record), entry.siblings.index(entry.record)
    draws = (random.Random(f"{judging.seed}:{root}:{vote}") for vote in range(judging.votes))
    said, wording = _worded(rubric, entry.siblings[0], judging)
    asked = [comparing(entry.siblings, said, wording.siblings, rng) for rng in draws]
    prompts = tuple(replace(_voting(each.prompt, judging.votes), sample=vote) for vote, each in enumerate(asked))
    return Question(rubric, 0, prompts, asked[0].scales, tuple(each.names[mine] for each in asked))


def _worded(rubric: Rubric, record: Record, judging: Judging) -> tuple[Rubric, Wording]:
    """The rubric in the record's language where it has that, and the prompt files in the language of its question."""
    said = rubric.worded(language_for(record.instruction))
    return said, judging.wordings[language_for(said.question, judging.wordings)]


def _votes(prompt: Prompt, votes: int) -> Iterator[Prompt]:
    return (replace(_voting(prompt, votes), sample=vote) for vote in range(votes))


def _voting(prompt: Prompt, votes: int) -> Prompt:
    return replace(prompt, temperature=VOTING) if votes > 1 and not prompt.temperature else prompt


def _reference(record: Record, key: str) -> str:
    value = record.extra.get(key)
    return "" if value is None else value.strip() if isinstance(value, str) else str(value)


def _ruling(question: Question, votes: Sequence[Completion], record: Record) -> _Ruling:
    """The median of the votes that can be read, if that is more than half of them."""
    ruling = _Ruling()
    read: list[ReadVerdict] = []
    for number, vote in enumerate(votes):
        if (objection := _objection(vote, record)) is None:
            verdict = _verdict(question, vote, number)
            objection = _unread(question, verdict, vote, record) if verdict.reason else None
            read += [verdict] if verdict.reason is None else []
        ruling.rejections += [objection] if objection else []
    ruling.is_void = 2 * len(read) <= len(votes)
    if not ruling.is_void:
        ruling.scores = _scores(question, [verdict.values for verdict in read])
    return ruling


def _objection(vote: Completion, record: Record) -> Rejection | None:
    """Why a reply is no verdict at all, with the reply."""
    rejection = unusable(COMMAND, vote, record, whole=True)
    if rejection is None or rejection.verdict.evidence:
        return rejection
    return replace(rejection, verdict=replace(rejection.verdict, evidence=vote.text))


def _verdict(question: Question, vote: Completion, number: int) -> ReadVerdict:
    if not question.compared:
        return read_verdict(vote.text, question.rubric)
    read = read_scores(vote.text, question.compared)
    if read.reason:
        return read
    return ReadVerdict({question.rubric.scales[0].name: read.values[question.mine[number]]})


def _unread(question: Question, verdict: ReadVerdict, vote: Completion, record: Record) -> Rejection:
    found = Verdict(verdict.reason or "", question.rubric.name, evidence=vote.text)
    return Rejection(COMMAND, found, record)


def _scores(question: Question, votes: Sequence[Mapping[str, int | None]]) -> dict[str, float]:
    """The scores that a record gets from the values that were voted for; none for a scale that does not apply."""
    rubric = question.rubric
    values = {scale: median([vote[scale.name] for vote in votes]) for scale in rubric.scales}
    scores = {rubric.score_name(scale): value for scale, value in values.items() if value is not None}
    if rubric.all and len(scores) == len(rubric.scales):
        scores[rubric.name] = int(all(value == 1 for value in scores.values()))
    return {name: scores[name] for name in rubric.names if name in scores}


def median(votes: Sequence[int | None]) -> float | None:
    """The middle vote, or the mean of the two in the middle; None where at least half say that it does not apply."""
    found = sorted(vote for vote in votes if vote is not None)
    if 2 * len(found) <= len(votes):
        return None
    middle = len(found) // 2
    if len(found) % 2 or found[middle - 1] == found[middle]:
        return found[middle]
    return (found[middle - 1] + found[middle]) / 2


def _outcome(
    record: Record, questions: Sequence[Question], rulings: Sequence[_Ruling], teacher: str, judging: Judging
) -> Outcome:
    rejections = tuple(rejection for ruling in rulings for rejection in ruling.rejections)
    own: dict[str, float] = {}
    of_faces: list[dict[str, float]] = [{} for _ in faces(record)]
    for question, ruling in zip(questions, rulings, strict=True):
        (own if question.rubric.of == "task" else of_faces[question.face]).update(ruling.scores)
    scored = with_scores(record, own, of_faces)
    if any(ruling.is_void for ruling in rulings):
        return Outcome(rejections=tuple(replace(rejection, record=scored) for rejection in rejections))
    asked = {question.rubric.name: question for question in questions}
    step = Step(
        COMMAND,
        op=" ".join(asked),
        teacher=teacher,
        prompts=tuple(dict.fromkeys(source for each in asked.values() for source in each.prompts[0].sources)),
        seed=judging.seed,
    )
    return Outcome((replace(scored, origin=(*record.origin, step)),), rejections)
