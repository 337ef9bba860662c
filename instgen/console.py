"""Talk to a person: lines on stderr, and what commands list, on stdout.

The rule: what others wrote (a teacher, a server, whoever named a file) never commands the terminal; see `terminal`.
Cheap to import: `--help` waits for it.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys

from instgen import terminal
from instgen.errors import OutputFailed

STDIN, STDOUT = 0, 1
"""Their descriptors."""
ERASE = "\r \x1b[J\r"
"""Clears a terminal from the line with the cursor on: the display, where one is there (see `display.py`). Not from the
very first column on: where that is the screen's first cell, tmux keeps all that is cleared in its history."""


def say(line: str) -> None:
    """One line to stderr, and no more than one: nothing in it can pass for another line of ours.

    It takes the place of a display, this run's or another's. Where nobody can hear it any more, nothing is said.
    """
    _say(terminal.one_line(line))


def silent(line: str) -> None:
    """What `say` is where nobody wants to hear it."""
    del line


def say_text(text: str) -> None:
    """Several lines to stderr."""
    _say(terminal.prose(text))


def show(text: str) -> None:
    """Lines to stdout, byte for byte where no terminal is looking.

    Raises:
        OutputFailed: they cannot be written.
    """
    _show((terminal.prose(text) if sys.stdout.isatty() else text).encode(errors="surrogateescape"))


def show_json(line: bytes) -> None:
    """A line of JSON to stdout.

    Raises:
        OutputFailed: it cannot be written.
    """
    _show(terminal.json_lines(line) if sys.stdout.isatty() else line)


def _show(data: bytes) -> None:
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data + b"\n")
        sys.stdout.flush()
    except BrokenPipeError:  # its reader is gone: see `main`
        raise
    except OSError as problem:
        raise OutputFailed(f"stdout: cannot be written: {problem.strerror}", "free some disk space") from problem


def _say(clean: str) -> None:
    with contextlib.suppress(OSError):  # the terminal was closed, or the reader has gone
        sys.stderr.write(f"{ERASE if draws() else ''}{clean}\n")
        sys.stderr.flush()


def can_draw() -> bool:
    """Whether stderr is a terminal on which the cursor can be moved."""
    return os.environ.get("TERM", "dumb") not in {"", "dumb"} and sys.stderr.isatty()


def draws() -> bool:
    """Whether it may be moved there now: not from the background, where it stands in what the user types."""
    if not can_draw():
        return False
    try:
        return os.tcgetpgrp(sys.stderr.fileno()) == os.getpgrp()
    except OSError:  # a terminal that does not control us has no background
        return True


def colours() -> bool:
    """Whether what is drawn may be dimmed (https://no-color.org)."""
    return not os.environ.get("NO_COLOR")


def clear() -> None:
    """Leave nothing of a display behind, where the process ends at once; also from within a signal handler."""
    if draws():
        with contextlib.suppress(OSError):
            os.write(sys.stderr.fileno(), ERASE.encode())


def is_pipe(fd: int) -> bool:
    """Whether a descriptor leads to another process."""
    mode = os.fstat(fd).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def is_file(fd: int) -> bool:
    """Whether a descriptor leads to a regular file."""
    return stat.S_ISREG(os.fstat(fd).st_mode)


def duration(seconds: float) -> str:
    """A time as a person would say it."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min {rest} s"
