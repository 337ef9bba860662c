"""A run's progress as text: what is done, the rate, the cost, and what it is waiting for.

The rule: pure functions of counts, the time and a width; nothing here reads a clock, a terminal or the environment.
Nothing is shown before it is known: no time left until the rate is known, nor if the total is unknown.
"""

from __future__ import annotations

import math
import unicodedata
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from instgen.console import plural
from instgen.terminal import one_line

WINDOW_SECONDS = 120.0
"""The window over which the rate is measured: long enough for slow teachers, short enough to follow a change."""
MARK_SECONDS = 2.0
"""Minimum time between two counts that are remembered for the rate."""
KNOWN_AFTER_SECONDS = 10.0
KNOWN_AFTER = 3
"""The rate, and with it the time left, is unknown until this many seconds have passed and this many items are done."""
REASONS = 4
"""Number of rejection reasons shown, the most common first."""
BAR = (10, 30)
"""Minimum and maximum width of the bar, in columns."""
GAP = 2
"""Columns between the parts of the first line."""
EMOJI_PRESENTATION = "\ufe0f"


@dataclass(frozen=True, slots=True)
class Progress:
    """A snapshot of a run."""

    command: str
    done: int
    unit: str
    """What is counted: "record" if a number of records was asked for, otherwise "row"."""
    total: int | None = None
    """The total number of units; None if unknown."""
    made: str = ""
    """What the units have produced, such as "12 records made", if that is a different count."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """Rejections by reason."""
    calls: Sequence[str] = ()
    """Calls and their cost, the most important part first."""
    state: str = ""
    """What the run is waiting for, if anything."""
    measured: bool = True
    """Whether the current rate predicts the rest of the run: that of replaying from the journal does not."""


@dataclass(slots=True)
class Pace:
    """Measures the rate over the last `WINDOW_SECONDS`."""

    _marks: deque[tuple[float, int]] = field(default_factory=deque)
    _now: tuple[float, int] = (0.0, 0)

    def note(self, now: float, done: int, *, measured: bool = True) -> None:
        """Record how much is done at a time; counts with `measured` false do not enter the rate."""
        self._now = (now, done)
        if not measured:
            self._marks.clear()
        if not self._marks or now - self._marks[-1][0] >= MARK_SECONDS:
            self._marks.append((now, done))
        while len(self._marks) > 1 and now - self._marks[1][0] >= WINDOW_SECONDS:
            self._marks.popleft()

    @property
    def rate(self) -> float | None:
        """Units per second; None if not yet known."""
        if not self._marks:
            return None
        began, before = self._marks[0]
        seconds, done = self._now[0] - began, self._now[1] - before
        return done / seconds if seconds >= KNOWN_AFTER_SECONDS and done >= KNOWN_AFTER else None

    def left(self, total: int | None) -> float | None:
        """Seconds until everything is done at this rate; None if unknown."""
        rate = self.rate
        if rate is None or total is None or total <= self._now[1]:
            return None
        return (total - self._now[1]) / rate


def rate_told(rate: float | None) -> str:
    """A rate per second, minute or hour, whichever makes it at least one; "" if unknown."""
    if rate is None:
        return ""
    unit, seconds = ("s", 1) if rate >= 1 else ("min", 60) if rate >= 1 / 60 else ("h", 3600)
    return f"{rate * seconds:,.{0 if rate * seconds >= 10 else 1}f}/{unit}"


def left_told(seconds: float | None) -> str:
    """The time left, rounded to a plausible precision; "" if unknown."""
    if seconds is None:
        return ""
    minutes = math.ceil(seconds / 60)
    if seconds < 45:
        return "less than a minute left"
    if minutes < 60:
        return f"about {minutes} min left"
    if minutes < 600:
        hours, rest = divmod(10 * math.ceil(minutes / 10), 60)
        return f"about {hours} h {rest} min left" if rest else f"about {hours} h left"
    hours = math.ceil(minutes / 60)
    return f"about {hours} h left" if hours <= 48 else f"about {math.ceil(hours / 24)} days left"


def line(progress: Progress, pace: Pace, columns: int | None = None) -> str:
    """The progress in one line, for a log; if `columns` is given, as much of it as fits."""
    parts = (*_heads(progress, pace), progress.state, progress.made, _left_out(progress), *progress.calls)
    known = [part for part in parts if part]
    title = f"{progress.command}: "
    if columns is None:
        return title + "; ".join(known)
    return title + _fitted(known, columns - 1 - cells(title), "; ")


def picture(progress: Progress, pace: Pace, columns: int, rows: int, *, plain: bool = False) -> list[str]:
    """The progress in a few lines that fit the terminal; none reaches the last column.

    Args:
        progress: what to show.
        pace: the run's rate.
        columns: width of the terminal.
        rows: height of the terminal.
        plain: whether to draw the bar in ASCII.
    """
    room = max(1, columns - 1)
    left_out = _fitted([part for part in (progress.made, *_reasons(progress.left_out)) if part], room)
    lines = [
        _first_line(progress, pace, room, plain=plain),
        left_out,
        _fitted(progress.calls, room),
        cut(progress.state, room),
    ]
    return [each for each in lines if each][: max(1, rows - 2)]


def cells(text: str) -> int:
    """The columns that a text takes on a terminal; where terminals differ, the larger number."""
    return sum(map(_cells, text))


def cut(text: str, room: int) -> str:
    """A text as one line of at most `room` columns, without characters that move the cursor."""
    flat = one_line(" ".join(text.split()))
    if cells(flat) <= room:
        return flat
    kept, used = [], 0
    for char in flat:
        used += _cells(char)
        if used > room - 1:
            break
        kept.append(char)
    return "".join(kept) + "…" if room > 0 else ""


def _cells(char: str) -> int:
    if char == EMOJI_PRESENTATION:
        return 1
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _heads(progress: Progress, pace: Pace) -> list[str]:
    """What is done, the time left and the rate, as far as known."""
    done = f"{progress.done:,}" if progress.total is None else f"{progress.done:,} of {progress.total:,}"
    what = f"{done} {plural(progress.unit, progress.done if progress.total is None else progress.total)}"
    known = (what, left_told(pace.left(progress.total)), rate_told(pace.rate))
    return [part for part in known if part]


def _first_line(progress: Progress, pace: Pace, room: int, *, plain: bool) -> str:
    text = _fitted(_heads(progress, pace), room - cells(progress.command) - GAP)
    width = min(BAR[1], room - cells(progress.command) - cells(text) - 2 * GAP)
    if progress.total and width >= BAR[0]:
        full, empty = ("=", "-") if plain else ("━", "─")
        filled = min(width, width * progress.done // progress.total)
        text = full * filled + empty * (width - filled) + " " * GAP + text
    return cut(progress.command, room) + " " * GAP + text if text else cut(progress.command, room)


def _left_out(progress: Progress) -> str:
    return ", ".join(_reasons(progress.left_out))


def _reasons(left_out: Mapping[str, int]) -> Iterator[str]:
    """The number of rejections, and the most common reasons."""
    counted = sorted(left_out.items(), key=itemgetter(1), reverse=True)
    head = f"{sum(left_out.values()):,} rejected" if len(counted) > 1 else "rejected"
    for place, (reason, count) in enumerate(counted[:REASONS]):
        yield f"{reason} {count:,}" if place else f"{head}: {reason} {count:,}"


def _fitted(parts: Sequence[str], room: int, between: str = ", ") -> str:
    """The first parts, as many as fit; the very first is cut if necessary."""
    text = cut(parts[0], room) if parts else ""
    for part in parts[1:]:
        flat = cut(part, room)
        if cells(text) + cells(between) + cells(flat) > room:
            break
        text += between + flat
    return text
