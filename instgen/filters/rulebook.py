"""Applies rules to records of every kind: to each exchange of a conversation, and to each candidate separately.

The rule: failing candidates are removed, and the record is rejected if none is left. A rule always judges one question
with one answer, so it never has to know what these are part of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from instgen.filters.conversation import CONVERSATION_RULES
from instgen.filters.rule import Rule
from instgen.filters.table import first_failing
from instgen.records import Candidate, Message, Record, Verdict

STANDING_ALONE = frozenset({"min-words", "start", "numbered-task", "missing-input", "missing-attachment"})
"""Rules for tasks that stand alone; later questions in a conversation depend on the earlier turns."""
_ABOUT_THE_WHOLE = frozenset(rule.name for rule in CONVERSATION_RULES)


@dataclass(frozen=True, slots=True)
class Judged:
    """What is left of a record, and why the rest is rejected."""

    record: Record | None
    verdict: Verdict | None = None
    """Why the record is rejected; None if it is kept."""
    dropped: Mapping[int, Verdict] = field(default_factory=dict)
    """The verdicts against candidates of a kept record, by their number from 0."""


def parts(record: Record) -> tuple[Record, ...]:
    """What rules judge: the record itself, or each exchange of its conversation, with an unanswered question last."""
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
    """The rules to apply, in order."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        """Take the rules in the order in which they are applied."""
        self.rules = tuple(rules)
        self._whole = tuple(rule for rule in self.rules if rule.name in _ABOUT_THE_WHOLE)
        self._first = tuple(rule for rule in self.rules if rule.name not in _ABOUT_THE_WHOLE)
        self._later = tuple(rule for rule in self._first if rule.name not in STANDING_ALONE)

    def judge(self, record: Record) -> Judged:
        """Apply the rules to a record and to each of its candidates."""
        if not record.candidates:
            verdict = self.verdict(record)
            return Judged(None if verdict else record, verdict)
        verdict = self._of_conversation(record, parts(record)[:-1])
        return Judged(None, verdict) if verdict else self._by_candidate(record)

    def verdict(self, record: Record) -> Verdict | None:
        """The verdict against a record as a whole, ignoring its candidates, or None."""
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
        unanswered = replace(exchanges[-1], candidates=())
        dropped: dict[int, Verdict] = {}
        for number, candidate in enumerate(record.candidates):
            if verdict := first_failing(replace(unanswered, output=candidate.output), rules):
                dropped[number] = verdict
        kept = tuple(candidate for number, candidate in enumerate(record.candidates) if number not in dropped)
        if not kept:
            return Judged(None, next(iter(dropped.values())))
        return Judged(_with_candidates(kept, record) if dropped else record, dropped=dropped)


def _with_candidates(candidates: tuple[Candidate, ...], record: Record) -> Record:
    """The record with these candidates, the first of them as its answer."""
    output = candidates[0].output
    messages = record.messages
    if messages and messages[-1].role == "assistant":
        messages = (*messages[:-1], Message("assistant", output))
    return replace(record, candidates=candidates, output=output, messages=messages)
