"""The servers that a teacher's requests go to: which one takes the next request, and when.

The rule: the least loaded one of those with room; who waits is served in order; a server that does not answer at all is
left alone for a while (a breaker), while the others carry on. All of it happens in the event loop and costs the same
however many wait.
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
"""Failures to reach a server, in a row, after which it is left alone."""

FIRST_REST, LAST_REST = 1.0, 30.0
"""Seconds that it is left alone, doubled each time that it still does not answer."""

GONE_AFTER = 300.0
"""Seconds without any server within reach after which a run ends; what is journaled is not lost."""

BURST_SECONDS = 1.0
"""A rate limit's allowance that may be used at once, in seconds of its filling."""


@dataclass(slots=True)
class Endpoint:
    """One server, and what was learned about it."""

    url: str
    pace: Pace
    changes: dict[str, str | None] = field(default_factory=dict)
    """Body keys that it declines, with the name that it takes instead, or None where it takes none."""
    failures: int = 0
    """Times in a row that it could not be reached."""
    rest: float = FIRST_REST

    @property
    def host(self) -> str:
        """Its `host:port`."""
        return host_of(self.url)

    def reached(self) -> None:
        """It has answered, whatever it said."""
        self.failures, self.rest = 0, FIRST_REST

    def missed(self, now: float) -> None:
        """It could not be reached."""
        self.failures += 1
        if self.failures >= DOWN_AFTER and now >= self.pace.resumes:
            self.pace.restart(now + self.rest)
            self.rest = min(LAST_REST, 2 * self.rest)


@dataclass(slots=True)
class Rates:
    """Requests and tokens a minute that the user knows to be allowed, all servers together."""

    requests: Bucket | None = None
    tokens: Bucket | None = None

    @classmethod
    def of(cls, rpm: float | None, tpm: float | None) -> Rates:
        """The limits given; a burst may use one second's allowance, and one request in any case."""
        return cls(
            Bucket(rpm, max(1.0, rpm / 60 * BURST_SECONDS)) if rpm else None,
            Bucket(tpm, max(1.0, tpm / 60 * BURST_SECONDS)) if tpm else None,
        )

    def ready(self, now: float, tokens: int) -> float:
        """Seconds until a request of so many tokens may be sent."""
        first = self.requests.ready(now, 1) if self.requests else 0.0
        return max(first, self.tokens.ready(now, tokens) if self.tokens else 0.0)

    def take(self, tokens: int) -> None:
        """Count one request."""
        if self.requests:
            self.requests.take(1)
        if self.tokens:
            self.tokens.take(tokens)

    def correct(self, expected: int, used: int) -> None:
        """Count the tokens that a request has used rather than those that were expected."""
        if self.tokens:
            self.tokens.take(used - expected)


class Lease(NamedTuple):
    """Leave to send one request to a server; it ends with `Endpoints.ended`."""

    endpoint: Endpoint
    window: int
    tokens: int
    """Tokens that the request is expected to use."""


class _Waiting(NamedTuple):
    place: asyncio.Future[Lease]
    tokens: int


class Endpoints:
    """All servers of a teacher, and the requests that wait for one."""

    def __init__(self, urls: tuple[str, ...], most: int, rates: Rates, clock: Callable[[], float]) -> None:
        """Set up without connecting.

        Args:
            urls: the base addresses.
            most: requests in flight that any of them is sent at most.
            rates: what is allowed a minute.
            clock: seconds, ever growing.
        """
        self.all = tuple(Endpoint(url, Pace(most)) for url in urls)
        self._rates = rates
        self._clock = clock
        self._waiting: deque[_Waiting] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._resting: dict[asyncio.Future[None], float] = {}
        """Those who wait before another try, and until when."""
        self._opens = 0.0
        """When it was last decided to look again at those who wait for a server."""
        self._is_draining = False
        self._was_reached = False
        self._missing_since: float | None = None
        """When it began that no server was within reach."""

    async def acquire(self, tokens: int) -> Lease:
        """Leave to send a request that is expected to use so many tokens, as soon as a server has room."""
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
        """Count a request that has ended.

        Args:
            lease: what it was sent with.
            overloaded: whether it was turned away for there being too many.
            reached: whether the server was there.
            wait: seconds that the server asked to wait.

        Raises:
            TeacherRefused: no server has been within reach for long.
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
        """Count the tokens that a request has used rather than those that were expected."""
        self._rates.correct(lease.tokens, tokens)

    async def rest(self, seconds: float) -> None:
        """Wait before another try."""
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
        """Seconds until a request is sent again, where nothing is on its way and some wait; else 0.

        Changes nothing, and may be called in another thread.
        """
        if any(each.pace.in_flight for each in self.all):
            return 0.0
        now = self._clock()
        ends = (*tuple(self._resting.values()), *((self._opens,) if self._waiting else ()))
        return min((end - now for end in ends if end > now), default=0.0)

    def drain(self) -> None:
        """Send nothing more: those who wait, for a server or before another try, are cancelled."""
        self._is_draining = True
        for resting in self._resting:
            resting.cancel()
        for waiting in self._waiting:
            waiting.place.cancel()

    def close(self) -> None:
        """Forget the timer; nobody waits any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _hand_out(self) -> None:
        """Give leave to those who wait, as far as there is room."""
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
        """Leave to send a request now, where the rates allow it and a server has room."""
        free = [each for each in self.all if each.pace.has_room(now)]
        if not free or self._rates.ready(now, tokens):
            return None
        self._rates.take(tokens)
        endpoint = min(free, key=_load)
        return Lease(endpoint, endpoint.pace.send(), tokens)

    def _look_again(self, now: float) -> None:
        """Look again when the first pause is over; without one, the next request that ends will do it."""
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
    """The least comes first; of equals, the one that was asked least."""
    return endpoint.pace.load, endpoint.pace.sent
