"""`instgen converse`, as its users run it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import COMMAND, Program, calls, rows, settings

USER = {"when": "What the next message is for", "reply": "And what of {{words 8}}?"}
ANSWER = {"reply": "That is {{words 14}}."}
ROWS: list[dict[str, Any]] = [
    {"id": "a", "instruction": "Name a colour.", "output": "Blue, for example.", "source": "mine"},
    {"id": "b", "instruction": "Name a river."},
    {
        "id": "c",
        "messages": [{"role": "user", "content": "Hello there"}, {"role": "assistant", "content": "Good day to you!"}],
    },
]


def text(given: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in given)


def talking(folder: Path, **more: Any) -> tuple[str, ...]:
    (folder / "talk.jsonl").write_text(text([{"log": "calls.log"}, USER | more, ANSWER | more]))
    return ("converse", "-t", "scripted/talk.jsonl")


def test_records_become_conversations(instgen: Program, folder: Path) -> None:
    done = instgen(*talking(folder), "--turns", "3", input=text(ROWS))
    made = rows(done.stdout)
    assert done.returncode == 0
    assert [row["id"] for row in made] == ["a", "b", "c"]
    for row in made:
        assert [turn["role"] for turn in row["messages"]] == ["user", "assistant"] * 3
        assert row["output"] == row["messages"][-1]["content"]
        assert row["origin"][-1]["command"] == "converse"
    assert made[0]["source"] == "mine"
    assert made[0]["messages"][1]["content"] == "Blue, for example."


def test_what_comes_out_passes_the_filter_for_conversations(instgen: Program, folder: Path) -> None:
    made = instgen(*talking(folder), input=text(ROWS)).stdout
    assert instgen("filter", "--preset", "conversations", input=made).stdout == made


def test_lengths_are_drawn_and_one_row_more_changes_no_other(instgen: Program, folder: Path) -> None:
    many = [{"id": str(number), "instruction": f"Name river number {number}."} for number in range(12)]
    line = (*talking(folder), "--turns", "1=0.5,3=0.5")
    few = instgen(*line, input=text(many)).stdout
    assert {len(row["messages"]) for row in rows(few)} == {2, 6}
    assert instgen(*line, input=text([*ROWS, *many])).stdout.endswith(few)


def test_long_conversations_are_cut_and_nothing_is_asked_for_that(instgen: Program, folder: Path) -> None:
    line = talking(folder)
    made = instgen(*line, input=text(ROWS[:1])).stdout
    asked = len(calls(folder))
    parts = rows(instgen(*line, "--turns", "1", "--split-tokens", "60", input=made).stdout)
    assert [turn for part in parts for turn in part["messages"]] == rows(made)[0]["messages"]
    assert len(calls(folder)) == asked
    assert {tuple(part["origin"][-1]["parents"]) for part in parts} == {("a",)}
    assert len({part["id"] for part in parts} | {"a"}) == len(parts) + 1


def test_bad_turns_are_left_out_with_their_reason(instgen: Program, folder: Path) -> None:
    rules = [USER | {"reply": "Why?\nAssistant: Because."}, ANSWER]
    (folder / "bad.jsonl").write_text(text(rules))
    done = instgen("converse", "-t", "scripted/bad.jsonl", "--rejects", "no.jsonl", input=text(ROWS[:2]))
    found = rows((folder / "no.jsonl").read_text())
    assert [row["rejected"]["reason"] for row in found] == ["role-leak", "role-leak"]
    assert [row["id"] for row in rows(done.stdout)] == ["b"]
    assert (found[0]["id"], found[1]["text"]) == ("a", "Why?\nAssistant: Because.")
    assert "role-leak 2" in done.stderr


@pytest.mark.parametrize("said", ["0", "5-2", "many", "2=x"])
def test_a_length_that_is_none_is_a_usage_error(instgen: Program, said: str) -> None:
    done = instgen("converse", "--turns", said, input=text(ROWS))
    assert done.returncode == 2
    assert f"--turns {said}" in done.stderr


def test_wrong_input_is_told_in_a_line(instgen: Program, folder: Path) -> None:
    done = instgen(*talking(folder), input='{"messages": [{"role": "user"}]}\n')
    assert done.returncode == 4
    assert "has no `content`" in done.stderr
    assert "Traceback" not in done.stderr
    assert instgen(*talking(folder)).returncode == 0


def test_a_run_that_was_killed_goes_on_to_the_same_bytes(instgen: Program, folder: Path) -> None:
    many = [{"id": str(number), "instruction": f"Name river number {number}."} for number in range(30)]
    (folder / "in.jsonl").write_text(text(many))
    line = talking(folder, latency=[0.001, 0.02])
    whole = instgen(*line, "--no-journal", "in.jsonl").stdout
    killed = (*line, "-q", "--concurrency", "2", "--journal", "j.sqlite", "in.jsonl", "-o", "out.jsonl")
    process = subprocess.Popen([*COMMAND, *killed], cwd=folder, env=settings())
    out = folder / "out.jsonl"
    while process.poll() is None and not (out.exists() and out.stat().st_size):
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert whole.startswith(out.read_text()[: out.read_text().rfind("\n") + 1])
    assert instgen(*killed).returncode == 0
    assert out.read_text() == whole
