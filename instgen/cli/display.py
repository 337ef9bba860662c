"""A run's progress on stderr: redrawn in place on a terminal, otherwise a line now and then. Never handles records.

The rules: a terminal has one live display, that of the pipeline's last stage; a lock on the terminal ensures this when
several runs share it. The cursor rests on an empty line above the display, so whatever another stage, the shell or the
user writes goes there, and the display is redrawn below it: `console.say` erases the display first, and no process
needs to know about the others. A thread draws, so commands with and without an event loop can both be shown.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from instgen import console
from instgen.cli.progress import Pace, Progress, line, picture
from instgen.cli.rowcount import rows_in
from instgen.running.options import Writing

TICK_SECONDS = 0.5
"""Time between redraws; a shorter run shows nothing."""
LINE_SECONDS = (10.0, 300.0)
"""Time between progress lines: at the start of a run, and at most."""
LINE_PART = 4
"""The next progress line is due when the run's age has grown by one part in this many."""
USUAL_SIZE = os.terminal_size((80, 24))
NO_WRAP, WRAP = "\x1b[?7l", "\x1b[?7h"
DIM, NOT_DIM = "\x1b[2m", "\x1b[22m"


@contextlib.contextmanager
def shown(progress: Callable[[int | None], Progress], inputs: Sequence[Path], writing: Writing) -> Iterator[None]:
    """Show a run's progress on stderr while the context lasts.

    Args:
        progress: returns the run's progress, given its number of rows if known; called in another thread.
        inputs: the files that the rows are read from.
        writing: where records and messages go.
    """
    if writing.quiet:
        yield
        return
    live = console.can_draw() and (
        _is_named(writing.output) or not (console.is_pipe(console.STDOUT) or os.isatty(console.STDOUT))
    )
    display = Display(progress, inputs, live=live)
    with display.stepping_aside() if live else contextlib.nullcontext():
        display.begin()
        try:
            yield
        finally:
            display.end()


@dataclass(slots=True, eq=False)
class Display:
    """The progress display of one run."""

    progress: Callable[[int | None], Progress]
    inputs: Sequence[Path]
    live: bool
    """Whether to redraw in place when no other process has a display on the terminal."""
    pace: Pace = field(default_factory=Pace)
    _terminal: int | None = None
    """The descriptor that holds the terminal's lock."""
    _ended: threading.Event = field(default_factory=threading.Event)
    _drawing: threading.RLock = field(default_factory=threading.RLock)
    _thread: threading.Thread | None = None

    def begin(self) -> None:
        """Start showing progress."""
        self._thread = threading.Thread(target=self._show, name="display", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop showing progress, and erase the display."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        if self._is_ours_still():
            self._write(console.ERASE)
        self._let_go()

    @contextlib.contextmanager
    def stepping_aside(self) -> Iterator[None]:
        """Make Ctrl-Z erase the display before the process is suspended; it is redrawn when the process continues."""

        def suspended(signum: int, frame: FrameType | None) -> None:
            del frame
            held = self._drawing.acquire(timeout=TICK_SECONDS)  # fails if the drawing thread is blocked by Ctrl-S
            if self._is_ours_still():
                console.clear()
            signal.signal(signum, signal.SIG_DFL)
            os.kill(os.getpid(), signum)  # suspends until `fg` or `bg`
            signal.signal(signum, suspended)
            if held:
                self._drawing.release()

        if signal.getsignal(signal.SIGTSTP) is not signal.SIG_DFL:
            yield
            return
        signal.signal(signal.SIGTSTP, suspended)
        try:
            yield
        finally:
            signal.signal(signal.SIGTSTP, signal.SIG_DFL)

    def _show(self) -> None:
        """Draw, or print a line now and then, until `end` is called or the terminal is gone."""
        began = now = time.monotonic()
        due = began + LINE_SECONDS[0]
        rows = rows_in(self.inputs)
        while not self._ended.wait(TICK_SECONDS):
            progress, now = self.progress(rows), time.monotonic()
            self.pace.note(now, progress.done, measured=progress.measured)
            with self._drawing:
                if self.live and self._is_ours():
                    if not self._write(frame(self._picture(progress), color=console.colors())):
                        return
                elif now >= due:
                    console.say(line(progress, self.pace, _size().columns if console.draws() else None))
            if now >= due:
                due = now + line_pause(now - began)

    def _picture(self, progress: Progress) -> list[str]:
        size = _size()
        plain = (sys.stderr.encoding or "").lower().replace("-", "") != "utf8"
        return picture(progress, self.pace, size.columns, size.lines, plain=plain)

    def _is_ours(self) -> bool:
        """Whether we are in the foreground and hold the terminal's lock, which is taken if it is free."""
        if not console.draws():
            self._let_go()
        elif self._terminal is None:
            self._terminal = _locked_terminal()
        return self._terminal is not None

    def _is_ours_still(self) -> bool:
        """Whether our display may be on the screen."""
        return self._terminal is not None and console.draws()

    def _let_go(self) -> None:
        """Release the terminal's lock."""
        if self._terminal is not None:
            os.close(self._terminal)
            self._terminal = None

    def _write(self, text: str) -> bool:
        """Write everything at once, so that no other output comes between; returns false if the terminal is gone."""
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except (OSError, ValueError):
            return False
        return True


def frame(lines: Sequence[str], *, color: bool) -> str:
    """The escape sequence that draws lines over the previous ones and returns the cursor to its place.

    Line wrapping is off meanwhile, because the terminal may just have become narrower without our knowing.
    """
    first, *others = lines
    shown = ["", first, *(f"{DIM}{each}{NOT_DIM}" if color else each for each in others)]
    return f"\r{NO_WRAP}" + "\x1b[K\r\n".join(shown) + f"\x1b[J\x1b[{len(lines)}A\r{WRAP}"


def _is_named(output: Path | None) -> bool:
    return output is not None and str(output) != "-"


def line_pause(age: float) -> float:
    """Seconds until the next progress line, given the run's age; it grows, so that logs of long runs stay readable."""
    return min(max(age / LINE_PART, LINE_SECONDS[0]), LINE_SECONDS[1])


def _size() -> os.terminal_size:
    try:
        size = os.get_terminal_size(sys.stderr.fileno())
    except OSError:
        return USUAL_SIZE
    return size if size.columns and size.lines else USUAL_SIZE


def _locked_terminal() -> int | None:
    """The terminal's descriptor, locked for a display; None if another process has a display there."""
    try:
        name = os.ttyname(sys.stderr.fileno())
        terminal = os.open(name, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:  # the terminal has no name, as in some containers
        return os.dup(sys.stderr.fileno())
    try:
        fcntl.flock(terminal, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(terminal)
        return None
    except OSError:  # terminals cannot be locked on this system
        pass
    return terminal
