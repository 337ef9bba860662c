"""A run's progress on stderr: a live display for a terminal, else a line now and then. Records never pass here."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from instgen.budget import dollars
from instgen.calls import Spending
from instgen.cli.console import say
from instgen.engine import Run

LINE_SECONDS = 10.0
"""Between lines of progress, where there is no live display."""
REDRAW_SECONDS = 0.25


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
        cost = cost_told(spending)
        return (
            f"{self.command}: {made} records, {left_out} left out, {spending.asked} calls"
            f" ({self.run.calls.in_flight} in flight), {spending.completion_tokens:,} tokens written"
            + (f", {cost}" if cost else "")
        )


def cost_told(spending: Spending) -> str:
    """What the completions cost; "" where they were free."""
    if spending.cost is None:
        return "cost unknown"
    return f"{'about ' if spending.estimated else ''}{dollars(spending.cost)}" if spending.cost else ""


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


def display(*, quiet: bool, to_file: bool) -> Callable[[Watched], Any] | None:
    """How a run is shown: live where a terminal is looking and the records go to a file, so one display a pipeline."""
    if quiet:
        return None
    return show_live if to_file and sys.stderr.isatty() else show_lines
