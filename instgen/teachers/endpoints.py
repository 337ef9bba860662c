"""Load balancing over a teacher's servers: which one takes the next request, and when.

The rule: a request goes to the least loaded server with room; requests that wait are served in order; a server that
cannot be reached gets no requests for a while (a circuit breaker), while the others continue. Everything happens in the
event loop, at a cost independent of the number of requests that wait.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from instgen.errors import TeacherRefused
from instgen.teachers.endpoint import host_of
from instgen.teachers.pace import Bucket, Pace

DOWN_AFTER = 5
"""Consecutive failures to reach a server after which it gets no requests for a while."""

FIRST_REST, LAST_REST = 1.0, 30.0
"""Seconds without requests for a server that cannot be reached: doubled from the first to the last while that lasts."""

GONE_AFTER = 300.0
"""Seconds without any reachable server after which the run ends; journaled completions are not lost."""

BURST_SECONDS = 1.0
"""Capacity of a rate limit's bucket, in seconds of refilling: how much may be used at once."""


@dataclass(slots=True)
class Endpoint:
    """One server and what was learned about it."""

    url: str
    pace: Pace
    changes: dict[str, str | None] = field(default_factory=dict)
    """Body keys that it rejects, with the name that it accepts instead, or None to omit the key."""
    failures: int = 0
    """Consecutive failures to reach it."""
    rest: float = FIRST_REST
    """Seconds without requests after the next failures."""

    @property
    def host(self) -> str:
        """The server's `host:port`."""
        return host_of(self.url)

    def reached(self) -> None:
        """Record that the server has responded, with whatever status."""
        self.failures, self.rest = 0, FIRST_REST

    def missed(self, now: float) -> None:
        """Record that the server could not be reached."""
        self.failures += 1
        if self.failures >= DOWN_AFTER and now >= self.pace.resumes:
            self.pace.restart(now + self.rest)
            self.rest = min(LAST_REST, 2 * self.rest)


@dataclass(slots=True)
class Rates:
    """The user's rate limits, in requests and tokens per minute, over all servers together."""

    requests: Bucket | None = None
    tokens: Bucket | None = None

    @classmethod
    def of(cls, rpm: float | None, tpm: float | None) -> Rates:
        """The limits given; a burst may use one second's allowance, but at least one request or token."""
        return cls(
            Bucket(rpm, max(1.0, rpm / 60 * BURST_SECONDS)) if rpm else None,
            Bucket(tpm, max(1.0, tpm / 60 * BURST_SECONDS)) if tpm else None,
        )

    def ready(self, now: float, tokens: int) -> float:
        """Seconds until a request of `tokens` tokens may be sent."""
        first = self.requests.ready(now, 1) if self.requests else 0.0
        return max(first, self.tokens.ready(now, tokens) if self.tokens else 0.0)

    def take(self, tokens: int) -> None:
        """Count one request."""
        if self.requests:
            self.requests.take(1)
        if self.tokens:
            self.tokens.take(tokens)

    def correct(self, expected: int, used: int) -> None:
        """Replace a request's expected tokens by those it has used."""
        if self.tokens:
            self.tokens.take(used - expected)


class Lease(NamedTuple):
    """Permission to send one request to a server; returned by `Endpoints.ended`."""

    endpoint: Endpoint
    window: int
    tokens: int
    """Tokens that the request is expected to use."""


class _Waiting(NamedTuple):
    place: asyncio.Future[Lease]
    tokens: int


