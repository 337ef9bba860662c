from __future__ import annotations

from collections.abc import Mapping
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.teachers.retry import (
    HINTS,
    LAST_WAIT,
    LONGEST_WAIT,
    QUOTA_HINT,
    Decision,
    Failure,
    decide,
    nothing_remains,
    wait_before_next,
)

NOW = 1_795_000_000.0  # Wed, 18 Nov 2026 11:06:40 GMT


def decided(failure: Failure, attempt: int = 1, tries: int = 5) -> Decision:
    return decide(failure, attempt=attempt, tries=tries, now=NOW, rng=Random(0))


def waited(headers: Mapping[str, str], attempt: int = 1) -> float:
    return wait_before_next(headers, attempt=attempt, now=NOW, rng=Random(0))


@pytest.mark.parametrize("status", [0, 200, 408, 409, 425, 429, 500, 502, 503, 504, 520, 529])
def test_a_passing_trouble_is_tried_again(status: int) -> None:
    assert decided(Failure(status)).action == "again"


@pytest.mark.parametrize("status", [400, 406, 413, 415, 422])
def test_a_fault_of_the_prompt_ends_the_item(status: int) -> None:
    assert decided(Failure(status)) == Decision("item")


def test_a_prompt_that_moderation_turns_away_ends_the_item_though_a_403_ends_the_run() -> None:
    assert decided(Failure(403, code="content_policy_violation")) == Decision("item")


@pytest.mark.parametrize("status", [401, 402, 403, 404, 405])
def test_a_fault_of_the_account_or_address_ends_the_run_with_a_hint(status: int) -> None:
    assert decided(Failure(status)) == Decision("run", hint=HINTS[status])


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_ends_the_run(status: int) -> None:
    assert decided(Failure(status)).action == "run"


@pytest.mark.parametrize(
    "failure",
    [
        Failure(429, code="insufficient_quota"),
        Failure(429, "You exceeded your current quota, please check your plan"),
        Failure(429, code="insufficient_quota", headers={"x-should-retry": "true", "retry-after": "1"}),
    ],
)
def test_no_quota_ends_the_run_whatever_else_is_said(failure: Failure) -> None:
    assert decided(failure) == Decision("run", hint=QUOTA_HINT)


def test_the_tries_are_bounded() -> None:
    assert [decided(Failure(503), attempt, tries=3).action for attempt in (1, 2, 3)] == ["again", "again", "item"]


def test_the_server_may_ask_for_another_try() -> None:
    assert decided(Failure(400, headers={"x-should-retry": "true"})).action == "again"


def test_the_server_cannot_ask_for_more_tries_than_we_give() -> None:
    assert decided(Failure(400, headers={"x-should-retry": "true"}), attempt=5).action == "item"


def test_the_server_may_ask_for_no_other_try() -> None:
    assert decided(Failure(503, headers={"x-should-retry": "false"})) == Decision("item")


def test_what_ends_the_run_does_so_at_the_last_try_too() -> None:
    assert decided(Failure(401, headers={"x-should-retry": "true"}), attempt=5).action == "run"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after-ms": "1500", "retry-after": "7"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "7"}, 7.0),
        ({"retry-after": "Wed, 18 Nov 2026 11:06:50 GMT"}, 10.0),
        ({"retry-after": "Wed, 18 Nov 2026 12:06:50 +0100"}, 10.0),
        ({"retry-after": "Wed, 18 Nov 2026 11:06:50"}, 10.0),
        ({"retry-after": "3600"}, LONGEST_WAIT),
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "6m0s"}, LONGEST_WAIT),
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "20ms"}, 1.0),
        ({"x-ratelimit-reset-requests": "1m2.5s"}, 62.5),
        ({"anthropic-ratelimit-input-tokens-reset": "2026-11-18T11:06:50Z"}, 10.0),
        ({"anthropic-ratelimit-requests-reset": "2026-11-18T11:06:45"}, 5.0),
        ({"x-ratelimit-reset-requests": "9s", "retry-after": "2"}, 2.0),
        ({"retry-after": "Wed, 18 Nov 2026 23:06:50 GMT"}, LONGEST_WAIT),
    ],
)
def test_the_servers_wish_is_obeyed_up_to_a_limit(headers: dict[str, str], seconds: float) -> None:
    assert waited(headers) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "value", ["", "0", "-3", "nan", "inf", "1e999", "soon", "Wed, 18 Nov 2026 11:00:00 GMT", "9" * 400]
)
def test_a_wish_that_makes_no_sense_is_a_backoff(value: str) -> None:
    assert waited({"retry-after": value}) == waited({})


