"""Statistics about the exported records for the dataset card: teachers, prompts, steps, lengths and languages.

The rule: memory does not grow with the data. Distinct names are counted up to a limit, and languages are identified in
a sample: the instructions whose ids have the smallest hashes, so the order of the rows does not matter.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from instgen.export.split import order_key
from instgen.records import Record, Step, judges, writers
from instgen.seedlist import SEED_ID
from instgen.text.language import language

SAMPLE = 1000
"""Instructions in the sample whose language is identified."""
_SHOWN = 500
"""Characters kept of each sampled instruction."""
NAMES = 200
"""Distinct teachers, prompts or steps that are counted; further ones are counted together as `OTHERS`."""
OTHERS = "others"


@dataclass(slots=True)
class Provenance:
    """Counts over the exported records."""

    records: int = 0
    signed: int = 0
    """Records with an origin, or with candidates that name a teacher."""
    teachers: Counter[str] = field(default_factory=Counter)
    judges: Counter[str] = field(default_factory=Counter)
    """Teachers that ranked or scored answers; none of their own text is in the rows."""
    prompts: Counter[str] = field(default_factory=Counter)
    steps: Counter[str] = field(default_factory=Counter)
    our_seeds: int = 0
    """Records with a bundled seed task among their parents."""
    with_input: int = 0
    multi_turn: int = 0
    """Conversations with more than one user turn."""
    characters: Counter[str] = field(default_factory=Counter)
    _sample: list[tuple[int, str]] = field(default_factory=list)

    def add(self, record: Record) -> None:
        """Count one record."""
        self.records += 1
        self.with_input += bool(record.input)
        self.multi_turn += sum(message.role == "user" for message in record.messages) > 1
        self.characters["instruction"] += len(record.instruction) + len(record.input)
        self.characters["output"] += len(record.output)
        if record.origin or any(one.teacher for one in record.candidates):
            self._add_origin(record)
        self._draw(record)

    def languages(self) -> Counter[str]:
        """The number of sampled instructions by language code; "" counts those in an undetermined language."""
        found = (language(text) for _, text in sorted(self._sample, reverse=True))
        return Counter(guess.code if guess else "" for guess in found)

    def _add_origin(self, record: Record) -> None:
        self.signed += 1
        _count(self.teachers, sorted(writers(record)))
        _count(self.judges, sorted(judges(record)))
        _count(self.prompts, dict.fromkeys(prompt for step in record.origin for prompt in step.prompts))
        _count(self.steps, map(_description, record.origin))
        relatives = (name for step in record.origin for name in (step.root, *step.parents))
        self.our_seeds += any(map(SEED_ID.match, relatives))

    def _draw(self, record: Record) -> None:
        drawn = (-order_key(0, record.id.encode("utf-8", "replace")), record.instruction[:_SHOWN])
        if len(self._sample) < SAMPLE:
            heapq.heappush(self._sample, drawn)
        elif drawn > self._sample[0]:
            heapq.heapreplace(self._sample, drawn)


def _description(step: Step) -> str:
    """A step in words, without anything that differs from record to record: command, operation, seed and window."""
    values = [step.op, *([f"seed {step.seed}"] if step.seed is not None else [])]
    values += [f"window {step.window}"] if step.window is not None else []
    details = ", ".join(value for value in values if value)
    return f"{step.command} ({details})" if details else step.command


def _count(counter: Counter[str], names: Iterable[str]) -> None:
    for name in names:
        counter[name if name in counter or len(counter) < NAMES else OTHERS] += 1
