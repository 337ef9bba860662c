"""What a recipe is, and how it asks: a flow yields prompts and is sent their completions, until it returns an outcome.

A flow never fetches, waits, reads a clock or draws from shared randomness: all it needs is in its arguments, so it is
tested with `next(flow)` and `flow.send(...)`. A recipe's `start` hands those arguments over, and only its `admit`,
called in the flows' order, changes what later flows will see.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Protocol, TypeVar

from instgen.records import Completion, Prompt, Record, Rejection, Verdict

Item_contra = TypeVar("Item_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one flow made: records or rejections. With neither, an item would vanish, and the engine raises."""

    records: tuple[Record, ...] = ()
    rejections: tuple[Rejection, ...] = ()


Flow = Generator[tuple[Prompt, ...], tuple[Completion, ...], Outcome]
"""One conversation with the teacher, from the first prompts to its outcome."""

Asking = Generator[tuple[Prompt, ...], tuple[Completion, ...], Completion]
AskingAll = Generator[tuple[Prompt, ...], tuple[Completion, ...], tuple[Completion, ...]]


def ask(prompt: Prompt) -> Asking:
    """The completion of one prompt, for `yield from`."""
    (completion,) = yield (prompt,)
    return completion


def ask_all(prompts: tuple[Prompt, ...]) -> AskingAll:
    """The completions of prompts that are independent of one another, asked at once."""
    return (yield prompts)


class Recipe(Protocol[Item_contra]):
    """A method: it starts flows and admits their outcomes, both at once and without waiting for anything."""

    command: str
    """The command it serves: the `stage` of its rejections and the `command` of its steps."""

    def start(self, number: int, item: Item_contra) -> Flow:
        """The flow for one item; `number` counts flows from 0. Everything the flow needs is drawn here."""
        ...

    def admit(self, outcome: Outcome) -> Outcome:
        """The outcome as it is to be written, called in the order of the flows' numbers."""
        ...


SHOWN = 80
"""Characters of a reply that a verdict shows."""
TEACHER_FAILED = "teacher-failed"
"""The reason of a rejection whose prompt never got an answer: counted as failed, not as rejected."""


def unusable(
    stage: str, completion: Completion, record: Record | None = None, *, whole: bool = False
) -> Rejection | None:
    """The rejection for a completion that never came, or that declines; None for one to be read.

    With `whole`, one that was cut by the token limit cannot be used either. Where it is about a record, the verdict
    shows how the completion began.
    """
    if completion.finish == "failed":
        return failure(stage, completion, record)
    reason = {"refusal": "refusal", "length": "truncated" if whole else ""}.get(completion.finish)
    if not reason:
        return None
    began = completion.text.strip()[:SHOWN] if record else ""
    return Rejection(stage, Verdict(reason, "finish", evidence=began), record, completion.text)


def failure(stage: str, completion: Completion, record: Record | None = None) -> Rejection:
    """The rejection for a completion that was never obtained."""
    return Rejection(stage, Verdict(TEACHER_FAILED, rule=TEACHER_FAILED, evidence=completion.error), record)
