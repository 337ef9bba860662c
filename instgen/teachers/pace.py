"""How many requests a server is sent at a time: found out by sending, as its answers say when there are too many.

The rule: pure bookkeeping; the time is an argument, and nothing here waits. The number of requests in flight grows
while none is turned away, and shrinks with the share of those that are (429, 503, 529, a time-out). How long an answer
takes says nothing: that is how long it is.

The form is that of TCP: a slow start that doubles with each round of answers (again after a pause), then one more a
round. A window of answers is judged at a time, and the cut is by the share turned away, as in DCTCP (RFC 8257). The
constants were chosen by simulation (`tests/teachers/test_pace.py`): of a server with a limit a second, and of one that
turns requests away at random.
"""

from __future__ import annotations

from dataclasses import dataclass

FIRST = 64
"""Requests that a server is sent at once before anything is known of it."""

WINDOW = 64
"""Answers that are judged together, at least."""

TOLERATED = 0.15
"""The share of a window that may be turned away without a cut: passing faults are no overload."""

TOLERATED_AT_THE_EDGE = 0.03
"""The same where the server says that nothing of an allowance remains: then it is no passing fault."""

NEAR_CEILING = 0.8
"""The part of the limit that was too high up to which the way back is fast."""


@dataclass(slots=True)
class Pace:
    """The requests that one server can bear at a time, as far as is known."""

    most: int
    """Never more than this."""
    limit: float = FIRST
    in_flight: int = 0
    sent: int = 0
    """Requests in all."""
    resumes: float = 0.0
    """When it may be sent requests again, where it has asked for a pause."""
    _ceiling: float = 0.0
    """The limit that was too high last."""
    _starting: bool = True
    _window: int = 0
    _good: int = 0
    _refused: int = 0
    _at_the_edge: bool = False
    """Whether the server has said in this window that nothing of an allowance remains."""

    def __post_init__(self) -> None:
        self.limit = float(min(self.limit, self.most))
        self._ceiling = float(self.most)

    @property
    def load(self) -> float:
        """The part of what it can bear that is in flight."""
        return (self.in_flight + self._refused) / self.limit

    def has_room(self, now: float) -> bool:
        """Whether one more request may be sent; the place of one that was turned away stays empty for its window."""
        return now >= self.resumes and self.in_flight + self._refused < int(self.limit)

    def send(self) -> int:
        """Count a request that is sent; the number goes with it and is given back to `done`."""
        self.in_flight += 1
        self.sent += 1
        return self._window

    def done(self, window: int, *, overloaded: bool, wait: float, now: float) -> None:
        """Count a request that has ended.

        Args:
            window: what `send` gave for it.
            overloaded: whether it was turned away for there being too many.
            wait: seconds that the server asked to wait, where it was.
            now: seconds on the clock that `has_room` is asked with.
        """
        self.in_flight -= 1
        self._refused += overloaded
        self._good += not overloaded
        if self.in_flight == 0 and self._refused >= int(self.limit):
            self._close(now + wait)
        elif window == self._window and self._good + self._refused >= max(self.limit / 2, WINDOW):
            self._judge()
        elif self._is_recovering and not overloaded and self._share() <= TOLERATED:
            self.limit = min(self.most, self.limit + 1)

    def hold(self) -> None:
        """Grow no further in this window: the server says that nothing of an allowance remains."""
        self._at_the_edge = True

    def restart(self, until: float) -> None:
        """Send nothing before this time, then one request, and grow from there as at the start."""
        self.limit, self._starting = 1.0, True
        self.pause(until)
        self._next_window()

    def pause(self, until: float) -> None:
        """Send nothing before this time."""
        self.resumes = max(self.resumes, until)

    @property
    def _is_recovering(self) -> bool:
        """Whether each good answer makes room for one more request."""
        return not self._at_the_edge and (self._starting or self.limit < self._ceiling / 2)

    def _share(self) -> float:
        return self._refused / max(1, self._good + self._refused)

    def _judge(self) -> None:
        share = self._share()
        if share > (TOLERATED_AT_THE_EDGE if self._at_the_edge else TOLERATED):
            self._ceiling, self._starting = self.limit, False
            self.limit = max(1.0, self.limit * (1 - min(0.5, share)))
        elif share == 0 and not self._at_the_edge:
            self.limit = min(self.most, self.limit + max(1.0, (self._ceiling * NEAR_CEILING - self.limit) / 4))
        self._next_window()

    def _close(self, until: float) -> None:
        """Nothing is in flight and all places were turned away: wait as asked, then try with half as many."""
        self._starting = False
        self.limit = max(1.0, self.limit / 2)
        self.pause(until)
        self._next_window()

    def _next_window(self) -> None:
        self._window += 1
        self._good = self._refused = 0
        self._at_the_edge = False


@dataclass(slots=True)
class Bucket:
    """An allowance that fills up steadily: so many a minute, and at most `most` of them at once."""

    per_minute: float
    most: float
    _level: float = 0.0
    _seen: float | None = None

    def ready(self, now: float, amount: float) -> float:
        """Seconds until so much may be taken; 0 where it may now. More than `most` may be taken when it is full."""
        self._fill(now)
        return max(0.0, (min(amount, self.most) - self._level) * 60 / self.per_minute)

    def take(self, amount: float) -> None:
        """Use so much; a negative amount gives back what was taken too much."""
        self._level = min(self.most, self._level - amount)

    def _fill(self, now: float) -> None:
        if self._seen is None:
            self._level = self.most
        else:
            self._level = min(self.most, self._level + (now - self._seen) * self.per_minute / 60)
        self._seen = now