class Endpoints:
    """All servers of a teacher and the requests that wait for one."""

    def __init__(self, urls: tuple[str, ...], most: int, rates: Rates, clock: Callable[[], float]) -> None:
        """Set up without connecting.

        Args:
            urls: the base URLs.
            most: maximum number of requests in flight to each server.
            rates: the limits per minute.
            clock: monotonic time in seconds.
        """
        self.all = tuple(Endpoint(url, Pace(most)) for url in urls)
        self._rates = rates
        self._clock = clock
        self._waiting: deque[_Waiting] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._resting: dict[asyncio.Future[None], float] = {}
        """Requests that wait before another try, and until when."""
        self._opens = 0.0
        """When the requests that wait for a server are looked at next, or were last."""
        self._is_draining = False
        self._was_reached = False
        self._missing_since: float | None = None
        """Since when no server could be reached; None if one could."""

    async def acquire(self, tokens: int) -> Lease:
        """Wait until a server has room for a request that is expected to use `tokens` tokens; returns its lease.

        Raises:
            CancelledError: the run is being stopped.
        """
        if self._is_draining:
            raise asyncio.CancelledError
        if not self._waiting and (lease := self._lease(tokens, self._clock())) is not None:
            return lease
        waiting = _Waiting(asyncio.get_running_loop().create_future(), tokens)
        self._waiting.append(waiting)
        self._hand_out()
        try:
            return await waiting.place
        except asyncio.CancelledError:
            if waiting.place.done() and not waiting.place.cancelled():
                lease = waiting.place.result()
                lease.endpoint.pace.done(lease.window, overloaded=False, wait=0.0, now=self._clock())
                self._hand_out()
            raise

    def ended(self, lease: Lease, *, overloaded: bool = False, reached: bool = True, wait: float = 0.0) -> None:
        """Record that a request has ended, and let waiting requests go.

        Args:
            lease: the request's lease.
            overloaded: whether the server rejected it because of too many requests.
            reached: whether the server could be reached.
            wait: seconds that the server asked to wait.

        Raises:
            TeacherRefused: no server could be reached for GONE_AFTER seconds.
        """
        now, endpoint = self._clock(), lease.endpoint
        endpoint.pace.done(lease.window, overloaded=overloaded, wait=wait, now=now)
        if reached:
            endpoint.reached()
            self._was_reached, self._missing_since = True, None
        elif self._was_reached:
            endpoint.missed(now)
            self._missing_since = now if self._missing_since is None else self._missing_since
            if now - self._missing_since > GONE_AFTER:
                raise TeacherRefused(f"{endpoint.host}: no answer for {GONE_AFTER:g} s", "is the server still running?")
        if self._waiting:
            self._hand_out()

    def used(self, lease: Lease, tokens: int) -> None:
        """Replace a request's expected tokens by those it has used."""
        self._rates.correct(lease.tokens, tokens)

    async def rest(self, seconds: float) -> None:
        """Wait before another try; cancelled by `drain`."""
        loop = asyncio.get_running_loop()
        resting: asyncio.Future[None] = loop.create_future()
        self._resting[resting] = self._clock() + seconds
        timer = loop.call_later(seconds, _wake, resting)
        try:
            await resting
        finally:
            timer.cancel()
            del self._resting[resting]

    def pause(self) -> float:
        """Seconds until the next request is sent, if none is in flight and some wait; else 0.

        Changes nothing, and may be called in another thread.
        """
        if any(each.pace.in_flight for each in self.all):
            return 0.0
        now = self._clock()
        ends = (*tuple(self._resting.values()), *((self._opens,) if self._waiting else ()))
        return min((end - now for end in ends if end > now), default=0.0)

    def drain(self) -> None:
        """Send no more requests: those that wait, for a server or before another try, are cancelled."""
        self._is_draining = True
        for resting in self._resting:
            resting.cancel()
        for waiting in self._waiting:
            waiting.place.cancel()

    def close(self) -> None:
        """Cancel the timer; no request is waiting any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _hand_out(self) -> None:
        """Give leases to waiting requests, in order, while there is room."""
        now = self._clock()
        while self._waiting:
            first = self._waiting[0]
            if first.place.done():  # cancelled
                self._waiting.popleft()
                continue
            lease = self._lease(first.tokens, now)
            if lease is None:
                self._look_again(now)
                return
            self._waiting.popleft()
            first.place.set_result(lease)

    def _lease(self, tokens: int, now: float) -> Lease | None:
        """A lease to send a request now; None if the rate limits forbid it or no server has room."""
        free = [each for each in self.all if each.pace.has_room(now)]
        if not free or self._rates.ready(now, tokens):
            return None
        self._rates.take(tokens)
        endpoint = min(free, key=_load)
        return Lease(endpoint, endpoint.pace.send(), tokens)

    def _look_again(self, now: float) -> None:
        """Schedule `_hand_out` for the end of the first pause; without a pause, the next request to end triggers it."""
        later = [each.pace.resumes - now for each in self.all if each.pace.resumes > now]
        seconds = self._rates.ready(now, self._waiting[0].tokens) or min(later, default=0.0)
        if seconds > 0:
            self.close()
            self._opens = now + seconds
            self._timer = asyncio.get_running_loop().call_later(seconds, self._hand_out)


def _wake(resting: asyncio.Future[None]) -> None:
    if not resting.done():
        resting.set_result(None)


def _load(endpoint: Endpoint) -> tuple[float, int]:
    """Sort key: the lowest load first; among equals, the server that was sent the fewest requests."""
    return endpoint.pace.load, endpoint.pace.sent
