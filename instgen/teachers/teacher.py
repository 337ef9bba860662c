"""What a teacher is: something that answers prompts, found by entry point in the group `instgen.teachers`.

A teacher is one class in one module. The entry point names a function `open(model, settings) -> Teacher`; it must be
cheap (no model loaded, no connection made: a run that is replayed from the journal needs neither).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from instgen.records import Completion, Prompt


@dataclass(frozen=True, slots=True)
class Traits:
    """What a recipe and the engine should know of a teacher before they ask it anything."""

    concurrency: int = 64
    """Calls in flight, unless `--concurrency` says otherwise."""
    window: int = 64
    """Self-instruct flows that are started ahead of the last admitted one."""
    tasks_per_call: int = 20
    """How many whole tasks it can be asked to write in one reply."""
    continues: bool = False
    """Whether it can go on from a given beginning (a bare document), not only answer a chat."""
    paid: bool = True
    """Whether a call costs somebody something: what is in flight is then waited for when a run is stopped."""
    small: bool = False
    """Whether what it writes is of demonstration quality only."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line says about how to reach a teacher. Times in seconds."""

    base_urls: tuple[str, ...] = ()
    api_key: str | None = field(default=None, repr=False)
    timeout: float = 120.0
    tries: int = 5
    threads: int | None = None
    """Processor threads for a model in this process; None leaves it to the teacher."""
    extra: Mapping[str, str] = field(default_factory=dict)


class Teacher(Protocol):
    """Answers prompts, several at once; closed when the run ends."""

    name: str
    """`provider/model`, as a person would write it."""
    traits: Traits

    @property
    def identity(self) -> str:
        """What the journal's keys are made of: two teachers with one identity give interchangeable answers."""
        ...

    async def complete(self, prompt: Prompt) -> Completion:
        """The teacher's answer.

        Raises:
            ItemFailed: this prompt gets no answer, after retries; others may.
            TeacherRefused: no prompt will get one.
        """
        ...

    async def aclose(self) -> None:
        """Let go of the model or the connections; calls still in flight are abandoned."""
        ...
