"""How many rows files hold: exactly where they are small, about where they are not, not at all where none can tell."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from instgen.cli import rowcount
from instgen.cli.rowcount import rows_in


def test_the_rows_of_several_files_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("{}\n{}\n")
    (tmp_path / "b").write_text("{}\n{}")
    assert rows_in([tmp_path / "a", tmp_path / "b"]) == 4


def test_of_a_long_file_the_beginning_says_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("12345678\n" * 1000)
    monkeypatch.setattr(rowcount, "LOOKED_AT", 90)
    assert rows_in([tmp_path / "a"]) == 1000


def test_what_does_not_hold_a_row_a_line_is_not_counted(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("{}\n")
    (tmp_path / "packed").write_bytes(gzip.compress(b"{}\n"))
    (tmp_path / "array").write_text(" [{},\n{}]\n")
    os.mkfifo(tmp_path / "pipe")
    for name in ("packed", "array", "pipe", "missing"):
        assert rows_in([tmp_path / "a", tmp_path / name]) is None, name
    assert rows_in([]) is None
