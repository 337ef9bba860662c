"""Charts: what a bar says that it holds."""

from __future__ import annotations

from instgen.report.spread import spread_of
from instgen.report.svg import bars, histogram


def titles(values: list[float]) -> list[str]:
    spread = spread_of(values)
    assert spread
    return [part.split("</title>")[0] for part in histogram(spread, "n").split("<title>")[1:]]


def test_a_bar_of_one_number_is_named_by_it() -> None:
    assert titles([3, 4, 4, 5]) == ["3: 1", "4: 2", "5: 1"]


def test_fractions_are_not_counted_as_whole_numbers_because_the_ends_are() -> None:
    assert len(titles([1, 1.25, 1.5, 2])) > 2


def test_the_last_bar_says_that_it_holds_what_is_longer() -> None:
    assert titles([*([1.0] * 200), *([2.0] * 200), 900.0])[-1] == "2 and more: 201"


def test_numbers_at_the_ends_of_what_can_be_told_have_a_spread() -> None:
    assert sum(int(title.rpartition(" ")[2]) for title in titles([1e308, -1e308, 0.5])) == 3


def test_nothing_has_no_bar() -> None:
    drawn = bars({"some": 3, "none": 0}, "n")
    assert 'width="0"' in drawn
    assert 'width="0.3%"' not in drawn
