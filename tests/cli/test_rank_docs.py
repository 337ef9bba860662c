"""The page on ranking is executed, and leaves nothing out."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from instgen.prompts.book import PromptBook
from instgen.recipes.rank import CRITERION
from instgen.recipes.rank_order import MARGINS
from tests.cli.conftest import settings
from tests.commands import commands, options_of

PAGE = (Path(__file__).parents[2] / "docs" / "rank.md").read_text("utf-8")
LINES = [line.strip() for line in PAGE.splitlines() if line.startswith("    instgen ")]
JUDGE: tuple[dict[str, object], ...] = (
    {"when": "answers to one task are to be put in order", "reply": "A > B > C > D"},
    {"match": "(?s)answer A\n[^\n]*Paris", "reply": "[[A>>B]]"},
    {"match": "(?s)answer B\n[^\n]*Paris", "reply": "[[B]]"},
    {"reply": "It is {{words 3}}."},
)


@pytest.mark.parametrize("line", LINES)
def test_every_line_of_the_page_runs(folder: Path, line: str) -> None:
    candidates = [{"output": "It is Lyon."}, {"output": "It is Paris."}]
    files: dict[str, Sequence[dict[str, object]]] = {
        "candidates": [{"instruction": "Capital of France?", "output": "It is Lyon.", "candidates": candidates}],
        "data": [{"instruction": "Name a tree."}, {"instruction": "Name a river."}],
        "judge": JUDGE,
        "rules": JUDGE,
    }
    for name, some in files.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in some))
    command = f"{shlex.quote(sys.executable)} -m instgen "
    done = subprocess.run(
        line.replace("instgen ", command), shell=True, env=settings(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    if ">" in line and "export" not in line:
        (row,) = map(json.loads, (folder / line.rpartition("> ")[2]).read_text().splitlines())
        assert row["output"] == "It is Paris."


def test_every_option_of_its_own_is_on_the_page() -> None:
    shared = {name for option in commands()["journal"].commands["info"].params for name in option.opts}
    shared |= options_of("self-instruct")
    own = options_of("rank") - shared
    assert own == {"--by", "--criteria", "--ties", "--best"}
    assert {name for name in own if f"`{name}" not in PAGE} == set()


def test_every_criterion_and_every_level_is_on_the_page() -> None:
    for language in ("en", "zh"):
        blocks = [set(PromptBook(language).template(name).blocks) for name in ("rank-pair", "rank-list")]
        criteria = [{block for block in each if block.startswith(CRITERION)} for each in blocks]
        assert criteria[0] == criteria[1]
        for name in criteria[0]:
            assert f"`{name.removeprefix(CRITERION)}`" in PAGE
    for word, level in MARGINS.items():
        assert f"{level} {word}" in PAGE


def test_its_reasons_are_on_the_page() -> None:
    code = (Path(__file__).parents[2] / "instgen" / "recipes" / "rank.py").read_text("utf-8")
    reasons = set(re.findall(r"Verdict\(\s*\"([a-z-]+)\"", code)) | {"teacher-failed"}
    assert len(reasons) == 5
    assert {reason for reason in reasons if f"| `{reason}` |" not in PAGE} == set()
