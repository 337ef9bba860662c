"""Recipes and flows: a flow yields prompts and is sent their completions, until it returns an outcome.

The rule: a flow never does I/O, waits, reads a clock or uses shared randomness. Everything it needs is in its
arguments, so it is tested with `next(flow)` and `flow.send(...)`. A recipe's `start` passes those arguments, and only
its `admit`, called in the order of the flows, changes what later flows see.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Protocol, TypeVar

from instgen.records import Completion, Prompt, Record, Rejection, Verdict

Item_contra = TypeVar("Item_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one flow made: records, rejections or both. With neither, an item would vanish, so the engine raises."""

    records: tuple[Record, ...] = ()
    rejections: tuple[Rejection, ...] = ()


Flow = Generator[tuple[Prompt, ...], tuple[Completion, ...], Outcome]
"""One exchange with the teacher: a generator that yields prompts, is sent completions and returns the outcome."""

Asking = Generator[tuple[Prompt, ...], tuple[Completion, ...], Completion]
AskingAll = Generator[tuple[Prompt, ...], tuple[Completion, ...], tuple[Completion, ...]]


def ask(prompt: Prompt) -> Asking:
    """Yield one prompt and return its completion; for `yield from`."""
    (completion,) = yield (prompt,)
    return completion


def ask_all(prompts: tuple[Prompt, ...]) -> AskingAll:
    """Yield independent prompts together and return their completions, in order; for `yield from`."""
    return (yield prompts)


class Recipe(Protocol[Item_contra]):
    """A generation method: starts flows and admits their outcomes; neither call waits for anything."""

    command: str
    """The command it serves: the `stage` of its rejections and the `command` of its steps."""

    def start(self, number: int, item: Item_contra) -> Flow:
        """The flow for one item; `number` counts flows from 0. Everything the flow needs is gathered here."""
        ...

    def admit(self, outcome: Outcome) -> Outcome:
        """The outcome as it is to be written. Called in the order of the flows' numbers."""
        ...


SHOWN = 80
"""Characters of a reply that a verdict shows as evidence."""
TEACHER_FAILED = "teacher-failed"
"""The reason for rejecting an item whose prompt got no completion: it counts as failed, not as rejected."""


def unusable(
    stage: str, completion: Completion, record: Record | None = None, *, whole: bool = False
) -> Rejection | None:
    """The rejection for a completion that failed or declines; None if the completion can be used.

    With `whole`, one cut off by the token limit is rejected too. If a record is given, the verdict's evidence is the
    beginning of the completion.
    """
    if completion.finish == "failed":
        return failure(stage, completion, record)
    reason = {"refusal": "refusal", "length": "truncated" if whole else ""}.get(completion.finish)
    if not reason:
        return None
    began = completion.text.strip()[:SHOWN] if record else ""
    return Rejection(stage, Verdict(reason, "finish", evidence=began), record, completion.text)


def failure(stage: str, completion: Completion, record: Record | None = None) -> Rejection:
    """The rejection for a completion that was never received; the evidence is its error."""
    return Rejection(stage, Verdict(TEACHER_FAILED, rule=TEACHER_FAILED, evidence=completion.error), record)
