"""A blocking iterator, read ahead by a thread, for an event loop that must not wait.

A read that blocks (a pipe whose writer is slow) never holds up calls in flight, and at most `room` items are read ahead
of the loop, so that back-pressure reaches the writer of the pipe. Thread and loop rarely wake each other: the thread
reads until the buffer is full and resumes when it is half empty; the loop is woken only after `take` has found nothing.
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
        """Set up without reading; `room` is the maximum number of items that wait to be taken."""
        self.error: BaseException | None = None
        self._items = items
        self._waiting: deque[T] = deque()
        self._room = room
        self._resume = threading.Event()
        self._loop_is_idle = True
        """Whether `take` has found nothing, so that the loop must be woken for the next item."""
        self._ended = False
        self._closed = False

    @property
    def finished(self) -> bool:
        """Whether every item has been taken and no more will come."""
        return self._ended and not self._waiting

    def start(self, arrived: Callable[[], None]) -> None:
        """Start reading; `arrived` is called in the event loop when there may be something new to take."""
        self._loop = asyncio.get_running_loop()
        self._arrived = arrived
        threading.Thread(target=self._read, name="pump", daemon=True).start()

    def take(self) -> T | None:
        """The next item, or None if none is waiting."""
        if not self._waiting:
            self._loop_is_idle = True
            if not self._waiting:  # none arrived before the flag was set, for which the loop would not be woken
                return None
        item = self._waiting.popleft()
        if len(self._waiting) == self._room // 2:
            self._resume.set()
        return item

    def close(self) -> None:
        """Stop reading; a read that is already blocked is not interrupted."""
        self._closed = True
        self._resume.set()

    def _read(self) -> None:
        try:
            for item in self._items:
                while len(self._waiting) >= self._room and not self._closed:
                    self._resume.wait()
                    self._resume.clear()
                if self._closed:
                    break
                self._waiting.append(item)
                if self._loop_is_idle:
                    self._wake_loop()
        except Exception as problem:  # pass on every error, bugs included, or the run would wait forever
            self.error = problem
        self._ended = True
        self._wake_loop()

    def _wake_loop(self) -> None:
        """Have `arrived` called in the loop, once for all items that arrive before the loop takes any."""
        self._loop_is_idle = False
        try:
            self._loop.call_soon_threadsafe(self._arrived)
        except RuntimeError:  # the loop is closed, so nothing will be taken
            self._closed = True


class Counter:
    """The endless source of self-instruct: the numbers from 0."""

    finished = False
    error: BaseException | None = None

    def __init__(self) -> None:
        """Start at 0."""
        self._next = 0

    def start(self, arrived: Callable[[], None]) -> None:
        """Do nothing: the next number is always available."""

    def take(self) -> int:
        """The next number."""
        self._next += 1
        return self._next - 1

    def close(self) -> None:
        """Nothing to close."""
