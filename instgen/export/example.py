"""Converts records to training examples: an answer, a better and a worse one, one with a label, or only a prompt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from instgen.export.kinds import Kind, Pairs, Ties
from instgen.formats.fields import RowError
from instgen.formats.preference import Stated, label_of, stated
from instgen.records import Candidate, Message, Record, Verdict, content_hash, root_of

STAGE = "export"


@dataclass(frozen=True, slots=True)
class Choice:
    """How pairs of answers are chosen from a record's candidates."""

    by: str = ""
    """The score that orders candidates if none has a rank; "" for none."""
    pairs: Pairs = Pairs.ENDS
    ties: Ties = Ties.DROP
    least_margin: float = 0.0


@dataclass(frozen=True, slots=True)
class Example:
    """The content of one row: the turns before the answer, and the answer or answers."""

    record: Record
    prompt: tuple[Message, ...]
    answer: str = ""
    worse: str = ""
    label: bool = True
    margin: float = 0.0
    """How much better the answer is than the worse one; 0 if unknown."""

    @property
    def conversation(self) -> tuple[Message, ...]:
        """The prompt with its answer."""
        return (*self.prompt, Message("assistant", self.answer))

    @property
    def single(self) -> bool:
        """Whether the prompt is a single turn, apart from a system turn."""
        return sum(message.role != "system" for message in self.prompt) == 1


@dataclass(frozen=True, slots=True)
class Made:
    """The examples made from a record, or the verdict that rejects it."""

    examples: tuple[Example, ...] = ()
    verdict: Verdict | None = None


def examples_of(record: Record, kind: Kind, choice: Choice) -> Made:
    """Make the examples of a record for one kind of training data."""
    try:
        preference = stated(record)
        label = label_of(record) if kind is Kind.KTO else None
    except RowError as problem:
        return Made(verdict=Verdict("malformed", evidence=problem.problem))
    prompt = _with_system(record, preference.prompt if preference else ()) or prompt_of(record)
    if kind is Kind.PROMPT:
        return Made((Example(record, prompt),))
    if kind in (Kind.SFT, Kind.PROMPT_COMPLETION):
        answer = record.output or (preference.better if preference else "")
        if record.extra.get("label") is False:
            return Made(verdict=Verdict("bad-answer"))
        return Made((Example(record, prompt, answer),)) if answer.strip() else Made(verdict=Verdict("no-answer"))
    if kind is Kind.KTO and label is not None:
        answer = record.output
        return Made((Example(record, prompt, answer, label=label),)) if answer else Made(verdict=Verdict("no-answer"))
    return _compared(record, prompt, _pairs(record, preference, choice), unpaired=kind is Kind.KTO)


def prompt_of(record: Record) -> tuple[Message, ...]:
    """The turns before the answer: of the conversation, or system text, history, and instruction with its input."""
    if record.messages:
        return record.messages[:-1] if record.messages[-1].role == "assistant" else record.messages
    asked = f"{record.instruction}\n\n{record.input}" if record.input else record.instruction
    system = (Message("system", record.system),) if record.system else ()
    return (*system, *_history(record), Message("user", asked))


def _with_system(record: Record, prompt: tuple[Message, ...]) -> tuple[Message, ...]:
    """A prompt taken from the answers, preceded by the record's system text unless it has its own."""
    if not prompt or not record.system or prompt[0].role == "system":
        return prompt
    return (Message("system", record.system), *prompt)


def _history(record: Record) -> Iterator[Message]:
    """Earlier turns in the Alpaca rows of LLaMA-Factory and ms-swift: `history`, a list of [question, answer] pairs."""
    history = record.extra.get("history")
    for exchange in history if isinstance(history, list) else ():
        if isinstance(exchange, list):
            for role, text in zip(("user", "assistant"), exchange, strict=False):
                yield Message(role, text if isinstance(text, str) else "")


def kind_of(records: Iterable[Record]) -> Kind:
    """The kind of most of these records, which is the default of `--as`."""
    kinds = [_own_kind(record) for record in records]
    return max(Kind, key=kinds.count) if kinds else Kind.SFT


