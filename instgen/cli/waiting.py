"""Waiting for rows in a command of one thread, without keeping a reader that has gone from being noticed."""

from __future__ import annotations

import select

from instgen.cli import console
from instgen.jsonl import Destination


def until_readable(fd: int, destination: Destination) -> None:
    """Wait until a descriptor can be read, or the reader of our records has gone.

    Raises:
        ReaderGone: nobody reads what is written any more.
    """
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    if console.is_pipe(console.STDOUT):
        poll.register(console.STDOUT, 0)
    poll.poll()
    destination.check()
