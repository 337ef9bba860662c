"""What a teacher is: something that answers prompts, found by entry point in the group `instgen.teachers`.

A teacher is one class in one module. The entry point names a function `open(model, settings) -> Teacher`; it must be
cheap (no model loaded, no connection made: a run that is replayed from the journal needs neither).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from instgen.records import Completion, Prompt
from instgen.teachers.prices import Price


def _ignore(line: str) -> None:
    del line


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
    price: Price | None = None
    """What its tokens cost; None where that is not known."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line says about how to reach a teacher. Times in seconds."""

    base_urls: tuple[str, ...] = ()
    api_key: str | None = field(default=None, repr=False)
    timeout: float = 120.0
    tries: int = 5
    threads: int | None = None
    """Processor threads for a model in this process; None leaves it to the teacher."""
    concurrency: int | None = None
    """Calls in flight that the caller will have at most; None leaves it to the teacher's traits."""
    rpm: float | None = None
    """Requests a minute that may be sent, all servers together; None where no limit is known."""
    tpm: float | None = None
    """Tokens a minute, of prompts and answers, that may be used; None where no limit is known."""
    price: Price | None = None
    """What tokens cost; None where that is not known."""
    allow_http: bool = False
    """Whether the key may be sent to other machines unencrypted."""
    tell: Callable[[str], None] = _ignore
    """Called with a line that the user should see, such as a setting that the server does not take."""


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

    # A teacher may also have `drain()`: the run is stopped, and calls that only wait are to be cancelled. And
    # `waits() -> str`: what it waits for, "" where it works; asked now and then by another thread, for the display.

    async def aclose(self) -> None:
        """Let go of the model or the connections; calls still in flight are abandoned."""
        ...
