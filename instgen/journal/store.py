"""What the engine expects of a journal: to look completions up, and to store them before they are used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from instgen.records import Completion


@dataclass(slots=True, eq=False)
class Put:
    """A completion to store."""

    key: bytes
    completion: Completion
    """Once settled, the completion to use: the one that the file holds."""
    problem: Exception | None = None
    """Why it could not be stored."""


Settled = Callable[[Sequence[Put]], None]
"""Called with a batch of puts that are now stored, or could not be; in any thread."""


class Journal(Protocol):
    """A store in which completions are looked up and kept."""

    on_settled: Settled

    def find(self, keys: Sequence[bytes]) -> dict[bytes, Completion]:
        """The stored completions, by key, of those keys that have one."""

    def put(self, key: bytes, completion: Completion) -> None:
        """Store a completion; `on_settled` is called when that is done."""

    def hurry(self) -> None:
        """Store what was put as soon as possible, because the caller has nothing else to do."""

    def close(self) -> None:
        """Finish storing what was put, and close the file."""


class NoJournal:
    """Stores nothing: every run buys everything again."""

    def __init__(self) -> None:
        """Nothing to open."""
        self.on_settled: Settled = ignore

    def find(self, keys: Sequence[bytes]) -> dict[bytes, Completion]:
        """Always empty."""
        del keys
        return {}

    def put(self, key: bytes, completion: Completion) -> None:
        """Report the completion as settled at once."""
        self.on_settled((Put(key, completion),))

    def hurry(self) -> None:
        """Do nothing: every completion is settled as it is put."""

    def close(self) -> None:
        """Nothing to close."""


def ignore(puts: Sequence[Put]) -> None:
    """The `on_settled` of a journal until its user sets one."""
    del puts
