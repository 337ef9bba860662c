"""Sorted runs against a dictionary."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.text import runs as module
from instgen.text.runs import Hits, Runs

PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 300)), max_size=30)


def keyed(numbers: list[int]) -> np.ndarray:
    return np.array(numbers, np.uint64) << np.uint64(40)


def found(runs: Runs, keys: list[int]) -> set[tuple[int, int]]:
    hits = runs.find(keyed(keys), np.arange(len(keys)))
    return {pair for some in hits for pair in zip(some.queries.tolist(), some.rows.tolist(), strict=True)}


@given(st.lists(PAIRS, max_size=8), st.lists(st.integers(0, 5), max_size=10), st.sampled_from([8, 24]))
def test_every_row_of_a_key_is_found_and_no_other(
    parts: list[list[tuple[int, int]]], keys: list[int], bits: int
) -> None:
    runs = Runs(bits)
    for part in parts:
        runs.add(keyed([key for key, _ in part]), np.array([row for _, row in part], np.int64))
    wanted = {(query, row) for query, key in enumerate(keys) for part in parts for own, row in part if own == key}
    assert found(runs, keys) == wanted
    assert runs.count(keyed(keys), np.arange(len(keys))) >= len(wanted)


def test_many_hits_come_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_HITS", 10)
    runs = Runs()
    runs.add(keyed([1] * 7 + [2] * 25), np.arange(32))
    parts = list(runs.find(keyed([1, 2, 1, 3]), np.arange(4)))
    assert len(parts) > 1
    assert sum(map(len, parts)) == 7 + 25 + 7
    assert found(runs, [2]) == {(0, row) for row in range(7, 32)}


def test_runs_stay_few() -> None:
    runs = Runs()
    for row in range(500):
        runs.add(keyed([row, row + 1]), np.array([row, row]))
    assert len(runs._runs) < 12
    assert sum(len(run.entries) for run in runs._runs) == 500 * 2


def test_a_pair_is_told_once() -> None:
    both = Hits(np.array([1, 0, 1]), np.array([2, 5, 2]))
    joined = Hits.joined([both, both])
    assert (joined.queries.tolist(), joined.rows.tolist()) == ([0, 1], [5, 2])