def kin_of(record: Record, *, by_prompt: bool) -> str:
    """The key that keeps related records in one split: the root of the record's origin, or else its prompt or id.

    Args:
        record: a record to be assigned to a split.
        by_prompt: whether records without an origin are grouped by their prompt instead of their id, as needed for
            pairs of answers to the same prompt.
    """
    if record.origin or not by_prompt:
        return root_of(record)
    return content_hash(*(part for message in prompt_of(record) for part in (message.role, message.content)))


def _own_kind(record: Record) -> Kind:
    if any(key in record.extra for key in ("rejected_response", "rejected_messages")) or (
        {"chosen", "rejected"} <= record.extra.keys()
    ):
        return Kind.DPO
    if sum(candidate.rank is not None for candidate in record.candidates) > 1:
        return Kind.DPO
    if isinstance(record.extra.get("label"), int):
        return Kind.KTO
    return Kind.SFT if record.output.strip() else Kind.PROMPT


@dataclass(frozen=True, slots=True)
class _Pair:
    better: str
    worse: str
    margin: float = 0.0


def _pairs(record: Record, preference: Stated | None, choice: Choice) -> list[_Pair] | str:
    """The pairs of answers in a record, or the reason why there are none."""
    graded = list(_graded(record, choice))
    if len(graded) < 2:
        if preference is None:
            return "no-preference"
        return "close" if choice.least_margin else [_Pair(preference.better, preference.worse)]
    graded.sort(key=lambda pair: -pair[0])
    pairs = list(combinations(graded, 2)) if choice.pairs is Pairs.ALL else [(graded[0], graded[-1])]
    if choice.ties is Ties.DROP:
        pairs = [(better, worse) for better, worse in pairs if better[0] > worse[0]]
    made = [_Pair(better.output, worse.output, _margin(better, worse)) for (_, better), (_, worse) in pairs]
    return [pair for pair in made if pair.margin >= choice.least_margin] or ("close" if made else "tie")


def _margin(better: Candidate, worse: Candidate) -> float:
    """How much better `rank` found one answer than another; its `margin` score is the distance to the best answer."""
    behind = worse.scores.get("margin")
    return 0.0 if behind is None else max(0.0, behind - better.scores.get("margin", 0.0))


def _graded(record: Record, choice: Choice) -> Iterator[tuple[float, Candidate]]:
    """Each answer with its grade: by rank if any answer has one, else by score; answers without a grade are omitted."""
    ranked = any(candidate.rank is not None for candidate in record.candidates)
    for candidate in record.candidates:
        grade = candidate.scores.get(choice.by) if not ranked else candidate.rank and -candidate.rank
        if grade is not None:
            yield grade, candidate


def _compared(record: Record, prompt: tuple[Message, ...], pairs: Sequence[_Pair] | str, *, unpaired: bool) -> Made:
    if isinstance(pairs, str):
        reason = "no-label" if unpaired and pairs == "no-preference" else pairs
        return Made(verdict=Verdict(reason))
    differing = [pair for pair in pairs if pair.better.strip() != pair.worse.strip()]
    if not differing:
        return Made(verdict=Verdict("same-answers"))
    if not all(pair.better.strip() and pair.worse.strip() for pair in differing):
        return Made(verdict=Verdict("no-answer"))
    if unpaired:
        return Made(tuple(_labelled(record, prompt, differing)))
    return Made(tuple(Example(record, prompt, pair.better, pair.worse, margin=pair.margin) for pair in differing))


def _labelled(record: Record, prompt: tuple[Message, ...], pairs: Sequence[_Pair]) -> Iterator[Example]:
    """Each answer once with its label; one that is better in one pair and worse in another is omitted."""
    better = dict.fromkeys(pair.better for pair in pairs)
    worse = dict.fromkeys(pair.worse for pair in pairs)
    for answers, others, label in ((better, worse, True), (worse, better, False)):
        for answer in answers:
            if answer not in others:
                yield Example(record, prompt, answer, label=label)
