"""Numbers as text: tables with small bars, in color on a terminal, plain in a pipe."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import starmap

from rich.console import Console
from rich.table import Table
from rich.text import Text

from instgen.console import plural
from instgen.report.funnel import Rejects
from instgen.report.numbers import Depth, Numbers, Spread, Stage
from instgen.text.scripts import IGNORABLE

_BAR = 24
_LABEL, _FIRST, _SECOND = 26, 9, 7
_COLUMNS = _LABEL + _FIRST + _SECOND + 3 * 2
"""Width of everything before the bar: the columns and the gaps after them."""
_PLAIN_WIDTH = 100
"""Width of the tables if stdout is not a terminal."""
_LEVELS = " ▁▂▃▄▅▆▇█"
_TOP = 12
_HIDDEN = re.compile(f"[{IGNORABLE}]")


@dataclass(frozen=True, slots=True)
class _Room:
    """Maximum widths of labels and bars, in columns."""

    label: int
    bar: int


def print_numbers(numbers: Numbers, rejects: Rejects) -> None:
    """Print all numbers to stdout."""
    console = Console(highlight=False)
    width = console.width if console.is_terminal else _PLAIN_WIDTH
    spare = max(width - _COLUMNS, 0)
    with console.capture() as printed:  # captured, because rich exits by itself if the reader of stdout has gone
        for table in _tables(numbers, rejects, _Room(_LABEL + max(spare - _BAR, 0), min(_BAR, spare))):
            console.print(table, width=width)
            console.print()
    sys.stdout.write(printed.get())


def _tables(numbers: Numbers, rejects: Rejects, room: _Room) -> list[Table]:
    """All tables that have rows."""
    rows = max(numbers.rows, 1)
    diversity = numbers.diversity
    made = [
        _counted(
            "records",
            {
                "all": numbers.rows,
                "with an answer": numbers.answered,
                "with an input": numbers.with_input,
                "conversations": numbers.conversations,
                "with several answers": numbers.with_candidates,
                "with reasoning": numbers.with_reasoning,
            },
            rows,
            room,
        ),
        _spreads("words", numbers.lengths, room),
        _spreads("scores", numbers.scores, room),
        _spreads("ROUGE-L to the nearest", {"seed": diversity.seed_rouge, "other task": diversity.self_rouge}, room),
        _plain(
            f"diversity, of {diversity.rows:,} {plural('instruction', diversity.rows)}",
            {"distinct-1": diversity.distinct_1, "distinct-2": diversity.distinct_2},
        ),
        _counted(
            "verbs and objects",
            {f"{pair.verb} {pair.noun}": count for pair, count in diversity.pairs[:_TOP]},
            diversity.rows,
            room,
        ),
        _counted("use cases, by keyword", numbers.categories, numbers.categories_of, room),
        _counted("languages", numbers.languages, numbers.languages_of, room),
        _counted("steps", numbers.commands, rows, room),
        _counted("prompts", numbers.prompts, sum(numbers.prompts.values()), room),
        _counted("teachers", numbers.teachers, sum(numbers.teachers.values()), room),
        _counted(
            "rejected",
            {f"{stage}: {reason}": count for (stage, reason), count in rejects.counts.most_common()},
            rejects.counts.total(),
            room,
        ),
        _stages(numbers),
        _depths(numbers.depths),
    ]
    return [table for table in made if table.row_count]


def _counted(title: str, counts: Mapping[str, int], of: int, room: _Room) -> Table:
    table = _table(title, "", "share", room)
    for name, count in counts.items():
        if count:
            share = count / max(of, 1)
            table.add_row(_clean(name), f"{count:,}", f"{share:.1%}", Text("█" * round(room.bar * share), style="cyan"))
    return table


def _spreads(title: str, spreads: Mapping[str, Spread | None], room: _Room) -> Table:
    table = _table(title, "mean", "median", room)
    for name, spread in spreads.items():
        if spread:
            table.add_row(
                _clean(name),
                f"{spread.mean:.2f}",
                f"{spread.median:.2f}",
                Text(_sparks(spread.counts, room.bar), "cyan"),
            )
    return table


def _plain(title: str, values: Mapping[str, float | None]) -> Table:
    table = _table(title, "", "")
    for name, value in values.items():
        if value is not None:
            table.add_row(name, f"{value:.4f}", "", "")
    return table


def _stages(numbers: Numbers) -> Table:
    table = _table("stages", "read", "kept")
    for stage in numbers.stages:
        notes = [*starmap("{} {:,}".format, stage.reasons.items()), *_bill(stage)]
        table.add_row(_clean(stage.command), f"{stage.read:,}", f"{stage.kept:,}", _clean(", ".join(notes)))
    return table


def _bill(stage: Stage) -> list[str]:
    if not stage.teacher:
        return []
    cost = "cost unknown" if stage.cost is None else f"${stage.cost:,.4f}"
    return [f"{stage.tokens:,} {plural('token', stage.tokens)}", cost]


def _depths(depths: Sequence[Depth]) -> Table:
    table = _table("evolving", "records", "words")
    for depth in depths:
        name = f"{depth.round} {depth.op}" if depth.round else "not evolved"
        difficulty = "" if depth.difficulty is None else f"difficulty {depth.difficulty:.2f}"
        table.add_row(_clean(name), f"{depth.rows:,}", f"{depth.words:.1f}", difficulty)
    return table


def _table(title: str, first: str, second: str, room: _Room | None = None) -> Table:
    """An empty table; if `room` is None, its columns are as wide as their contents."""
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="dim")
    label, one, two = (_LABEL, _FIRST, _SECOND) if room else (None, None, None)
    table.add_column(title, min_width=label, max_width=room.label if room else None, overflow="fold")
    table.add_column(first, justify="right", min_width=one)
    table.add_column(second, justify="right", min_width=two)
    table.add_column("", overflow="fold")
    return table


def _sparks(counts: Sequence[int], most: int) -> str:
    """A small bar chart with one column per bin; adjacent bins are merged if there is no room for all."""
    joined = -(-len(counts) // most) if most else len(counts)
    counts = [sum(counts[at : at + joined]) for at in range(0, len(counts), joined)] if most else [0]
    tallest = max(counts) or 1
    return "".join(_LEVELS[-(-count * (len(_LEVELS) - 1) // tallest)] for count in counts)


def _clean(name: str) -> Text:
    """A name from the data, with characters that could control the terminal replaced."""
    return Text("".join(char if char.isprintable() and not _HIDDEN.match(char) else "�" for char in name))
