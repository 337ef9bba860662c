"""Waits for rows in a single-threaded command, and notices signals and the loss of the output's reader meanwhile."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections.abc import Iterator

from instgen import console

_SIGNALS_AT_ONCE = 512
"""Bytes read from the alarm at once; each signal writes one."""


@contextlib.contextmanager
def alarm() -> Iterator[int]:
    """A descriptor that every signal makes readable while the context lasts.

    A signal that arrives just before a system call does not interrupt it; polling this descriptor ends the wait.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        try:
            yield reader
        finally:
            signal.set_wakeup_fd(before)
    finally:
        os.close(reader)
        os.close(writer)


def until_readable(fd: int, alarm: int) -> None:
    """Wait until a descriptor can be read or the reader of stdout has gone; signals are handled meanwhile."""
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    poll.register(alarm, select.POLLIN)
    if console.is_pipe(console.STDOUT):
        poll.register(console.STDOUT, 0)
    while [ready for ready, _ in poll.poll()] == [alarm]:
        os.read(alarm, _SIGNALS_AT_ONCE)
