"""Splits by hash."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.errors import UsageError
from instgen.export.split import parse_splits


@given(st.lists(st.text(), unique=True), st.text())
def test_one_more_moves_no_other(roots: list[str], more: str) -> None:
    splits = parse_splits("train=0.7,val=0.2,test=0.1", 3)
    before = {root: splits.of(root) for root in roots}
    splits.of(more)
    assert {root: splits.of(root) for root in roots} == before


def test_the_shares_are_about_what_was_asked() -> None:
    splits = parse_splits("train=0.9,val=0.1", 0)
    share = sum(splits.of(f"r{n}") == "val" for n in range(5000)) / 5000
    assert 0.08 < share < 0.12


def test_a_larger_share_keeps_what_it_had() -> None:
    small, large = parse_splits("train=0.5,val=0.5", 0), parse_splits("train=0.8,val=0.2", 0)
    roots = [f"r{n}" for n in range(500)]
    assert {root for root in roots if small.of(root) == "train"} <= {
        root for root in roots if large.of(root) == "train"
    }


def test_another_seed_draws_another_split() -> None:
    roots = [f"r{n}" for n in range(100)]
    drawn = [[parse_splits("a=0.5,b=0.5", seed).of(root) for root in roots] for seed in (0, 1)]
    assert drawn[0] != drawn[1]


@pytest.mark.parametrize(
    "said", ["train", "train=1.1", "train=0.5", "train=0.5,train=0.5", "../x=1", "a=0,b=1", "a=x", "a=nan,b=1", ","]
)
def test_what_makes_no_sense_is_refused(said: str) -> None:
    with pytest.raises(UsageError):
        parse_splits(said, 0)
