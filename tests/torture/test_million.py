"""A million rows through `filter`: what comes out is exact, and memory holds no more than each method has to.

TORTURE_ROWS says how many rows. The ceilings are generous: time is not measured against anything, and memory only
against what a leak of some hundred bytes a row would take.
"""

from __future__ import annotations

import itertools
import os
import resource
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.torture.runs import COMMAND, environment, tell

ROWS = int(os.environ.get("TORTURE_ROWS", "1000000"))
TWICE = 10
"""Each row with such a number is an earlier one again."""
PARTS = (
    "ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "ru", "sal", "ten", "vir", "wol", "zum", "pra", "ste", "klo",
)  # fmt: skip
WORDS = tuple(map("".join, itertools.product(PARTS, repeat=3)))
MEGABYTE = 1 << 20
CEILINGS = {"off": 200, "exact": 400, "novelty": 2500}
"""Megabytes at a million rows: nothing a row, its 16 bytes of digest with what a table adds, its tokens."""


def drawn_by(number: int) -> int:
    """What a row is made of: its number, or that of an earlier one again."""
    return number if number % TWICE else number // 2


def rows() -> Iterator[bytes]:
    """The rows, always the same: of twelve words each."""
    for number in map(drawn_by, range(ROWS)):
        text = " ".join(Random(number).choices(WORDS, k=12))
        yield b'{"instruction": "%s", "output": "%d"}\n' % (text.encode(), number)


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("million") / "rows.jsonl"
    with path.open("wb") as file:
        file.writelines(rows())
    return path


@pytest.mark.parametrize("dedupe", CEILINGS)
def test_a_million_rows_are_filtered_in_bounded_memory(dedupe: str, many: Path, tmp_path: Path) -> None:
    files = (str(many), "-q", "-o", "kept.jsonl", "--rejects", "no.jsonl")
    line = ("filter", *files, "--preset", "off", "--dedupe", dedupe)
    began = time.monotonic()
    process = subprocess.Popen([*COMMAND, *line], cwd=tmp_path, env=environment(tmp_path), stderr=subprocess.PIPE)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    with process:
        assert process.stderr
        said = process.stderr.read().decode()
    assert process.returncode == 0, said
    kept, rejected = count(tmp_path / "kept.jsonl"), count(tmp_path / "no.jsonl")
    assert kept + rejected == ROWS
    peak = usage.ru_maxrss * 1024 / MEGABYTE
    tell(
        f"{ROWS:,} rows, --dedupe {dedupe}: {kept:,} kept, {time.monotonic() - began:.0f} s, peak {peak:.0f} MB "
        f"(this test's own process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB)"
    )
    assert rejected == (0 if dedupe == "off" else repeated())
    assert peak < CEILINGS[dedupe] * max(1.0, ROWS / 1_000_000)


def count(path: Path) -> int:
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(MEGABYTE), b""))


def repeated() -> int:
    """How many rows are an earlier one again."""
    return ROWS - len(set(map(drawn_by, range(ROWS))))
