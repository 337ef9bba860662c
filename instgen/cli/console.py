"""What a person sees: progress while a run goes on, one line when it ends, and errors as words. All of it on stderr."""

from __future__ import annotations

import asyncio
import os
import shlex
import stat
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from instgen.errors import InstgenError

if TYPE_CHECKING:
    from instgen.engine import Run

LINE_SECONDS = 10.0
"""Between lines of progress, where there is no live display."""
REDRAW_SECONDS = 0.25


def say(line: str) -> None:
    """One line to stderr, without the control characters that a teacher's text may hold."""
    clean = "".join(char if char.isprintable() or char == "\n" else "�" for char in line)
    sys.stderr.write(clean + "\n")
    sys.stderr.flush()


def tell(problem: InstgenError) -> None:
    """An error, what to do about it, and the line that continues."""
    say(f"instgen: {problem.message}")
    if problem.hint:
        say(f"  {problem.hint}")
    if problem.can_continue:
        say(f"to continue: {shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])}")


def is_pipe(fd: int) -> bool:
    """Whether a descriptor leads to another process."""
    mode = os.fstat(fd).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


@dataclass(frozen=True, slots=True)
class Watched:
    """A run on its way, for the display."""

    command: str
    run: Run[Any]
    wanted: int | None

    def line(self) -> str:
        """How far it is, in one line."""
        tally, spending = self.run.tally, self.run.calls.spending
        made = f"{tally.records}/{self.wanted}" if self.wanted is not None else f"{tally.records}"
        left_out = sum(tally.reasons.values())
        return (
            f"{self.command}: {made} records, {left_out} left out, {spending.asked} calls"
            f" ({self.run.calls.in_flight} in flight), {spending.completion_tokens:,} tokens written"
        )


async def show_lines(watched: Watched) -> None:
    """A line of progress now and then, until cancelled."""
    while True:
        await asyncio.sleep(LINE_SECONDS)
        say(watched.line())


async def show_live(watched: Watched) -> None:
    """A display that is redrawn in place, until cancelled. Records never pass through it."""
    from rich.console import Console
    from rich.live import Live
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    def picture() -> Table:
        grid = Table.grid(padding=(0, 1))
        if watched.wanted is not None:
            grid.add_row(ProgressBar(total=watched.wanted, completed=watched.run.tally.records, width=30))
        grid.add_row(Text(watched.line()))
        common = ", ".join(f"{reason} {count}" for reason, count in watched.run.tally.reasons.most_common(4))
        grid.add_row(Text(f"left out: {common}" if common else "", style="dim"))
        return grid

    console = Console(stderr=True)
    with Live(picture(), console=console, transient=True, redirect_stdout=False, redirect_stderr=False) as live:
        while True:
            await asyncio.sleep(REDRAW_SECONDS)
            live.update(picture())


def is_file(fd: int) -> bool:
    """Whether a descriptor leads to a regular file."""
    return stat.S_ISREG(os.fstat(fd).st_mode)


def display(*, quiet: bool, to_file: bool) -> Callable[[Watched], Any] | None:
    """How a run is shown: live where a terminal is looking and the records go to a file, so one display a pipeline."""
    if quiet:
        return None
    return show_live if to_file and sys.stderr.isatty() else show_lines


def duration(seconds: float) -> str:
    """A time as a person would say it."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min {rest} s"
