"""Stopping a command of one thread by signals: at once while it waits for rows, else when its batch is written."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TypeVar

from instgen.errors import Interrupted

T = TypeVar("T")


class Stop:
    """Whether the user asked to stop."""

    def __init__(self) -> None:
        """Nobody has."""
        self._signum = 0
        self._reading = False

    def heed(self, signum: int, frame: FrameType | None) -> None:
        """Take note of a signal; a second one ends the process."""
        del frame
        if self._signum:
            os._exit(128 + signum)
        self._signum = signum
        if self._reading:
            raise Interrupted(signum)

    def check(self) -> None:
        """Raise Interrupted where the user asked to stop."""
        if self._signum:
            raise Interrupted(self._signum)

    def reading(self, read: Callable[[], T]) -> T:
        """What is read, unless the user asks to stop meanwhile."""
        self._reading = True
        try:
            self.check()
            return read()
        finally:
            self._reading = False


@contextlib.contextmanager
def stopping() -> Iterator[Stop]:
    """A Stop that heeds SIGINT and SIGTERM for as long as this lasts."""
    stop = Stop()
    before = {signum: signal.signal(signum, stop.heed) for signum in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)
