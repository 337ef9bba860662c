"""A blocking iterator, read ahead by a thread, for an event loop that must not wait.

A read that blocks (a pipe whose writer is thinking) never holds up calls in flight, and at most `room` items are read
ahead of the loop, so that back-pressure reaches whoever writes the pipe. Thread and loop seldom wake each other: it
reads until there is no room, and goes on when half of it is free; the loop is told of an item when it has found none.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class Pump(Generic[T]):
    """Items of an iterable, taken without waiting; `error` holds what the iterable raised after its last good item."""

    def __init__(self, items: Iterable[T], room: int = 256) -> None:
        """Nothing is read before `start`; `room` bounds the items that wait to be taken."""
        self.error: BaseException | None = None
        self._items = items
        self._waiting: deque[T] = deque()
        self._room = room
        self._go_on = threading.Event()
        self._is_missed = True
        """Whether the loop has found nothing, and waits to be told."""
        self._ended = False
        self._closed = False

    @property
    def finished(self) -> bool:
        """Whether every item was taken and no more will come."""
        return self._ended and not self._waiting

    def start(self, arrived: Callable[[], None]) -> None:
        """Begin to read; `arrived` is called in the event loop when there may be something new to take."""
        self._loop = asyncio.get_running_loop()
        self._arrived = arrived
        threading.Thread(target=self._read, name="pump", daemon=True).start()

    def take(self) -> T | None:
        """The next item, or None where none is waiting."""
        if not self._waiting:
            self._is_missed = True
            if not self._waiting:  # nor did one come just now, of which nobody would tell
                return None
        item = self._waiting.popleft()
        if len(self._waiting) == self._room // 2:
            self._go_on.set()
        return item

    def close(self) -> None:
        """Read no more; a read that is blocked is left to itself."""
        self._closed = True
        self._go_on.set()

    def _read(self) -> None:
        try:
            for item in self._items:
                while len(self._waiting) >= self._room and not self._closed:
                    self._go_on.wait()
                    self._go_on.clear()
                if self._closed:
                    break
                self._waiting.append(item)
                if self._is_missed:
                    self._tell()
        except Exception as problem:  # a thread hands every error on, bugs too, or the run would wait for ever
            self.error = problem
        self._ended = True
        self._tell()

    def _tell(self) -> None:
        """Wake the loop, once for all that arrives before it looks."""
        self._is_missed = False
        try:
            self._loop.call_soon_threadsafe(self._arrived)
        except RuntimeError:  # the loop has ended: nobody is left to tell
            self._closed = True


class Counter:
    """The endless source of self-instruct: the numbers from 0."""

    finished = False
    error: BaseException | None = None

    def __init__(self) -> None:
        """Begin at 0."""
        self._next = 0

    def start(self, arrived: Callable[[], None]) -> None:
        """Nothing ever arrives: the next number is always there."""

    def take(self) -> int:
        """The next number."""
        self._next += 1
        return self._next - 1

    def close(self) -> None:
        """Nothing to let go of."""
