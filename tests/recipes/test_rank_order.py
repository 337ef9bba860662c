"""From pairs to an order."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from instgen.recipes.rank_order import TIE, Listing, Preference, Standing, both, of_pair, standings

PREFERENCES = st.builds(
    Preference, st.sampled_from([0, 1, None]), st.one_of(st.none(), st.integers(min_value=0, max_value=3))
)


@st.composite
def judged(draw: st.DrawFn) -> tuple[int, dict[tuple[int, int], Preference]]:
    size = draw(st.integers(min_value=1, max_value=6))
    return size, {pair: draw(PREFERENCES) for pair in combinations(range(size), 2) if draw(st.booleans())}


def ranks(size: int, pairs: dict[tuple[int, int], Preference]) -> dict[int, int]:
    return {each.candidate: each.rank for each in standings(size, pairs)}


def test_two_orders_that_disagree_are_a_tie() -> None:
    first = Preference(0, 2)
    assert both(first, Preference(1, 3)) == Preference(0, 2)
    assert both(first, Preference(0, 3)) == TIE
    assert both(first, TIE) == TIE


def test_the_smaller_of_two_margins_holds() -> None:
    assert both(Preference(1, 3), Preference(0, 0)) == Preference(1, 0)
    assert both(Preference(1), Preference(0, 2)) == Preference(1, 2)
    assert both(Preference(1), Preference(0)) == Preference(1)


@given(PREFERENCES, PREFERENCES)
def test_which_order_is_called_the_first_changes_nothing(one: Preference, other: Preference) -> None:
    there, back = both(one, other), both(other, one)
    assert there.margin == back.margin
    assert (there.better is None) == (back.better is None)
    assert there.better is None or there.better + (back.better or 0) == 1


def test_a_listing_says_something_of_each_pair_in_it() -> None:
    listing = Listing(((2,), (0, 1), (3,)), (1, 3))
    assert of_pair(listing, 0, 2) == Preference(1, 1)
    assert of_pair(listing, 2, 3) == Preference(0, 3)
    assert of_pair(listing, 0, 1) == TIE


def test_who_wins_more_stands_higher_and_equals_share_a_rank() -> None:
    pairs = {(0, 1): Preference(1), (0, 2): Preference(1), (1, 2): TIE}
    assert ranks(3, pairs) == {1: 1, 2: 1, 0: 3}


def test_a_circle_is_a_tie_unless_margins_differ() -> None:
    level = {(0, 1): Preference(0, 2), (1, 2): Preference(0, 2), (0, 2): Preference(1, 2)}
    assert set(ranks(3, level).values()) == {1}
    clear = level | {(0, 1): Preference(0, 3)}
    assert ranks(3, clear) == {0: 1, 2: 2, 1: 3}


def test_the_margin_is_that_by_which_the_first_one_beats_another() -> None:
    pairs = {(0, 1): Preference(1, 3), (1, 2): Preference(0, 1), (0, 2): Preference(1, 0)}
    found = standings(3, pairs)
    assert found == (Standing(1, 1, 2.0, 0), Standing(2, 2, 1.0, 1), Standing(0, 3, 0.0, 3))


def test_a_margin_that_nobody_said_is_none() -> None:
    assert [each.margin for each in standings(2, {(0, 1): Preference(1)})] == [0, None]


@given(judged())
def test_everybody_stands_somewhere_and_all_wins_are_shared_out(
    given_pairs: tuple[int, dict[tuple[int, int], Preference]],
) -> None:
    size, pairs = given_pairs
    found = standings(size, pairs)
    assert sorted(each.candidate for each in found) == list(range(size))
    assert sum(each.wins for each in found) == size * (size - 1) / 2
    assert found[0].rank == 1
    assert [each.rank for each in found] == sorted(each.rank for each in found)
    assert found[0].margin == 0


@given(judged())
def test_who_beats_everybody_comes_first(given_pairs: tuple[int, dict[tuple[int, int], Preference]]) -> None:
    size, pairs = given_pairs
    pairs |= {(0, other): Preference(0, 1) for other in range(1, size)}
    assert ranks(size, pairs)[0] == 1
    assert list(ranks(size, pairs).values()).count(1) == 1
