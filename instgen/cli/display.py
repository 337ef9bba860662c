"""A run's progress on stderr: lines redrawn in place on a terminal, else a line now and then. Records never pass here.

The rules: a terminal has one live display, that of the pipeline's last stage; a lock on the terminal sees to it where
several runs share one. The cursor rests on an empty line above the display, so that whatever another stage, the shell
or the user writes stands in its place and the display moves on below it: `console.say` clears what is there, and nobody
needs to know of anybody else. A thread draws, so that commands of every kind can be shown.
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
"""Between two drawings; a run that is shorter shows nothing."""
LINE_SECONDS = (10.0, 300.0)
"""Between two lines of progress, at first and at last."""
LINE_PART = 4
"""A line says something new when a run is so much of its age older: a quarter of it."""
USUAL_SIZE = os.terminal_size((80, 24))
NO_WRAP, WRAP = "\x1b[?7l", "\x1b[?7h"
DIM, NOT_DIM = "\x1b[2m", "\x1b[22m"


@contextlib.contextmanager
def shown(progress: Callable[[int | None], Progress], inputs: Sequence[Path], writing: Writing) -> Iterator[None]:
    """A run's progress on stderr, for as long as this lasts.

    Args:
        progress: how far the run is, given the number of its rows where that is known; called in another thread.
        inputs: the files that its rows come from.
        writing: where records and talk go.
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
    """What shows a run."""

    progress: Callable[[int | None], Progress]
    inputs: Sequence[Path]
    live: bool
    """Whether it may be drawn in place, where the terminal is ours alone."""
    pace: Pace = field(default_factory=Pace)
    _terminal: int | None = None
    """The terminal's descriptor that holds its lock."""
    _ended: threading.Event = field(default_factory=threading.Event)
    _drawing: threading.RLock = field(default_factory=threading.RLock)
    _thread: threading.Thread | None = None

    def begin(self) -> None:
        """Show it from now on."""
        self._thread = threading.Thread(target=self._show, name="display", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Show it no more, and leave nothing behind."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        if self._is_ours_still():
            self._write(console.ERASE)
        self._let_go()

    @contextlib.contextmanager
    def stepping_aside(self) -> Iterator[None]:
        """While this lasts, Ctrl-Z clears the display before the process is suspended; it comes back by itself."""

        def suspended(signum: int, frame: FrameType | None) -> None:
            del frame
            held = self._drawing.acquire(timeout=TICK_SECONDS)  # not held: output is stopped by Ctrl-S
            if self._is_ours_still():
                console.clear()
            signal.signal(signum, signal.SIG_DFL)
            os.kill(os.getpid(), signum)  # until `fg` or `bg`
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
        """Draw, or say a line now and then, until it has ended; without a terminal to write to, no more."""
        began = now = time.monotonic()
        due = began + LINE_SECONDS[0]
        rows = rows_in(self.inputs)
        while not self._ended.wait(TICK_SECONDS):
            progress, now = self.progress(rows), time.monotonic()
            self.pace.note(now, progress.done, measured=progress.measured)
            with self._drawing:
                if self.live and self._is_ours():
                    if not self._write(frame(self._picture(progress), colour=console.colours())):
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
        """Whether we are in front and nobody else draws on the terminal, which is ours from then on."""
        if not console.draws():
            self._let_go()
        elif self._terminal is None:
            self._terminal = _locked_terminal()
        return self._terminal is not None

    def _is_ours_still(self) -> bool:
        """Whether a display of ours stands there."""
        return self._terminal is not None and console.draws()

    def _let_go(self) -> None:
        """Leave the terminal to others."""
        if self._terminal is not None:
            os.close(self._terminal)
            self._terminal = None

    def _write(self, text: str) -> bool:
        """Write in one go, so that nobody comes between; false where there is no terminal any more."""
        try:
            sys.stderr.write(text)
            sys.stderr.flush()
        except (OSError, ValueError):
            return False
        return True


def frame(lines: Sequence[str], *, colour: bool) -> str:
    """What draws lines in place of those that are there, and leaves the cursor where it was.

    Lines do not wrap meanwhile: a terminal that has just become narrower has not told us yet.
    """
    first, *others = lines
    shown = ["", first, *(f"{DIM}{each}{NOT_DIM}" if colour else each for each in others)]
    return f"\r{NO_WRAP}" + "\x1b[K\r\n".join(shown) + f"\x1b[J\x1b[{len(lines)}A\r{WRAP}"


def _is_named(output: Path | None) -> bool:
    return output is not None and str(output) != "-"


def line_pause(age: float) -> float:
    """Seconds until the next line of progress, of a run of this age: a log of a long run is to be read, too."""
    return min(max(age / LINE_PART, LINE_SECONDS[0]), LINE_SECONDS[1])


def _size() -> os.terminal_size:
    try:
        size = os.get_terminal_size(sys.stderr.fileno())
    except OSError:
        return USUAL_SIZE
    return size if size.columns and size.lines else USUAL_SIZE


def _locked_terminal() -> int | None:
    """The terminal, locked for a display; None where another process has one there."""
    try:
        name = os.ttyname(sys.stderr.fileno())
        terminal = os.open(name, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:  # it has no name here, as in some containers
        return os.dup(sys.stderr.fileno())
    try:
        fcntl.flock(terminal, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(terminal)
        return None
    except OSError:  # no locks on terminals here: each believes itself alone
        pass
    return terminal
