"""Stops a single-threaded command on a signal: at once if it is waiting for rows, otherwise after the current batch."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import FrameType
from typing import TypeVar

from instgen import console
from instgen.cli.progress import Progress
from instgen.cli.waiting import alarm, until_readable
from instgen.errors import Interrupted
from instgen.jsonl import Destination

T = TypeVar("T")

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""The signals that stop a run: Ctrl-C, a request to terminate, and the closing of the terminal."""

STOPPING = "stopping when this batch is written (interrupt again to stop at once)"


def heeded() -> tuple[signal.Signals, ...]:
    """The signals to handle; not SIGHUP if the process was started to ignore it, as by `nohup`."""
    return tuple(each for each in SIGNALS if each != signal.SIGHUP or signal.getsignal(each) is not signal.SIG_IGN)


def is_one_more(signum: int, first: int) -> bool:
    """Whether a second signal asks to stop at once; a second SIGHUP does not, as kernel and shell both send one."""
    return not signum == first == signal.SIGHUP


class Stop:
    """Records whether the user has asked to stop."""

    def __init__(self) -> None:
        """Start without a request to stop."""
        self.alarm = -1
        self._signum = 0
        self._reading = False

    def heed(self, signum: int, frame: FrameType | None) -> None:
        """Handle a signal: the first requests a stop, a second one ends the process."""
        del frame
        if self._signum and is_one_more(signum, self._signum):
            console.clear()
            os._exit(128 + signum)
        self._signum = signum
        if self._reading:
            raise Interrupted(signum)

    def told(self, progress: Progress) -> Progress:
        """The progress, with its state set to "stopping" if a stop was requested."""
        return replace(progress, state=STOPPING) if self._signum else progress

    def check(self) -> None:
        """Raise Interrupted if the user has asked to stop."""
        if self._signum:
            raise Interrupted(self._signum)

    def reading(self, read: Callable[[], T]) -> T:
        """Call `read`; a signal interrupts it by raising Interrupted."""
        self._reading = True
        try:
            self.check()
            return read()
        finally:
            self._reading = False

    def until_readable(self, fd: int, destination: Destination) -> None:
        """Wait within `reading` until a descriptor can be read.

        Raises:
            Interrupted: the user asked to stop.
            ReaderGone: the reader of the output has gone.
        """
        until_readable(fd, self.alarm)
        destination.check()


@contextlib.contextmanager
def handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[int]:
    """Handle the signals with a function while the context lasts; yields the descriptor that they make readable."""
    with alarm() as descriptor:
        before = {signum: signal.signal(signum, handler) for signum in heeded()}
        try:
            yield descriptor
        finally:
            for signum, previous in before.items():
                signal.signal(signum, previous)


@contextlib.contextmanager
def stopping() -> Iterator[Stop]:
    """A Stop that handles the signals while the context lasts."""
    stop = Stop()
    with handled(stop.heed) as stop.alarm:
        yield stop
