"""Adaptive concurrency: how many requests a server gets at a time, learned from which ones it rejects as too many.

The rule: pure bookkeeping; the time is an argument, and nothing here waits. The number of requests in flight grows
while none is rejected, and shrinks with the share of those that are (429, 503, 529, a timeout). Latency is no signal:
it depends on the length of the answer.

The algorithm is that of TCP: a slow start that doubles with each round of answers (and again after a pause), then
slower growth. Answers are judged in windows, and the limit is cut by the share rejected, as in DCTCP (RFC 8257). The
constants were chosen by simulation (`tests/teachers/test_pace.py`) of a server with a limit per second, and of one that
rejects requests at random.
"""

from __future__ import annotations

from dataclasses import dataclass

FIRST = 64
"""Initial limit of requests in flight to a server."""

WINDOW = 64
"""Minimum number of answers that are judged together."""

TOLERATED = 0.15
"""The share of a window that may be rejected without a cut: transient faults are not an overload."""

TOLERATED_AT_THE_EDGE = 0.03
"""The same if the server says that nothing of an allowance remains: then rejections are not transient faults."""

NEAR_CEILING = 0.8
"""The share of the last limit that was too high up to which the limit recovers fast."""


@dataclass(slots=True)
class Pace:
    """The number of requests that one server can handle at a time, as learned so far."""

    most: int
    """Upper bound of the limit."""
    limit: float = FIRST
    in_flight: int = 0
    sent: int = 0
    """Total number of requests sent."""
    resumes: float = 0.0
    """When requests may be sent again after a pause."""
    _ceiling: float = 0.0
    """The last limit that was too high."""
    _starting: bool = True
    _window: int = 0
    _good: int = 0
    _refused: int = 0
    _at_the_edge: bool = False
    """Whether the server has said, during this window, that nothing of an allowance remains."""

    def __post_init__(self) -> None:
        self.limit = float(min(self.limit, self.most))
        self._ceiling = float(self.most)

    @property
    def load(self) -> float:
        """The share of the limit in use; requests rejected in the current window count as in flight."""
        return (self.in_flight + self._refused) / self.limit

    def has_room(self, now: float) -> bool:
        """Whether another request may be sent; the slot of a rejected one stays empty until its window ends."""
        return now >= self.resumes and self.in_flight + self._refused < int(self.limit)

    def send(self) -> int:
        """Count a request that is sent; returns its window's number, to be passed to `done`."""
        self.in_flight += 1
        self.sent += 1
        return self._window

    def done(self, window: int, *, overloaded: bool, wait: float, now: float) -> None:
        """Count a request that has ended.

        Args:
            window: the number that `send` returned for it.
            overloaded: whether the server rejected it because of too many requests.
            wait: seconds that the server asked to wait, if it was rejected.
            now: the time, on the same clock as for `has_room`.
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
        """Stop growing for this window: the server says that nothing of an allowance remains."""
        self._at_the_edge = True

    def restart(self, until: float) -> None:
        """Pause until a time, then start over with one request at a time and grow as at the start."""
        self.limit, self._starting = 1.0, True
        self.pause(until)
        self._next_window()

    def pause(self, until: float) -> None:
        """Send no requests before a time."""
        self.resumes = max(self.resumes, until)

    @property
    def _is_recovering(self) -> bool:
        """Whether each successful answer raises the limit by one."""
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
        """Halve the limit and pause: every request of the window was rejected, and none is in flight."""
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
    """A token bucket: `per_minute` units are added per minute, up to `most`."""

    per_minute: float
    most: float
    _level: float = 0.0
    _seen: float | None = None

    def ready(self, now: float, amount: float) -> float:
        """Seconds until `amount` may be taken, 0 if it may now. More than `most` may be taken from a full bucket."""
        self._fill(now)
        return max(0.0, (min(amount, self.most) - self._level) * 60 / self.per_minute)

    def take(self, amount: float) -> None:
        """Take an amount; a negative one returns what was taken in excess."""
        self._level = min(self.most, self._level - amount)

    def _fill(self, now: float) -> None:
        if self._seen is None:
            self._level = self.most
        else:
            self._level = min(self.most, self._level + (now - self._seen) * self.per_minute / 60)
        self._seen = now
