"""Score records with a judge by rubrics: several at once, with votes, each verdict checked against its scales.

A row's text is data. It is shown between tags with a mark, drawn from the seed and the record's id and redrawn until no
shown text contains it, so that no row can close its own tags.

The rules: a record that is written has every requested score, unless a judge said that one does not apply; a verdict
that cannot be read becomes a rejection with the raw reply, never a number; adding or removing a row changes no other,
except among siblings, which are compared.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from instgen.prompts.template import Template
from instgen.recipes.flow import Flow, Outcome, ask_all, unusable
from instgen.recipes.ifd import IfdSettings, ifd_flow
from instgen.recipes.show import Shown, asking, comparing
from instgen.recipes.verdict import ReadVerdict, read_scores, read_verdict
from instgen.recipes.wording import language_for
from instgen.records import Completion, Prompt, Record, Rejection, Step, Verdict, root_of
from instgen.scores.faces import faces, lacks, with_scores
from instgen.scores.free import COMMAND
from instgen.scores.rates import Counts, has_rates
from instgen.scores.rubric import Rubric, Scale

MOST_SIBLINGS = 9
"""The most variants in one prompt: as many as people were asked to rank (Ouyang et al. 2022, section 3.5)."""
VOTING = 0.7
"""The temperature for several votes if the prompt file has 0, at which all votes would be the same."""


@dataclass(frozen=True, slots=True)
class Wording:
    """The prompt files of one language."""

    one: Template
    """Asks about one record."""
    siblings: Template
    """Asks about several variants of one task."""


@dataclass(frozen=True, slots=True)
class Judging:
    """The settings of a run."""

    rubrics: tuple[Rubric, ...]
    wordings: Mapping[str, Wording]
    """By language; `en` is used for languages that have no prompt files."""
    votes: int = 1
    """Verdicts requested for each score; the median counts."""
    replace: bool = False
    """Whether existing scores are requested again."""
    reference_key: str = ""
    """The key in a row under which it has a correct answer, if any."""
    seed: int = 0
    ifd_settings: IfdSettings | None = None
    """The settings for IFD, if it is requested too."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A record to be judged, with the consecutive records of the same root (siblings), itself included."""

    record: Record
    siblings: tuple[Record, ...] = ()
    wanted: bool = True
    """Whether it is to be judged; a record that was not drawn for the sample is passed through."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question to the judge about one record, with one prompt per vote."""

    rubric: Rubric
    face: int
    """The index of the candidate that is judged; 0 for a task, or for a record without candidates."""
    prompts: tuple[Prompt, ...]
    compared: tuple[Scale, ...] = ()
    """The scales of all variants, if siblings are compared."""
    mine: tuple[str, ...] = ()
    """The name of this record's scale among them, one per vote."""


@dataclass(slots=True)
class _Ruling:
    """The result of the votes on one question."""

    scores: dict[str, float] = field(default_factory=dict)
    rejections: list[Rejection] = field(default_factory=list)
    is_void: bool = False
    """Whether too few votes could be read to give a score."""


class Judge:
    """The recipe: one flow per record."""

    command = COMMAND

    def __init__(self, judging: Judging) -> None:
        """Set how records are judged."""
        self._judging = judging
        self.counts = tuple(Counts(rubric) for rubric in judging.rubrics if has_rates(rubric))
        """Counts of the records' scores, for rubrics whose scores are all 0 or 1."""

    def start(self, number: int, item: Entry) -> Flow:
        """The flow that scores one record, or passes it through if it is not wanted."""
        del number
        return score_flow(item, self._judging) if item.wanted else _passing(item.record)

    def admit(self, outcome: Outcome) -> Outcome:
        """The outcome unchanged; counts its scores, including those of a record rejected for lack of another score."""
        scored = outcome.records or tuple(each.record for each in outcome.rejections[:1] if each.record)
        for counts in self.counts:
            for record in scored:
                counts.see(record)
        return outcome


def score_flow(entry: Entry, judging: Judging) -> Flow:
    """The record with the judge's scores and, if requested, its IFD."""
    made = yield from judge_flow(entry, judging)
    if judging.ifd_settings is None or not made.records:
        return made
    measured = yield from ifd_flow(made.records[0], judging.ifd_settings)
    return Outcome(measured.records, (*made.rejections, *measured.rejections))


