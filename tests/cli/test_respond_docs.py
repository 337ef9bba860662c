"""The page on answering is executed, and leaves nothing out."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from instgen.cli.named import named_teacher
from instgen.filters import ANSWER_RULES
from instgen.recipes.respond import DUPLICATE
from tests.cli.conftest import settings
from tests.commands import options_of

PAGE = (Path(__file__).parents[2] / "docs" / "respond.md").read_text("utf-8")
LINES = [line.strip() for line in PAGE.splitlines() if re.match(r"    (?:cat |instgen )", line)]
SETTINGS = [line[4:] for line in PAGE.splitlines() if re.match(r"    (?:\[teachers|\w+ = )", line)]


@pytest.mark.parametrize("line", LINES)
def test_every_line_of_the_page_runs(folder: Path, line: str) -> None:
    given = [{"instruction": f"Name tree number {n}.", "output": "" if n % 2 else "A tall one."} for n in range(6)]
    (folder / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in given))
    (folder / "instgen").mkdir()
    names = ("big", "small", "fast")
    for name in names:
        (folder / f"{name}.jsonl").write_text(f'{{"reply": "The {name} one says {{{{words 6}}}}."}}\n')
    tables = "".join(f'[teachers.{name}]\nteacher = "scripted/{name}.jsonl"\n' for name in names)
    (folder / "instgen" / "config.toml").write_text(tables)
    command = f"{shlex.quote(sys.executable)} -m instgen "
    done = subprocess.run(
        line.replace("instgen ", command, 1),
        shell=True,
        env=settings({"XDG_CONFIG_HOME": str(folder)}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_settings_on_the_page_are_understood(folder: Path) -> None:
    (folder / "mine.toml").write_text("\n".join(SETTINGS))
    found = named_teacher("big", folder / "mine.toml")
    assert found
    assert (found.teacher, found.price is not None) == ("openai/Qwen/Qwen3-235B-A22B", True)


def test_every_option_of_its_own_is_on_the_page() -> None:
    shared = options_of("evolve")
    own = options_of("respond") - shared
    assert {"--with", "--samples"} <= own
    assert {name for name in own if f"`{name}" not in PAGE and f" {name} " not in PAGE} == set()


def test_its_reasons_are_on_the_page() -> None:
    reasons = re.findall(r"^\| `([a-z-]+)` \|", PAGE, re.MULTILINE)
    assert reasons == ["truncated", "refusal", DUPLICATE, "teacher-failed"]
    assert "refusal" in {rule.reason for rule in ANSWER_RULES}
    assert "empty-output" in {rule.reason for rule in ANSWER_RULES}
