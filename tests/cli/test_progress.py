"""What is told of a run on its way: nothing that is not known, and never more than fits."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.calls import Spending
from instgen.cli.account import calls_told
from instgen.cli.progress import (
    KNOWN_AFTER_SECONDS,
    WINDOW_SECONDS,
    Pace,
    Progress,
    cells,
    cut,
    left_told,
    line,
    picture,
    rate_told,
)

HALF = Progress(
    "self-instruct",
    212,
    "record",
    total=500,
    left_out={"empty": 3, "too-similar": 20},
    calls=("$0.42 so far, about $1.00 in all", "64 calls in flight", "212 asked"),
)
STEADY = 2.0
"""Records a second."""


def paced(seconds: int, rate: float = STEADY) -> Pace:
    pace = Pace()
    for second in range(seconds + 1):
        pace.note(float(second), int(second * rate))
    return pace


def test_it_shows_how_far_how_long_how_fast_and_what_for() -> None:
    pace = paced(106)
    first, left_out, calls = picture(HALF, pace, 100, 24)
    assert first.startswith("self-instruct  ━━━━")
    assert first.endswith("212 of 500 records, about 3 min left, 2.0/s")
    assert left_out == "23 rejected: too-similar 20, empty 3"
    assert calls == "$0.42 so far, about $1.00 in all, 64 calls in flight, 212 asked"
    assert line(HALF, pace).startswith("self-instruct: 212 of 500 records; about 3 min left; 2.0/s; 23 rejected: ")


def test_a_rate_is_not_told_before_it_is_known() -> None:
    assert paced(int(KNOWN_AFTER_SECONDS) - 1).rate is None
    assert paced(int(KNOWN_AFTER_SECONDS)).rate == STEADY
    assert paced(60, rate=1 / 60).rate is None, "one thing done is no rate"


def test_what_is_replayed_is_no_part_of_the_rate() -> None:
    pace = Pace()
    pace.note(0.0, 0, measured=False)
    pace.note(1.0, 10_000, measured=False)
    for second in range(1, 32):
        pace.note(float(second), 10_000 + second - 1)
    assert pace.rate == pytest.approx(1.0)
    assert pace.left(10_130) == pytest.approx(100.0)


def test_a_rate_is_of_late() -> None:
    pace = paced(1000)
    after = int(1000 + 2 * WINDOW_SECONDS)
    for second in range(1001, after):
        pace.note(float(second), 2000 + (second - 1000) * 10)
    assert pace.rate == pytest.approx(10.0, rel=0.05)


def test_without_an_end_no_time_is_left() -> None:
    assert paced(60).left(None) is None
    assert paced(60).left(120) is None, "all of it is done"
    assert paced(60, rate=0).left(100) is None, "nothing gets done"
    assert "left" not in " ".join(picture(replace(HALF, total=None, left_out={}), paced(60), 200, 24))


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (None, ""),
        (1, "less than a minute left"),
        (50, "about 1 min left"),
        (61, "about 2 min left"),
        (3599, "about 1 h left"),
        (4000, "about 1 h 10 min left"),
        (36_001, "about 11 h left"),
        (300_000, "about 4 days left"),
    ],
)
def test_a_time_is_told_no_more_exactly_than_it_is_known(seconds: float | None, told: str) -> None:
    assert left_told(seconds) == told


@pytest.mark.parametrize(
    ("rate", "told"), [(None, ""), (1234.5, "1,234/s"), (1.25, "1.2/s"), (0.5, "30/min"), (0.01, "36/h")]
)
def test_a_rate_has_the_unit_that_suits_it(rate: float | None, told: str) -> None:
    assert rate_told(rate) == told


def test_cost_is_told_first_and_foreseen_where_the_end_is() -> None:
    spending = Spending(asked=1, completion_tokens=20, known_cost=0.25)
    assert next(calls_told(spending, 1, 0.5)) == "$0.250 so far, about $0.500 in all"
    assert next(calls_told(spending, 1, None)) == "$0.250 so far"
    assert next(calls_told(replace(spending, all_priced=False), 1, 0.5)) == "cost unknown"
    assert list(calls_told(Spending(), 1, 0.5)) == ["1 call in flight", "0 asked", "0 tokens written"]


@given(
    st.builds(
        Progress,
        st.sampled_from(["filter", "self-instruct"]),
        st.integers(0, 10**9),
        st.sampled_from(["row", "record"]),
        total=st.none() | st.integers(10**9, 10**10),
        left_out=st.dictionaries(st.text(min_size=1), st.integers(1, 10**6), max_size=6),
        calls=st.lists(st.text(), max_size=4),
        state=st.text(),
    ),
    st.integers(2, 300),
    st.integers(1, 60),
    st.booleans(),
)
def test_whatever_is_told_fits_the_terminal(progress: Progress, columns: int, rows: int, plain: bool) -> None:
    lines = picture(progress, paced(20), columns, rows, plain=plain)
    assert 1 <= len(lines) <= max(1, rows - 2)
    for each in (*lines, line(progress, paced(20), max(20, columns))):
        assert "\n" not in each
        assert "\x1b" not in each
    assert all(cells(each) < columns for each in lines)
    assert cells(line(progress, paced(20), max(20, columns))) < max(20, columns)


def test_a_narrow_terminal_gets_what_matters_most() -> None:
    assert picture(HALF, paced(106), 40, 15) == [
        "self-instruct  212 of 500 records",
        "23 rejected: too-similar 20, empty 3",
        "$0.42 so far, about $1.00 in all",
    ]
    assert picture(HALF, paced(106), 80, 3) == picture(HALF, paced(106), 80, 15)[:1]


def test_wide_characters_take_two_columns_and_what_commands_a_terminal_takes_none() -> None:
    assert (cells("请求过多"), cells("e\u0301"), cells("❤\ufe0f")) == (8, 1, 2)
    assert cut("请求过多", 8) == "请求过多"
    assert cut("请求过多", 7) == "请求过…"
    assert cut("slow\n\tdown\x1b[2J", 20) == "slow down�[2J"