def judge_flow(entry: Entry, judging: Judging) -> Flow:
    """The record with the judge's scores; unchanged if none is missing."""
    record = entry.record
    if rejection := _unanswered(record, judging):
        return Outcome(rejections=(rejection,))
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
    """The same entries with `siblings` set: consecutive entries with the same root, at most `MOST_SIBLINGS` of them.

    An entry is held back until an entry follows that is not its sibling.
    """
    group: list[Entry] = []
    for entry in entries:
        if group and (root_of(entry.record) != root_of(group[0].record) or len(group) == MOST_SIBLINGS):
            yield from _with_siblings(group)
            group = []
        group.append(entry)
    yield from _with_siblings(group)


def _with_siblings(group: Sequence[Entry]) -> Iterator[Entry]:
    siblings = tuple(entry.record for entry in group)
    return (replace(entry, siblings=siblings) for entry in group)


def _passing(record: Record) -> Flow:
    yield from ()
    return Outcome((record,))


def _unanswered(record: Record, judging: Judging) -> Rejection | None:
    """The rejection of a record that lacks an answer to be judged; nothing is asked about such a record."""
    if all(rubric.of != "answer" for rubric in judging.rubrics) or all(_has_answer(face) for face in faces(record)):
        return None
    return Rejection(COMMAND, Verdict("no-answer", "judge", evidence=record.instruction[:80]), record)


def _has_answer(record: Record) -> bool:
    if record.messages and record.messages[-1].role != "assistant":
        return False
    return bool(record.output.strip())


def _questions(entry: Entry, judging: Judging) -> Iterator[Question]:
    """The questions to ask: every rubric for every face that lacks its score."""
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
    worded, wording = _worded(rubric, record, judging)
    prompt = asking(shown, worded, wording.one, random.Random(f"{judging.seed}:{record.id}"))
    return Question(rubric, face, tuple(_votes(prompt, judging.votes)))


def _comparison(entry: Entry, rubric: Rubric, judging: Judging) -> Question:
    """A question about all siblings; it is identical for each of them, so they share one call."""
    root, mine = root_of(entry.record), entry.siblings.index(entry.record)
    draws = (random.Random(f"{judging.seed}:{root}:{vote}") for vote in range(judging.votes))
    worded, wording = _worded(rubric, entry.siblings[0], judging)
    asked = [comparing(entry.siblings, worded, wording.siblings, rng) for rng in draws]
    prompts = tuple(replace(_voting(each.prompt, judging.votes), sample=vote) for vote, each in enumerate(asked))
    return Question(rubric, 0, prompts, asked[0].scales, tuple(each.names[mine] for each in asked))


def _worded(rubric: Rubric, record: Record, judging: Judging) -> tuple[Rubric, Wording]:
    """The rubric in the record's language if it has that, and the prompt files in the language of its question."""
    worded = rubric.worded(language_for(record.instruction))
    return worded, judging.wordings[language_for(worded.question, judging.wordings)]


def _votes(prompt: Prompt, votes: int) -> Iterator[Prompt]:
    return (replace(_voting(prompt, votes), sample=vote) for vote in range(votes))


def _voting(prompt: Prompt, votes: int) -> Prompt:
    return replace(prompt, temperature=VOTING) if votes > 1 and not prompt.temperature else prompt


def _reference(record: Record, key: str) -> str:
    value = record.extra.get(key)
    return "" if value is None else value.strip() if isinstance(value, str) else str(value)


def _ruling(question: Question, votes: Sequence[Completion], record: Record) -> _Ruling:
    """The median of the readable votes, if more than half can be read."""
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
    """The rejection of a reply that is no verdict at all, with the reply as evidence."""
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
    """The scores that a record gets from the votes; none for a scale that does not apply."""
    rubric = question.rubric
    values = {scale: median([vote[scale.name] for vote in votes]) for scale in rubric.scales}
    scores = {rubric.score_name(scale): value for scale, value in values.items() if value is not None}
    if rubric.all and len(scores) == len(rubric.scales):
        scores[rubric.name] = int(all(value == 1 for value in scores.values()))
    return {name: scores[name] for name in rubric.names if name in scores}


def median(votes: Sequence[int | None]) -> float | None:
    """The middle vote, or the mean of the two in the middle; None if at least half say that it does not apply."""
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
