"""Plugins by strangers come in through the same doors as what we bring: each example is installed and used."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from instgen.errors import UsageError
from instgen.export.find import find_format
from instgen.filters.presets import PRESETS, chosen
from instgen.scores.find import find_rubric
from instgen.teachers.find import find_teacher
from instgen.teachers.teacher import Settings

ROOT = Path(__file__).parents[1]


class Door(NamedTuple):
    """A name of ours, and what looks names up."""

    ours: str
    find: Callable[[str], Any]


DOORS = {
    "instgen.teachers": Door("anthropic", lambda name: find_teacher(f"{name}/m", Settings(api_key="k"))),
    "instgen.filters": Door("looped", lambda name: chosen(PRESETS["off"], (name,), ())),
    "instgen.rubrics": Door("quality", find_rubric),
    "instgen.formats": Door("trl", find_format),
}


def claim(folder: Path, monkeypatch: pytest.MonkeyPatch, entry: str) -> None:
    """Install a package that has an entry point in every group."""
    info = folder / "theirs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("".join(f"[{group}]\n{entry}\n" for group in DOORS))
    monkeypatch.syspath_prepend(folder)


def installed(example: str, folder: Path) -> dict[str, str]:
    """An environment in which an example is installed, as far as Python can tell: module, metadata, entry points."""
    source = ROOT / "examples" / example
    project = tomllib.loads((source / "pyproject.toml").read_text("utf-8"))["project"]
    there = folder / "site"
    info = there / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = project["entry-points"].items()
    lines = [f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in each.items()) for group, each in groups]
    (info / "entry_points.txt").write_text("\n".join(lines))
    for module in source.glob("*.py"):
        (there / module.name).write_text(module.read_text("utf-8"))
    return {**os.environ, "PYTHONPATH": str(there)}


def run(arguments: list[str], folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "instgen", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    rows = [{"instruction": f"Say that {n} is a number."} for n in range(3)]
    (tmp_path / "tasks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def test_a_teacher_by_a_stranger_answers(tasks: Path) -> None:
    environment = installed("teacher-plugin", tasks)
    done = run(["respond", "tasks.jsonl", "-t", "shell/sed 's/^Say that/Indeed,/'"], tasks, environment)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line)["output"] for line in done.stdout.splitlines()]
    assert answers == [f"Indeed, {n} is a number." for n in range(3)]
    again = run(["respond", "tasks.jsonl", "-t", "shell/sed 's/^Say that/Indeed,/'"], tasks, environment)
    assert "0 asked, 3 replayed" in again.stderr
    assert again.stdout == done.stdout


def test_its_failures_are_failures_of_items(tasks: Path) -> None:
    environment = installed("teacher-plugin", tasks)
    done = run(["respond", "tasks.jsonl", "-t", "shell/sh -c 'cat; exit 9'"], tasks, environment)
    assert done.returncode == 3
    assert "3 of 3 rows failed" in done.stderr
    assert "Traceback" not in done.stderr


def test_its_own_errors_are_told_as_ours_are(tasks: Path) -> None:
    done = run(["respond", "tasks.jsonl", "-t", "shell/nowhere at all"], tasks, installed("teacher-plugin", tasks))
    assert done.returncode == 2
    assert "shell/nowhere at all: no such command" in done.stderr


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


CODE = {
    "good": "Here:\n\n```python\nfor n in range(3):\n    print(n)\n```\nDone.",
    "broken": "Here:\n\n```python\nfor n in range(3)\n    print(n)\n```\nDone.",
    "typed in": "```python\n>>> 1 + 1\n2\n```",
    "another language": "```rust\nfn main() {}\n```",
    "indented": "  ```py\n  x = 1\n  ```",
    "a warning only": '```python\nx = "\\d"\n```',
}


@pytest.fixture
def code(tmp_path: Path) -> Path:
    rows = [{"id": name, "instruction": f"Write some code: {name}.", "output": said} for name, said in CODE.items()]
    (tmp_path / "code.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def test_a_rule_by_a_stranger_judges(code: Path) -> None:
    environment = installed("filter-plugin", code)
    line = ["filter", "code.jsonl", "--rule", "python-compiles", "--rejects", "no.jsonl", "-o", "yes.jsonl"]
    done = run(line, code, environment)
    assert done.returncode == 0, done.stderr
    (left_out,) = rows_of(code / "no.jsonl")
    assert left_out["id"] == "broken"
    assert left_out["rejected"]["reason"] == "does-not-compile"
    assert left_out["rejected"]["rule"] == "python-compiles"
    assert left_out["rejected"]["value"] == "line 1: expected ':'"
    assert [row["id"] for row in rows_of(code / "yes.jsonl")] == [name for name in CODE if name != "broken"]
    assert "does-not-compile" in done.stderr


def test_a_rule_by_a_stranger_is_listed_and_taken_out_again(code: Path) -> None:
    environment = installed("filter-plugin", code)
    assert (
        "rules of other packages, by --rule: python-compiles" in run(["filter", "--explain"], code, environment).stdout
    )
    asked = run(["filter", "--explain", "--rule", "python-compiles"], code, environment)
    assert "Python code in the answer does not compile." in asked.stdout
    without = ["filter", "code.jsonl", "--rule", "python-compiles", "--no-rule", "python-compiles"]
    assert len(run(without, code, environment).stdout.splitlines()) == len(CODE)
    wrong = run(["filter", "code.jsonl", "--rule", "python-compile"], code, environment)
    assert wrong.returncode == 2
    assert "did you mean python-compiles?" in wrong.stderr


def test_a_rubric_by_a_stranger_is_asked_about(tasks: Path) -> None:
    environment = installed("rubric-plugin", tasks)
    verdict = json.dumps({"reasoning": "It is plain.", "tone": 4, "warmth": 2})
    (tasks / "judge.jsonl").write_text(json.dumps({"reply": verdict}) + "\n")
    (tasks / "answered.jsonl").write_text(json.dumps({"instruction": "Say hello.", "output": "Hello! You!"}) + "\n")
    line = ["score", "answered.jsonl", "--rubric", "tone", "--rubric", "exclamations", "-t", "scripted/judge.jsonl"]
    done = run(line, tasks, environment)
    assert done.returncode == 0, done.stderr
    row = json.loads(done.stdout)
    assert row["scores"] == {"exclamations": 2, "tone": 4, "tone.warmth": 2}
    assert any(name.startswith("rubric/tone@") for name in row["origin"][-1]["prompts"])
    listed = run(["score", "--list"], tasks, environment).stdout
    assert re.search(r"^tone +judge +Whether", listed, re.MULTILINE)
    assert re.search(r"^exclamations +free +How many", listed, re.MULTILINE)


def test_a_format_by_a_stranger_is_written(tasks: Path) -> None:
    environment = installed("format-plugin", tasks)
    rows = [{"instruction": f"Name number {n}.", "output": f"It is {n}."} for n in range(4)]
    (tasks / "answered.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = run(["export", "markdown", "answered.jsonl", "-o", "out"], tasks, environment)
    assert done.returncode == 0, done.stderr
    texts = [row["text"] for row in rows_of(tasks / "out" / "train.jsonl")]
    assert texts[0] == "## Question\n\nName number 0.\n\n## Answer\n\nIt is 0.\n"
    assert len(texts) == 4
    assert "`train.jsonl`: 4 documents" in (tasks / "out" / "README.md").read_text("utf-8")


@pytest.mark.parametrize("door", DOORS)
def test_no_plugin_takes_the_place_of_one_of_ours(door: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    claim(tmp_path, monkeypatch, f"{DOORS[door].ours} = nowhere:nothing")
    assert DOORS[door].find(DOORS[door].ours)


@pytest.mark.parametrize(
    ("door", "place"),
    [
        *((door, place) for door in DOORS for place in ("nowhere:nothing", "os:nothing")),
        *((door, "os:path") for door in DOORS if door != "instgen.teachers"),
    ],
)
def test_what_is_no_plugin_is_told_in_a_line(
    door: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim(tmp_path, monkeypatch, f"theirs = {place}")
    with pytest.raises(UsageError, match=r"theirs"):
        DOORS[door].find("theirs")


@pytest.mark.parametrize("example", sorted(path.parent.name for path in (ROOT / "examples").glob("*/pyproject.toml")))
def test_the_page_on_plugins_names_every_example(example: str) -> None:
    page = (ROOT / "docs" / "plugins.md").read_text("utf-8")
    (group,) = tomllib.loads((ROOT / "examples" / example / "pyproject.toml").read_text("utf-8"))["project"][
        "entry-points"
    ]
    assert f"examples/{example}" in page
    assert f"`{group}`" in page
    assert all(
        len(module.read_text("utf-8").splitlines()) <= 50 for module in (ROOT / "examples" / example).glob("*.py")
    )


def test_the_test_on_the_page_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "plugins.md").read_text("utf-8")
    (block,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    monkeypatch.syspath_prepend(installed("rubric-plugin", tmp_path)["PYTHONPATH"])
    namespace: dict[str, Any] = {}
    exec(block, namespace)
    namespace["test_tone_is_read"](tmp_path)
