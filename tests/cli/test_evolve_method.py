"""`instgen evolve` by a user's own method, and by one that it optimizes first."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Program, calls, rows

METHOD = """# Mine.
temperature = 0.5
---
[[user]]
HARDER, please: {{task}}
[[task]]
{{instruction}}
[[task with input]]
{{instruction}} ({{input}})
"""
EVOLVED = "Step 1. Ways.\n<instruction>Name {{words 9}}</instruction>"
BAD = "<instruction>Name {{words 9}} BAD</instruction>"
TEACHER: list[dict[str, Any]] = [
    {"traits": {"concurrency": 8}, "log": "calls.log"},
    {"when": "Are they equal?", "reply": "Not equal"},
    {"when": "hold at once?", "chance": 0.5, "reply": "Contradiction: this, and that."},
    {"when": "hold at once?", "reply": "Consistent"},
    {"when": "Find the rounds", "reply": "Case 1, round 1: something is missing, {{words 3}}."},
    {"when": "Write a better version", "reply": "<method>Step 1. Be GOOD, {{words 3}}.\nStep 2. Review.</method>"},
    {"when": "Be GOOD", "reply": EVOLVED},
    {"when": "You make tasks harder", "chance": 0.5, "reply": BAD},
    {"when": "You make tasks harder", "reply": EVOLVED},
    {"match": "HARDER|You make programming tasks", "reply": EVOLVED},
    {"when": "BAD", "reply": "Sure, please provide the text?"},
    {"reply": "An answer of {{words 6}}."},
]
LINE = ("evolve", "in.jsonl", "-t", "scripted/teacher.jsonl")


def text(given: Sequence[Mapping[str, object]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in given)


@pytest.fixture(autouse=True)
def given(folder: Path) -> None:
    (folder / "teacher.jsonl").write_text(text(TEACHER))
    (folder / "in.jsonl").write_text(text([{"id": f"r{n}", "instruction": f"Name river {n}."} for n in range(24)]))
    (folder / "mine.txt").write_text(METHOD)


def ops(output: str) -> set[str]:
    return {step["op"] for row in rows(output) for step in row["origin"]}


def test_a_file_is_a_method_and_its_digest_is_in_the_origin(instgen: Program, folder: Path) -> None:
    done = instgen(*LINE, "--method", "mine.txt")
    assert done.returncode == 0, done.stderr
    assert ops(done.stdout) == {"mine"}
    (first, *_) = rows(done.stdout)
    assert first["origin"][0]["prompts"][0].startswith("mine@")
    (folder / "mine.txt").write_text(METHOD + "\n")
    (other, *_) = rows(instgen(*LINE, "--method", "mine.txt").stdout)
    assert other["origin"][0]["prompts"][0] != first["origin"][0]["prompts"][0]


def test_a_folder_is_a_set_of_operations_that_can_be_weighted(instgen: Program, folder: Path) -> None:
    (folder / "set").mkdir()
    for name in ("one", "two", "three"):
        (folder / "set" / f"{name}.txt").write_text(METHOD)
    assert ops(instgen(*LINE, "--method", "set").stdout) == {"one", "two", "three"}
    assert ops(instgen(*LINE, "--method", "set", "--ops", "one=2,three").stdout) == {"one", "three"}
    done = instgen(*LINE, "--method", "set", "--ops", "deepen")
    assert (done.returncode, "known: one, three, two" in done.stderr) == (2, True)


def test_a_file_that_has_a_methods_name_is_told_by_its_path(instgen: Program, folder: Path) -> None:
    (folder / "code").write_text(METHOD)
    assert all(op.startswith("code-") for op in ops(instgen(*LINE, "--method", "code").stdout))
    assert ops(instgen(*LINE, "--method", "./code").stdout) == {"code"}


def test_a_file_says_which_way_it_evolves(instgen: Program, folder: Path) -> None:
    given = text([{"instruction": "Translate the sentence.", "input": "The ferry leaves at noon from the pier."}])
    line = ("evolve", "-t", "scripted/teacher.jsonl", "--method", "mine.txt", "--rejects", "no.jsonl", "--force")
    instgen(*line, input=given)
    assert {row["rejected"]["reason"] for row in rows((folder / "no.jsonl").read_text())} == {"input-lost"}
    (folder / "mine.txt").write_text(METHOD + "[[operation]]\nin breadth\n")
    (row,) = rows(instgen(*line, input=given).stdout)
    assert row["origin"]


@pytest.mark.parametrize(
    ("content", "missing"),
    [
        ("HARDER: {{task}}", "no line ---"),
        ("---\n[[user]]\n{{task}}\n", "there is no part [[task]]"),
        ("---\n[[user]]\n{{task}}\n[[task]]\n{{instruction}}\n", "there is no part [[task with input]]"),
        (METHOD.replace("{{task}}", ""), "the slot {{task}} is missing"),
        (METHOD.replace("{{task}}", "{{task}} {{kind}}"), "the slot {{kind}} has no value"),
        (METHOD.replace("{{task}}", "{{task}} {{kind}}") + "[[kinds]]\n\n", "[[kinds]] has no line"),
        (METHOD + "[[operation]]\nupwards\n", "[[operation]] says 'upwards'"),
        (METHOD.replace("temperature", "heat"), "invalid header setting: heat = 0.5"),
        ('role = "judge"\n' + METHOD, "for the teacher"),
    ],
)
def test_a_wrong_file_gives_one_line_with_what_is_missing(
    instgen: Program, folder: Path, content: str, missing: str
) -> None:
    (folder / "mine.txt").write_text(content)
    done = instgen(*LINE, "--method", "mine.txt")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith("instgen: mine.txt: ")
    assert missing in done.stderr.splitlines()[0]
    assert not calls(folder)


@pytest.mark.parametrize("name", ["wizard", "w" * 300])
def test_what_is_neither_a_method_nor_a_file_is_said_to_be_neither(instgen: Program, name: str) -> None:
    done = instgen(*LINE, "--method", name)
    assert done.returncode == 2
    assert f"{name}: neither a method nor a file" in done.stderr
    assert "methods: wizardlm, code, math, auto" in done.stderr


def test_contradictions_are_eliminated_where_they_are_asked_for(instgen: Program, folder: Path) -> None:
    line = (*LINE, "--rejects", "no.jsonl", "--force", "--rounds", "1", "--ops", "deepen")
    instgen(*line)
    unchecked = rows((folder / "no.jsonl").read_text())
    done = instgen(*line, "--check", "contradictions")
    assert "contradiction" in {row["rejected"]["reason"] for row in rows((folder / "no.jsonl").read_text())}
    assert "contradiction" not in {row["rejected"]["reason"] for row in unchecked}
    made = [row for row in rows(done.stdout) if "origin" in row]
    assert all("en/evolve-contradiction" in json.dumps(row["origin"]) for row in made)


def test_auto_optimizes_saves_and_evolves_by_what_it_saved(instgen: Program, folder: Path) -> None:
    done = instgen(*LINE, "--auto", "--save-method", "better.txt")
    assert done.returncode == 0, done.stderr
    assert "Be GOOD" in (folder / "better.txt").read_text()
    assert "on 0 of 12 after 1 step; --method better.txt uses it again" in done.stderr
    assert ops(done.stdout) == {"better"}
    assert instgen(*LINE, "--method", "better.txt").stdout == done.stdout


def test_auto_replays_to_the_same_bytes_at_any_concurrency(instgen: Program, folder: Path) -> None:
    first = instgen(*LINE, "--auto", "--concurrency", "1")
    asked = len(calls(folder))
    again = instgen(*LINE, "--auto")
    assert len(calls(folder)) == asked
    assert instgen(*LINE, "--auto", "--no-journal", "--concurrency", "16").stdout == first.stdout == again.stdout


def test_auto_goes_on_where_it_was_stopped(instgen: Program, folder: Path) -> None:
    whole = instgen(*LINE, "--auto", "--journal", "whole.journal").stdout
    asked = len(calls(folder))
    method = (folder / "evolve-method.txt").read_bytes()
    (folder / "evolve-method.txt").unlink()
    (folder / "calls.log").unlink()
    stopped = instgen(*LINE, "--auto", "--max-requests", "60", "-o", "out.jsonl")
    assert stopped.returncode == 6
    assert not (folder / "evolve-method.txt").exists()
    assert instgen(*LINE, "--auto", "-o", "out.jsonl").returncode == 0
    assert (folder / "out.jsonl").read_text() == whole
    assert (folder / "evolve-method.txt").read_bytes() == method
    assert len(calls(folder)) == asked


def test_auto_begins_with_a_file_that_has_the_part_to_rewrite(instgen: Program, folder: Path) -> None:
    own = METHOD.replace("HARDER, please:", "You make tasks harder: {{method}}") + "[[method]]\nAs you like.\n"
    (folder / "mine.txt").write_text(own)
    done = instgen(*LINE, "--auto", "--method", "mine.txt", "--save-method", "better.txt")
    assert done.returncode == 0, done.stderr
    better = (folder / "better.txt").read_text()
    assert "Be GOOD" in better
    assert "You make tasks harder: {{method}} {{task}}" in better


def test_auto_takes_our_method_from_the_users_prompts(instgen: Program, folder: Path) -> None:
    (folder / "prompts").mkdir()
    own = (
        METHOD.replace("HARDER, please:", "You make tasks harder: {{method}}") + "[[method]]\nBe GOOD from the start\n"
    )
    (folder / "prompts" / "evolve-auto.txt").write_text(own)
    done = instgen(*LINE, "--auto", "--prompts", "prompts")
    assert "failed on none of 12 tasks" in done.stderr
    assert (folder / "evolve-method.txt").read_text() == own


def test_a_method_of_another_run_is_left_alone(instgen: Program, folder: Path) -> None:
    (folder / "evolve-method.txt").write_text("mine")
    done = instgen(*LINE, "--auto")
    assert (done.returncode, done.stdout) == (2, "")
    assert (folder / "evolve-method.txt").read_text() == "mine"
    assert instgen(*LINE, "--auto", "--force").returncode == 0
    assert (folder / "evolve-method.txt").read_text() != "mine"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--save-method", "x.txt"), "needs --auto"),
        (("--auto-steps", "3"), "needs --auto"),
        (("--auto", "--ops", "deepen"), "--auto and --ops"),
        (("--auto", "--method", "code"), "only one method can be rewritten"),
        (("--auto", "--save-method", "no/x.txt"), "there is no folder no"),
        (("--auto", "--save-method", "a b.txt"), "cannot be an operation's name"),
        (("--auto", "--method", "mine.txt", "--save-method", "mine.txt"), "is the method to start from"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    instgen: Program, folder: Path, options: tuple[str, ...], said: str
) -> None:
    done = instgen(*LINE, *options)
    assert done.returncode == 2
    assert said in done.stderr
    assert not calls(folder)


def test_a_method_without_the_part_to_rewrite_is_malformed_for_auto(instgen: Program) -> None:
    done = instgen(*LINE, "--auto", "--method", "mine.txt")
    assert done.returncode == 4
    assert "mine.txt: there is no part [[method]]" in done.stderr


def test_auto_of_no_rows_is_no_rows(instgen: Program, folder: Path) -> None:
    done = instgen("evolve", "--auto", input="")
    assert (done.returncode, done.stdout) == (0, "")
    assert not (folder / "evolve-method.txt").exists()


def test_a_dry_run_says_what_optimizing_takes(instgen: Program, folder: Path) -> None:
    done = instgen(*LINE, "--auto", "--auto-steps", "2", "--dry-run")
    assert done.returncode == 0
    assert "at most 1,160 calls" in done.stderr
    assert "go through these steps" in done.stderr.lower()
    assert not calls(folder)


def test_the_papers_profile_evolves_once_by_an_optimized_method(instgen: Program) -> None:
    made = rows(instgen(*LINE, "--auto", "--profile", "paper").stdout)
    assert {len(row["origin"]) for row in made} == {1}
