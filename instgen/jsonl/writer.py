"""The thread that writes: lines from the event loop, through one bounded queue, to their destinations."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial

from instgen.jsonl.destination import Destination

ROOM = 1024
"""Lines that may be queued; `Writer.write` waits while there are more."""
POLL_SECONDS = 0.25
"""How often an idle pipe is checked for whether its reader has gone."""


class Writer:
    """Passes lines to destinations through one bounded queue and one thread, woken at most once per loop iteration."""

    def __init__(self, destinations: Sequence[Destination], on_failure: Callable[[Exception], None]) -> None:
        """Start the thread; `on_failure` is called in the event loop as soon as a destination fails."""
        self._destinations = destinations
        self._on_failure = on_failure
        self._loop = asyncio.get_running_loop()
        self._lines: deque[tuple[int, bytes]] = deque()
        self._wake = threading.Event()
        self._wake_is_scheduled = False
        self._space = asyncio.Event()
        self._is_waiting_for_space = False
        self._closing = False
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._write_until_closed, name="writer", daemon=True)
        self._thread.start()

    @property
    def failed(self) -> bool:
        """Whether a destination has failed, after which nothing more is written."""
        return self._failure is not None

    async def write(self, place: int, line: bytes) -> None:
        """Queue a line for the destination with the index `place`, waiting while the queue is full.

        Raises:
            InstgenError: an earlier line could not be written.
        """
        self._lines.append((place, line))
        if not self._wake_is_scheduled:
            self._wake_is_scheduled = True
            self._loop.call_soon(self._wake_thread)
        if len(self._lines) > ROOM:
            await self._until_space()
        if self._failure is not None:
            raise self._failure

    async def close(self, *, complete: bool) -> None:
        """Write the queue and close every destination; after a `complete` run, files must end with its last line.

        Raises:
            InstgenError: a destination has failed, now or earlier.
        """
        await asyncio.to_thread(self.abort, None)
        with contextlib.ExitStack() as closing:
            for destination in self._destinations:
                closing.callback(destination.close)
            if self._failure is not None:
                raise self._failure
            for destination in self._destinations if complete else ():
                destination.verify_end()

    def abort(self, timeout: float | None) -> None:
        """Have the thread write the queue and end; wait for it at most `timeout` seconds (None: forever)."""
        self._closing = True
        self._wake.set()
        self._thread.join(timeout)

    def _wake_thread(self) -> None:
        self._wake_is_scheduled = False
        self._wake.set()

    async def _until_space(self) -> None:
        self._is_waiting_for_space = True
        while len(self._lines) > ROOM and self._failure is None:
            self._space.clear()
            await self._space.wait()
        self._is_waiting_for_space = False

    def _write_until_closed(self) -> None:
        while self._failure is None and (batch := self._next_batch()) is not None:
            try:
                self._write(batch)
            except Exception as failure:  # pass on every error, bugs included, or the run would wait forever
                self._failure = failure
                self._call_in_loop(partial(self._on_failure, failure))
            if self._is_waiting_for_space:
                self._call_in_loop(self._space.set)

    def _next_batch(self) -> list[tuple[int, bytes]] | None:
        """The queued lines, or [] if none came within POLL_SECONDS; None at the end."""
        if not self._closing:
            self._wake.wait(POLL_SECONDS)
            self._wake.clear()
        if self._closing and not self._lines:
            return None
        return [self._lines.popleft() for _ in range(len(self._lines))]

    def _write(self, batch: list[tuple[int, bytes]]) -> None:
        for place, destination in enumerate(self._destinations):
            lines = [line for to, line in batch if to == place]
            if lines:
                destination.write(lines)
            else:
                destination.check()

    def _call_in_loop(self, callback: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed, so there is nothing to call
            self._loop.call_soon_threadsafe(callback)
