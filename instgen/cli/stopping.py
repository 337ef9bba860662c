"""Stopping a command of one thread by signals: at once while it waits for rows, else when its batch is written."""

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
"""What stops a run: Ctrl-C, being asked to end, the end of the terminal."""

STOPPING = "stopping when this batch is written (interrupt again to stop at once)"


def heeded() -> tuple[signal.Signals, ...]:
    """The signals that stop a run; not a hang-up that we were started to ignore, by `nohup`."""
    return tuple(each for each in SIGNALS if each != signal.SIGHUP or signal.getsignal(each) is not signal.SIG_IGN)


def is_one_more(signum: int, first: int) -> bool:
    """Whether a signal asks to end at once, after a first one; a terminal's end is told by kernel and shell alike."""
    return not signum == first == signal.SIGHUP


class Stop:
    """Whether the user asked to stop."""

    def __init__(self) -> None:
        """Nobody has."""
        self.alarm = -1
        self._signum = 0
        self._reading = False

    def heed(self, signum: int, frame: FrameType | None) -> None:
        """Take note of a signal; a second one ends the process."""
        del frame
        if self._signum and is_one_more(signum, self._signum):
            console.clear()
            os._exit(128 + signum)
        self._signum = signum
        if self._reading:
            raise Interrupted(signum)

    def told(self, progress: Progress) -> Progress:
        """How far a run is, and that it is to stop where somebody has asked for it."""
        return replace(progress, state=STOPPING) if self._signum else progress

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

    def until_readable(self, fd: int, destination: Destination) -> None:
        """Wait, while reading, until a descriptor can be read.

        Raises:
            Interrupted: the user asked to stop.
            ReaderGone: nobody reads what is written any more.
        """
        until_readable(fd, self.alarm)
        destination.check()


@contextlib.contextmanager
def handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[int]:
    """Lets a function of ours handle the signals, and gives the alarm that they set off, for as long as this lasts."""
    with alarm() as set_off:
        before = {signum: signal.signal(signum, handler) for signum in heeded()}
        try:
            yield set_off
        finally:
            for signum, theirs in before.items():
                signal.signal(signum, theirs)


@contextlib.contextmanager
def stopping() -> Iterator[Stop]:
    """A Stop that heeds signals for as long as this lasts."""
    stop = Stop()
    with handled(stop.heed) as stop.alarm:
        yield stop
