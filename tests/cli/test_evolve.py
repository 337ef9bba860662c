"""`instgen evolve`, as its users run it, with a teacher that plays evolver, judge and respondent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Program, calls, rows

ROWS: list[dict[str, Any]] = [
    {"id": "a", "instruction": "Name a colour.", "output": "Green.", "source": "mine"},
    {"id": "b", "instruction": "Name a river."},
    {"id": "c", "instruction": "Say it in French.", "input": "Good day", "scores": {"good": 3}},
]
EVOLVED = "<instruction>Name or say {{words 9}}</instruction>\n<input>{{words 3}}</input>"
TEACHER: list[dict[str, Any]] = [
    {"traits": {"concurrency": 8}, "log": "calls.log"},
    {"when": "Are they equal?", "chance": 0.3, "reply": "Equal"},
    {"when": "Are they equal?", "reply": "Not equal"},
    {"when": "<instruction>", "reply": EVOLVED},
    {"reply": "An answer of {{words 6}}."},
]
LINE = ("evolve", "-t", "scripted/evolver.jsonl")


def text(given: Sequence[Mapping[str, object]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in given)


@pytest.fixture(autouse=True)
def evolver(folder: Path) -> None:
    (folder / "evolver.jsonl").write_text(text(TEACHER))


def test_rows_are_evolved_answered_and_told_where_they_come_from(instgen: Program, folder: Path) -> None:
    (folder / "sure.jsonl").write_text(text([row for row in TEACHER if "chance" not in row]))
    done = instgen("evolve", "-t", "scripted/sure.jsonl", input=text(ROWS))
    assert done.returncode == 0
    made = rows(done.stdout)
    assert [row["origin"][-1]["root"] for row in made] == ["a", "b", "c"]
    assert all(row["output"].startswith("An answer of") for row in made)
    assert [[step["round"] for step in row["origin"]] for row in made] == [[1, 2]] * 3
    assert (made[0]["source"], "scores" in made[2]) == ("mine", False)
    assert len({row["id"] for row in made} | {"a", "b", "c"}) == 6
    assert "are unchanged" not in done.stderr


def test_it_says_how_many_rows_stand_as_they_were(instgen: Program, folder: Path) -> None:
    (folder / "never.jsonl").write_text(text([{"when": "Are they equal?", "reply": "Equal"}, *TEACHER[3:]]))
    done = instgen("evolve", "-t", "scripted/never.jsonl", input=text(ROWS))
    assert [row["id"] for row in rows(done.stdout)] == ["a", "b", "c"]
    assert "evolve: 3 rows are unchanged" in done.stderr


def test_a_whole_row_as_it_is_written(instgen: Program, folder: Path) -> None:
    one = {"when": "<instruction>", "reply": "<instruction>Name a river that crosses four countries.</instruction>"}
    script: list[dict[str, Any]] = [TEACHER[2], one, {"reply": "The Rhine does."}]
    (folder / "fixed.jsonl").write_text(text(script))
    line = ("evolve", "-t", "scripted/fixed.jsonl", "--rounds", "1", "--ops", "deepen")
    (row,) = rows(instgen(*line, input=text(ROWS[1:2])).stdout)
    prompts = [name.partition("@")[0] for name in row["origin"][0].pop("prompts")]
    assert prompts == ["en/evolve-deepen", "en/evolve-equal", "en/respond"]
    assert row == {
        "id": "1220cbf4426df226f69730a6cb723997",
        "instruction": "Name a river that crosses four countries.",
        "input": "",
        "output": "The Rhine does.",
        "origin": [
            {
                "command": "evolve",
                "op": "deepen",
                "round": 1,
                "root": "b",
                "parents": ["b"],
                "teacher": "scripted/fixed.jsonl",
                "seed": 0,
            }
        ],
    }


def test_the_same_bytes_at_any_concurrency_and_from_the_journal(instgen: Program, folder: Path) -> None:
    given = text([{"instruction": f"Name river {number}."} for number in range(30)])
    outputs = [
        instgen(*LINE, "--concurrency", concurrency, *more, input=given).stdout
        for concurrency, more in (("1", ["--no-journal"]), ("16", []), ("16", []))
    ]
    asked = calls(folder)
    assert len(set(outputs)) == 1
    assert len(asked) == 2 * len(set(asked)), "the third run asks nothing"


def test_one_row_more_changes_no_other(instgen: Program) -> None:
    few = instgen(*LINE, input=text(ROWS)).stdout
    more = instgen(*LINE, input=text([{"instruction": "Name a tree."}, *ROWS])).stdout
    assert more.endswith(few)
    assert more != few


def test_keep_all_writes_each_row_before_its_survivors(instgen: Program) -> None:
    last = rows(instgen(*LINE, "--rounds", "3", input=text(ROWS)).stdout)
    kept = rows(instgen(*LINE, "--rounds", "3", "--keep", "all", input=text(ROWS)).stdout)
    assert [row["id"] for row in kept if "origin" not in row] == ["a", "b", "c"]
    assert [row for row in kept if row["id"] in {each["id"] for each in last}] == last
    assert len(kept) > len(last)
    parents = {row["origin"][-1]["parents"][0] for row in kept if "origin" in row}
    assert parents <= {row["id"] for row in kept}


def test_what_is_eliminated_has_its_reason_and_the_row_stays(instgen: Program, folder: Path) -> None:
    (folder / "equal.jsonl").write_text(text([{"when": "Are they equal?", "reply": "Equal"}, *TEACHER[3:]]))
    line = ("evolve", "-t", "scripted/equal.jsonl", "--rejects", "no.jsonl", "--rounds", "3")
    done = instgen(*line, input=text(ROWS[:1]))
    (row,) = rows(done.stdout)
    assert (row["id"], row["output"], "origin" in row) == ("a", "Green.", False)
    rejected = rows((folder / "no.jsonl").read_text())
    assert [each["rejected"]["reason"] for each in rejected] == ["equal"] * 3
    assert [each["origin"][-1]["round"] for each in rejected] == [1, 2, 3]
    assert {each["rejected"]["stage"] for each in rejected} == {"evolve"}


def test_no_answers_asks_for_none(instgen: Program) -> None:
    made = rows(instgen(*LINE, "--no-answers", "--keep", "all", input=text(ROWS)).stdout)
    children = [row for row in made if "origin" in row]
    assert children
    assert all(row["output"] == "" for row in children)


def test_ops_choose_the_operations(instgen: Program) -> None:
    made = rows(instgen(*LINE, "--ops", "deepen=2,in-breadth", "--keep", "all", input=text(ROWS)).stdout)
    ops = {step["op"] for row in made for step in row.get("origin", [])}
    assert ops
    assert ops <= {"deepen", "in-breadth"}
    done = instgen(*LINE, "--ops", "dig", input=text(ROWS))
    assert done.returncode == 2
    assert "known: add-constraints" in done.stderr


def test_a_method_chooses_the_operations(instgen: Program) -> None:
    made = rows(instgen(*LINE, "--method", "code", "--keep", "all", input=text(ROWS)).stdout)
    ops = {step["op"] for row in made for step in row.get("origin", [])}
    assert ops
    assert all(op.startswith("code-") for op in ops)


def test_the_papers_profile_has_four_rounds(instgen: Program, folder: Path) -> None:
    (folder / "equal.jsonl").write_text(text([{"when": "Are they equal?", "reply": "Equal"}, *TEACHER[3:]]))
    line = ("evolve", "-t", "scripted/equal.jsonl", "--rejects", "no.jsonl")
    instgen(*line, "--profile", "paper", input=text(ROWS[:1]))
    assert len(rows((folder / "no.jsonl").read_text())) == 4


def test_a_run_that_was_cut_is_continued_and_pays_for_nothing_twice(instgen: Program, folder: Path) -> None:
    given = text([{"instruction": f"Name river {number}."} for number in range(12)])
    whole = instgen(*LINE, "-o", "whole.jsonl", input=given)
    data = (folder / "whole.jsonl").read_bytes()
    asked = len(calls(folder))
    (folder / "whole.jsonl").write_bytes(data[: len(data) // 2])
    again = instgen(*LINE, "-o", "whole.jsonl", input=given)
    assert (whole.returncode, again.returncode) == (0, 0)
    assert (folder / "whole.jsonl").read_bytes() == data
    assert len(calls(folder)) == asked


def test_a_row_whose_teacher_failed_every_time_is_not_passed_on(instgen: Program, folder: Path) -> None:
    (folder / "failing.jsonl").write_text(text([{"when": "colour", "error": "overloaded"}, *TEACHER[2:]]))
    done = instgen("evolve", "-t", "scripted/failing.jsonl", "--rejects", "no.jsonl", input=text(ROWS))
    assert done.returncode == 3
    assert len(rows(done.stdout)) == 2
    rejected = rows((folder / "no.jsonl").read_text())
    assert {(each["id"], each["rejected"]["reason"]) for each in rejected} == {("a", "teacher-failed")}


def test_chinese_rows_are_asked_in_chinese(instgen: Program, folder: Path) -> None:
    script = [{"when": "它们是否相同", "reply": "不同"}, {"when": "任务：", "reply": EVOLVED}, {"reply": "好的答案。"}]
    (folder / "zh.jsonl").write_text(text(script))
    done = instgen(
        "evolve",
        "-t",
        "scripted/zh.jsonl",
        "--no-answers",
        "--rounds",
        "1",
        input=text([{"instruction": "写一首诗。"}]),
    )
    (row,) = rows(done.stdout)
    assert all(name.startswith("zh/") for name in row["origin"][0]["prompts"])


def test_conversations_are_counted_apart_from_rows_that_failed_to_evolve(instgen: Program) -> None:
    turns = [{"role": role, "content": f"Line {at}."} for at, role in enumerate(("user", "assistant") * 2)]
    done = instgen(*LINE, input=text([{"messages": turns}]))
    assert len(rows(done.stdout)) == 1
    assert "1 row is a conversation, which evolve does not change" in done.stderr
    assert "unchanged" not in done.stderr
