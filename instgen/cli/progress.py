"""How far a run is, in words and lines: what it has done, how fast it goes, what it cost, what it waits for.

The rule: pure functions of counts, the time and a width; nothing here looks at a clock, a terminal or the environment.
What is not known yet is not told: no time left before the rate has shown itself, none where the end is unknown.
"""

from __future__ import annotations

import math
import unicodedata
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from instgen.terminal import one_line

WINDOW_SECONDS = 120.0
"""The time that a rate is taken over: long enough for slow teachers, short enough to follow a change."""
MARK_SECONDS = 2.0
"""Between the counts that are remembered of it."""
KNOWN_AFTER_SECONDS = 10.0
KNOWN_AFTER = 3
"""What a rate, and with it the time that is left, is taken from at least: seconds, and things done in them."""
REASONS = 4
"""Reasons shown of those that leave the most out."""
BAR = (10, 30)
"""Columns of the bar: fewer are no bar, and more say no more."""
GAP = 2
"""Columns between the parts of the first line."""
EMOJI_PRESENTATION = "\ufe0f"


@dataclass(frozen=True, slots=True)
class Progress:
    """A run on its way, as far as it is now."""

    command: str
    done: int
    unit: str
    """What is counted: records where so many were asked for, else rows."""
    total: int | None = None
    """How many there will be, where that is known."""
    made: str = ""
    """What came of it, where that is something else than what is counted."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """How many were left out, by reason."""
    calls: Sequence[str] = ()
    """What was asked and what it cost; what matters most comes first."""
    state: str = ""
    """What holds it up, where something does."""
    measured: bool = True
    """Whether what is done now says how fast the rest will go: what is replayed from a journal does not."""


@dataclass(slots=True)
class Pace:
    """How fast something goes of late."""

    _marks: deque[tuple[float, int]] = field(default_factory=deque)
    _now: tuple[float, int] = (0.0, 0)

    def note(self, now: float, done: int, *, measured: bool = True) -> None:
        """Take note of what is done by now; what was not measured is no part of any rate."""
        self._now = (now, done)
        if not measured:
            self._marks.clear()
        if not self._marks or now - self._marks[-1][0] >= MARK_SECONDS:
            self._marks.append((now, done))
        while len(self._marks) > 1 and now - self._marks[1][0] >= WINDOW_SECONDS:
            self._marks.popleft()

    @property
    def rate(self) -> float | None:
        """How many a second; None where too little was seen."""
        if not self._marks:
            return None
        began, before = self._marks[0]
        seconds, done = self._now[0] - began, self._now[1] - before
        return done / seconds if seconds >= KNOWN_AFTER_SECONDS and done >= KNOWN_AFTER else None

    def left(self, total: int | None) -> float | None:
        """Seconds until all is done, at this rate; None where that cannot be known."""
        rate = self.rate
        if rate is None or total is None or total <= self._now[1]:
            return None
        return (total - self._now[1]) / rate


def rate_told(rate: float | None) -> str:
    """A rate in the unit that makes it one or more; "" where it is not known."""
    if rate is None:
        return ""
    unit, seconds = ("s", 1) if rate >= 1 else ("min", 60) if rate >= 1 / 60 else ("h", 3600)
    return f"{rate * seconds:,.{0 if rate * seconds >= 10 else 1}f}/{unit}"


def left_told(seconds: float | None) -> str:
    """A time that is left, no more exactly than it can be known; "" where it is not."""
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
    """All of it in one line, for a log; or as much of it as fits into so many columns."""
    parts = (*_heads(progress, pace), progress.state, progress.made, _left_out(progress), *progress.calls)
    told = [part for part in parts if part]
    title = f"{progress.command}: "
    if columns is None:
        return title + "; ".join(told)
    return title + _fitted(told, columns - 1 - cells(title), "; ")


def picture(progress: Progress, pace: Pace, columns: int, rows: int, *, plain: bool = False) -> list[str]:
    """All of it in a few lines that fit into a terminal; none of them reaches its last column.

    Args:
        progress: what is shown.
        pace: how fast it goes.
        columns: how wide the terminal is.
        rows: how high it is.
        plain: whether the bar is to be of ASCII.
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
    """The columns that a text takes on a terminal; rather too many than too few where terminals differ."""
    return sum(map(_cells, text))


def cut(text: str, room: int) -> str:
    """A text as one line of so many columns at most, without the characters that move a cursor."""
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


def plural(noun: str, count: int) -> str:
    """A noun as it goes with so many."""
    return noun if count == 1 else f"{noun}s"


def _cells(char: str) -> int:
    if char == EMOJI_PRESENTATION:
        return 1
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _heads(progress: Progress, pace: Pace) -> list[str]:
    """What is done, the time left and the rate, as far as they are known."""
    done = f"{progress.done:,}" if progress.total is None else f"{progress.done:,} of {progress.total:,}"
    what = f"{done} {plural(progress.unit, progress.done if progress.total is None else progress.total)}"
    known = (what, left_told(pace.left(progress.total)), rate_told(pace.rate))
    return [part for part in known if part]


def _first_line(progress: Progress, pace: Pace, room: int, *, plain: bool) -> str:
    told = _fitted(_heads(progress, pace), room - cells(progress.command) - GAP)
    width = min(BAR[1], room - cells(progress.command) - cells(told) - 2 * GAP)
    if progress.total and width >= BAR[0]:
        full, empty = ("=", "-") if plain else ("━", "─")
        filled = min(width, width * progress.done // progress.total)
        told = full * filled + empty * (width - filled) + " " * GAP + told
    return cut(progress.command, room) + " " * GAP + told if told else cut(progress.command, room)


def _left_out(progress: Progress) -> str:
    return ", ".join(_reasons(progress.left_out))


def _reasons(left_out: Mapping[str, int]) -> Iterator[str]:
    """How many were left out and the most common reasons."""
    counted = sorted(left_out.items(), key=itemgetter(1), reverse=True)
    head = f"{sum(left_out.values()):,} rejected" if len(counted) > 1 else "rejected"
    for place, (reason, count) in enumerate(counted[:REASONS]):
        yield f"{reason} {count:,}" if place else f"{head}: {reason} {count:,}"


def _fitted(parts: Sequence[str], room: int, between: str = ", ") -> str:
    """As many of the parts as fit, from the first on; of the first, what fits."""
    told = cut(parts[0], room) if parts else ""
    for part in parts[1:]:
        flat = cut(part, room)
        if cells(told) + cells(between) + cells(flat) > room:
            break
        told += between + flat
    return told
