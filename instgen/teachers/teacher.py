"""The interface of a teacher, which answers prompts and is found by entry point in the group `instgen.teachers`.

A teacher is one class in one module. The entry point names a function `open(model, settings) -> Teacher`. The rule: it
must be cheap and neither load a model nor connect, because a run that is replayed from the journal needs neither.
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
    """What recipes and the engine must know about a teacher before they ask it anything."""

    concurrency: int = 64
    """Default for `--concurrency`, the maximum number of calls in flight."""
    window: int = 64
    """Maximum number of self-instruct flows started and not admitted."""
    tasks_per_call: int = 20
    """How many complete tasks it can be asked to write in one reply."""
    continues: bool = False
    """Whether it can continue a bare document, and not only answer a chat."""
    paid: bool = True
    """Whether calls cost money; a stopped run then waits for those in flight."""
    small: bool = False
    """Whether its output is of demonstration quality only."""
    price: Price | None = None
    """The price of its tokens; None if unknown."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The command line's settings for reaching a teacher. Times are in seconds."""

    base_urls: tuple[str, ...] = ()
    api_key: str | None = field(default=None, repr=False)
    timeout: float = 120.0
    tries: int = 5
    threads: int | None = None
    """CPU threads for a model in this process; None leaves it to the teacher."""
    concurrency: int | None = None
    """Maximum number of calls in flight; None leaves it to the teacher's traits."""
    rpm: float | None = None
    """Maximum requests per minute, over all servers together; None for no limit."""
    tpm: float | None = None
    """Maximum tokens per minute, of prompts and answers together; None for no limit."""
    price: Price | None = None
    """The price of tokens; None if unknown."""
    allow_http: bool = False
    """Whether the key may be sent to other machines unencrypted."""
    tell: Callable[[str], None] = _ignore
    """Called with a line that the user should see, such as about a setting that the server does not accept."""


class Teacher(Protocol):
    """A model that answers prompts, several at once; closed when the run ends."""

    name: str
    """The `provider/model`, as the user would write it."""
    traits: Traits

    @property
    def identity(self) -> str:
        """Part of the journal's keys: teachers with the same identity give interchangeable answers."""
        ...

    async def complete(self, prompt: Prompt) -> Completion:
        """The teacher's answer.

        Raises:
            ItemFailed: this prompt gets no answer, after retries; others may.
            TeacherRefused: no prompt will get an answer.
        """
        ...

    # A teacher may also have `drain()`, called when the run is stopped, to cancel calls that have not been sent; and
    # `waits() -> str`, what it is waiting for or "", called periodically by another thread for the display.

    async def aclose(self) -> None:
        """Release the model or close the connections; calls still in flight are abandoned."""
        ...
