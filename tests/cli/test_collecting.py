"""A run collects garbage seldom, and leaves the interpreter as it was."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from instgen.cli.collecting import seldom_collected
from instgen.cli.sifting import Inputs, sift
from instgen.errors import InputError
from instgen.running.filter import sieve_for
from instgen.running.filter_options import FilterOptions
from instgen.running.options import Writing


def test_it_is_seldom_only_inside() -> None:
    gc.unfreeze()  # what the session froze
    before = gc.get_threshold()
    with seldom_collected(before[0] + 5):
        assert gc.get_threshold()[0] == before[0] + 5
        assert gc.get_freeze_count() > 0
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)


def test_a_run_that_fails_leaves_it_as_it_was(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text("no row\n")
    before = gc.get_threshold()
    with pytest.raises(InputError):
        sift(
            sieve_for(FilterOptions(), lambda line: None),
            Inputs([rows]),
            Writing(output=tmp_path / "out.jsonl", quiet=True),
        )
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)
