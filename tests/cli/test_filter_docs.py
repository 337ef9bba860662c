"""The page on filtering is executed, and leaves nothing out."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from instgen.filters.presets import PRESETS
from instgen.filters.rulebook import STANDING_ALONE
from tests.cli.conftest import settings
from tests.commands import options_of

PAGE = (Path(__file__).parents[2] / "docs" / "filter.md").read_text("utf-8")
LINES = [line.strip() for line in PAGE.splitlines() if re.match(r"    (?:cat |instgen )", line)]


@pytest.mark.parametrize("line", LINES)
def test_every_line_of_the_page_runs(folder: Path, line: str) -> None:
    given = [
        {"instruction": f"Name tree number {n}.", "output": f"Tree {n} is tall.", "scores": {"quality": n}}
        for n in range(6)
    ]
    data = "".join(json.dumps(row) + "\n" for row in given)
    for name in ("data", "scored"):
        (folder / f"{name}.jsonl").write_text(data)
    (folder / "old.jsonl").write_text(data.splitlines()[0])
    (folder / "test.jsonl").write_text('{"question": "How many trees does it take to make a very small forest?"}\n')
    command = f"{shlex.quote(sys.executable)} -m instgen "
    done = subprocess.run(
        line.replace("instgen ", command, 1), shell=True, env=settings(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_option_is_on_the_page() -> None:
    names = options_of("filter")
    elsewhere = {"--output", "--quiet", "--verbose", "--config", "--help"}
    assert {name for name in names - elsewhere if f"{name}" not in PAGE} == set()


def test_every_preset_is_on_the_page() -> None:
    assert re.findall(r"^\| `([a-z0-9]+)` \| ", PAGE, re.MULTILINE) == list(PRESETS)


def test_the_rules_about_a_task_alone_are_on_the_page() -> None:
    assert all(f"`{name}`" in PAGE for name in STANDING_ALONE)
