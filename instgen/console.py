"""Output for a person: messages on stderr, and what commands list on stdout.

The rule: text from outside (a teacher, a server, a file name) never controls the terminal; see `terminal`. Cheap to
import, because `--help` waits for it.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys

from instgen import terminal
from instgen.errors import OutputFailed

STDIN, STDOUT = 0, 1
"""File descriptors."""
ERASE = "\r \x1b[J\r"
"""Clears the terminal from the cursor's line down, and with it any display (see `display.py`). It starts in
the second column: a clear that starts in the screen's first cell makes tmux save what is cleared to its history."""


def say(line: str) -> None:
    """Print exactly one line to stderr: nothing in the text can pass for another line of ours.

    The line replaces the progress display, this run's or another's. If stderr is closed, nothing happens.
    """
    _say(terminal.one_line(line))


def silent(line: str) -> None:
    """Print nothing: stands in for `say` with `--quiet`."""
    del line


def say_text(text: str) -> None:
    """Print several lines to stderr."""
    _say(terminal.prose(text))


def show(text: str) -> None:
    """Print lines to stdout: byte for byte, unless it is a terminal.

    Raises:
        OutputFailed: stdout cannot be written.
    """
    _show((terminal.prose(text) if sys.stdout.isatty() else text).encode(errors="surrogateescape"))


def show_json(line: bytes) -> None:
    """Print a line of JSON to stdout; on a terminal, control characters are escaped.

    Raises:
        OutputFailed: stdout cannot be written.
    """
    _show(terminal.json_lines(line) if sys.stdout.isatty() else line)


def _show(data: bytes) -> None:
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data + b"\n")
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has gone; handled in `main`
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
    """Whether the cursor may be moved now: not from a background job, where it is in what the user types."""
    if not can_draw():
        return False
    try:
        return os.tcgetpgrp(sys.stderr.fileno()) == os.getpgrp()
    except OSError:  # not our controlling terminal, so there is no foreground or background
        return True


def colors() -> bool:
    """Whether the display may be dimmed (https://no-color.org)."""
    return not os.environ.get("NO_COLOR")


def clear() -> None:
    """Erase the display before the process ends abruptly; safe in a signal handler."""
    if draws():
        with contextlib.suppress(OSError):
            os.write(sys.stderr.fileno(), ERASE.encode())


def is_pipe(fd: int) -> bool:
    """Whether a descriptor is a pipe or a socket."""
    mode = os.fstat(fd).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def is_file(fd: int) -> bool:
    """Whether a descriptor is a regular file."""
    return stat.S_ISREG(os.fstat(fd).st_mode)


def plural(noun: str, count: int) -> str:
    """The noun in the form that the count needs; only for nouns whose plural adds an s."""
    return noun if count == 1 else f"{noun}s"


def duration(seconds: float) -> str:
    """A duration for people: "3.2 s", "4 min 10 s", "2 h 5 min"."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min {rest} s"
