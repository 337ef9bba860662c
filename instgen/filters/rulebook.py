"""Rules on records of every kind: conversations exchange by exchange, candidates one by one.

The rule: a record goes when nothing of it is left. What is judged is always one question with one answer, so a rule
never has to know what it is a part of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from instgen.filters.conversation import CONVERSATION_RULES
from instgen.filters.rule import Rule
from instgen.filters.table import first_failing
from instgen.records import Candidate, Message, Record, Verdict

STANDING_ALONE = frozenset({"min-words", "start", "numbered-task", "missing-input", "missing-attachment"})
"""Rules about a task that stands alone: a later question of a conversation leans on what was said before."""
_ABOUT_THE_WHOLE = frozenset(rule.name for rule in CONVERSATION_RULES)


@dataclass(frozen=True, slots=True)
class Judged:
    """What is left of a record, and why the rest goes."""

    record: Record | None
    verdict: Verdict | None = None
    """Why the record goes."""
    dropped: Mapping[int, Verdict] = field(default_factory=dict)
    """The candidates that go while the record stays, by their number from 0."""


def parts(record: Record) -> tuple[Record, ...]:
    """What rules judge of a record: itself, or each exchange of its conversation, an unanswered question last."""
    if not record.messages:
        return (record,)
    found: list[Record] = []
    question, answered = "", True
    for message in record.messages:
        if message.role == "user":
            question = message.content if answered else f"{question}\n\n{message.content}"
            answered = False
        elif message.role == "assistant":
            found.append(Record(question, output=message.content))
            answered = True
    if not answered or not found:
        found.append(Record(question))
    return tuple(found)


class Rulebook:
    """The rules in force."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Rules in the order in which they are asked."""
        self.rules = tuple(rules)
        self._whole = tuple(rule for rule in self.rules if rule.name in _ABOUT_THE_WHOLE)
        self._first = tuple(rule for rule in self.rules if rule.name not in _ABOUT_THE_WHOLE)
        self._later = tuple(rule for rule in self._first if rule.name not in STANDING_ALONE)

    def judge(self, record: Record) -> Judged:
        """What the rules leave of a record."""
        if not record.candidates:
            verdict = self.verdict(record)
            return Judged(None if verdict else record, verdict)
        verdict = self._of_conversation(record, parts(record)[:-1])
        return Judged(None, verdict) if verdict else self._by_candidate(record)

    def verdict(self, record: Record) -> Verdict | None:
        """The verdict against a record as it stands."""
        if not record.messages:
            return first_failing(record, self._first)
        return self._of_conversation(record, parts(record))

    def _of_conversation(self, record: Record, exchanges: tuple[Record, ...]) -> Verdict | None:
        if record.messages and (verdict := first_failing(record, self._whole)):
            return verdict
        verdicts = (first_failing(part, self._later if at else self._first) for at, part in enumerate(exchanges))
        return next((verdict for verdict in verdicts if verdict), None)

    def _by_candidate(self, record: Record) -> Judged:
        exchanges = parts(record)
        rules = self._later if len(exchanges) > 1 else self._first
        open_one = replace(exchanges[-1], candidates=())
        dropped: dict[int, Verdict] = {}
        for number, candidate in enumerate(record.candidates):
            if verdict := first_failing(replace(open_one, output=candidate.output), rules):
                dropped[number] = verdict
        kept = tuple(candidate for number, candidate in enumerate(record.candidates) if number not in dropped)
        if not kept:
            return Judged(None, next(iter(dropped.values())))
        return Judged(_led_by(kept, record) if dropped else record, dropped=dropped)


def _led_by(candidates: tuple[Candidate, ...], record: Record) -> Record:
    """The record with these candidates, of which the first is its answer."""
    output = candidates[0].output
    messages = record.messages
    if messages and messages[-1].role == "assistant":
        messages = (*messages[:-1], Message("assistant", output))
    return replace(record, candidates=candidates, output=output, messages=messages)
