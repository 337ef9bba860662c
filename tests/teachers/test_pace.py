"""Simulated servers: with a limit a second, with passing faults, with neither."""

from __future__ import annotations

import heapq
import itertools
import random
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from instgen.teachers.pace import FIRST, Bucket, Pace


@dataclass
class Limited:
    """A server that takes so many requests a second, with a burst, and turns away at once what is more."""

    per_second: float
    burst: float
    level: float = field(init=False)
    seen: float = 0.0

    def __post_init__(self) -> None:
        self.level = self.burst

    def takes(self, now: float) -> bool:
        self.level = min(self.burst, self.level + (now - self.seen) * self.per_second)
        self.seen = now
        if self.level < 1:
            return False
        self.level -= 1
        return True


@dataclass
class Faulty:
    """A server that turns away a share of the requests, at random."""

    share: float
    luck: random.Random = field(default_factory=lambda: random.Random(1))

    def takes(self, now: float) -> bool:
        return self.luck.random() >= self.share


@dataclass(frozen=True)
class Ran:
    seconds: float
    refused: int
    most: int


def simulated(server: Limited | Faulty, *, requests: int, most: int, latency: float, wait: float = 1.0) -> Ran:
    """So many requests to their end, each sent again `wait` seconds after it was turned away."""
    pace, now, order = Pace(most), 0.0, itertools.count()
    todo, refused, high, answered = requests, 0, 0, 0
    events: list[tuple[float, int, str, int]] = []
    while answered < requests:
        while todo and pace.has_room(now):
            todo -= 1
            window = pace.send()
            high = max(high, pace.in_flight)
            taken = server.takes(now)
            heapq.heappush(events, (now + latency if taken else now, next(order), "ok" if taken else "no", window))
        if todo and pace.resumes > now and (not events or pace.resumes < events[0][0]):
            now = pace.resumes
            continue
        now, _, kind, window = heapq.heappop(events)
        if kind == "again":
            todo += 1
            continue
        pace.done(window, overloaded=kind == "no", wait=wait, now=now)
        answered += kind == "ok"
        if kind == "no":
            refused += 1
            heapq.heappush(events, (now + wait, next(order), "again", 0))
    return Ran(now, refused, high)


def test_without_refusals_it_grows_to_all_it_may_send() -> None:
    ran = simulated(Faulty(0.0), requests=20_000, most=1024, latency=0.2)
    assert ran.most == 1024
    assert ran.seconds < 1.15 * 20_000 / 1024 * 0.2


def test_a_limit_a_second_is_used_and_seldom_passed() -> None:
    ran = simulated(Limited(400, 100), requests=2_000, most=256, latency=0.2)
    assert ran.seconds < 6  # 4.75 s at the limit
    assert ran.refused <= 100


def test_a_long_run_against_a_limit_stays_near_it() -> None:
    ran = simulated(Limited(400, 100), requests=20_000, most=256, latency=0.2)
    assert ran.seconds < 1.08 * 20_000 / 400
    assert ran.refused < 0.04 * 20_000


def test_passing_faults_do_not_slow_it_down() -> None:
    ran = simulated(Faulty(0.06), requests=10_000, most=256, latency=0.05)
    assert ran.most == 256
    assert ran.seconds < 7  # 2.1 s at best, with a second's wait for each that was turned away


def test_a_server_that_takes_almost_nothing_is_hardly_bothered() -> None:
    ran = simulated(Limited(1, 5), requests=100, most=256, latency=0.2)
    assert ran.seconds < 1.1 * 100
    assert ran.refused < 4 * 100


def test_it_never_sends_more_than_the_most() -> None:
    assert Pace(8).limit == 8
    assert Pace(1024).limit == FIRST


def test_all_turned_away_is_a_pause() -> None:
    pace = Pace(4)
    windows = [pace.send() for _ in range(4)]
    for window in windows:
        pace.done(window, overloaded=True, wait=7.0, now=100.0)
    assert not pace.has_room(106.9)
    assert pace.has_room(107.0)
    assert pace.limit == 2


def test_at_the_edge_of_an_allowance_it_grows_no_further() -> None:
    pace = Pace(256)
    windows = [pace.send() for _ in range(FIRST)]
    pace.hold()
    for window in windows:
        pace.done(window, overloaded=False, wait=0.0, now=1.0)
    assert pace.limit == FIRST
    pace.done(pace.send(), overloaded=False, wait=0.0, now=1.0)
    assert pace.limit == FIRST + 1


def test_after_a_restart_one_request_goes_first() -> None:
    pace = Pace(64)
    pace.restart(10.0)
    assert not pace.has_room(9.9)
    window = pace.send() if pace.has_room(10.0) else -1
    assert not pace.has_room(10.0)
    pace.done(window, overloaded=False, wait=0.0, now=11.0)
    assert int(pace.limit) == 2


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.floats(0, 5)), max_size=400), st.integers(1, 300))
def test_the_books_stay_in_order_whatever_comes(moves: list[tuple[bool, bool, float]], most: int) -> None:
    pace, flying, now = Pace(most), [], 0.0
    for sends, overloaded, seconds in moves:
        now += seconds
        if sends and pace.has_room(now):
            flying.append(pace.send())
        elif flying:
            pace.done(flying.pop(0), overloaded=overloaded, wait=seconds, now=now)
        assert pace.in_flight == len(flying)
        assert 1 <= pace.limit <= most
    for window in flying:
        pace.done(window, overloaded=False, wait=0.0, now=now)
    assert pace.has_room(max(now, pace.resumes) + 1) or pace.limit < 2


def test_a_bucket_gives_what_it_holds_and_fills_steadily() -> None:
    bucket = Bucket(per_minute=60, most=2)
    assert bucket.ready(0.0, 1) == 0
    bucket.take(1)
    bucket.take(1)
    assert bucket.ready(0.0, 1) == 1.0
    assert bucket.ready(0.5, 1) == 0.5
    assert bucket.ready(1.0, 1) == 0


def test_more_than_a_bucket_holds_may_be_taken_when_it_is_full_and_is_paid_off() -> None:
    bucket = Bucket(per_minute=60, most=2)
    assert bucket.ready(0.0, 10) == 0
    bucket.take(10)
    assert bucket.ready(0.0, 1) == 9.0


def test_after_refusals_a_restart_still_opens_again() -> None:
    pace = Pace(64)
    windows = [pace.send() for _ in range(6)]
    for window in windows[:3]:
        pace.done(window, overloaded=True, wait=0.0, now=1.0)
    pace.restart(2.0)
    for window in windows[3:]:
        pace.done(window, overloaded=True, wait=0.5, now=1.5)
    assert pace.in_flight == 0
    assert pace.has_room(10.0)


def test_refusals_of_an_earlier_window_leave_room_in_the_end() -> None:
    pace = Pace(256, limit=256)
    windows = [pace.send() for _ in range(256)]
    for number, window in enumerate(windows):
        pace.done(window, overloaded=number < 205, wait=0.0, now=1.0)
    assert pace.has_room(1.0)