@given(st.text(), st.text(), st.integers(1, 40), st.floats(0, 2**33))
def test_no_header_whatever_makes_us_wait_long(after: str, milliseconds: str, attempt: int, now: float) -> None:
    headers = {"retry-after": after, "retry-after-ms": milliseconds}
    assert 0 <= wait_before_next(headers, attempt=attempt, now=now, rng=Random(0)) <= LONGEST_WAIT


def test_the_thousandth_try_waits_as_the_tenth_does() -> None:
    assert wait_before_next({}, attempt=5_000, now=NOW, rng=Random(0)) <= LAST_WAIT


@given(st.integers(1, 40), st.integers())
def test_a_backoff_stays_under_its_doubling_bound(attempt: int, seed: int) -> None:
    wait = wait_before_next({}, attempt=attempt, now=NOW, rng=Random(seed))
    assert 0 <= wait <= min(LAST_WAIT, 0.5 * 2 ** (attempt - 1))


def test_a_wish_in_the_body_counts_before_the_headers() -> None:
    assert decided(Failure(429, headers={"retry-after": "9"}, wait=34.0)).wait == 34.0
    assert decided(Failure(429, wait=3600.0)).wait == LONGEST_WAIT


@pytest.mark.parametrize("code", ["enforced_spend_limit_reached", "contract_spend_limit_reached", "insufficient_quota"])
@pytest.mark.parametrize("status", [400, 429])
def test_a_spend_limit_ends_the_run(code: str, status: int) -> None:
    assert decided(Failure(status, code=code)).action == "run"


@pytest.mark.parametrize("failure", [Failure(429), Failure(503), Failure(529), Failure(0, timed_out=True)])
def test_too_many_requests_and_time_outs_are_overload(failure: Failure) -> None:
    assert failure.overloaded


@pytest.mark.parametrize("failure", [Failure(500), Failure(0), Failure(200), Failure(408)])
def test_other_failures_are_none(failure: Failure) -> None:
    assert not failure.overloaded


def test_an_allowance_that_is_used_up_is_seen() -> None:
    assert nothing_remains({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-remaining-requests": "5"})
    assert nothing_remains({"anthropic-ratelimit-input-tokens-remaining": "0"})
    assert not nothing_remains({"x-ratelimit-remaining-tokens": "10", "content-length": "0"})


@given(st.integers(1, 4), st.integers(), st.integers())
def test_each_wait_is_longer_than_the_one_before(attempt: int, one: int, other: int) -> None:
    earlier = wait_before_next({}, attempt=attempt, now=NOW, rng=Random(one))
    assert wait_before_next({}, attempt=attempt + 1, now=NOW, rng=Random(other)) >= 1.4 * earlier


def test_the_reset_of_a_limit_is_not_waited_for_after_another_failure() -> None:
    headers = {"x-ratelimit-reset-requests": "1h12m0s"}
    assert decided(Failure(500, headers=headers)).wait < 1
    assert decided(Failure(429, headers=headers)).wait == LONGEST_WAIT


@pytest.mark.parametrize("value", ["1 Jan 99999999999999999999 00:00:00", "9999999-01-01T00:00:00Z"])
def test_a_date_beyond_all_time_is_no_wish(value: str) -> None:
    assert waited({"retry-after": value, "x-ratelimit-reset-requests": value}) == waited({})


def test_equal_luck_waits_equally_long() -> None:
    assert decided(Failure(503), attempt=3) == decided(Failure(503), attempt=3)
