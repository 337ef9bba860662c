"""`instgen respond`, as its users run it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.cli.conftest import COMMAND, Program, calls, rows, settings

ROWS = [
    {"id": "a", "instruction": "Name a colour.", "source": "mine"},
    {"id": "b", "instruction": "Name a river.", "output": "The Nile."},
    {"id": "c", "instruction": "Say it in French.", "input": "Good day", "output": ""},
]


def text(given: Sequence[Mapping[str, object]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in given)


def test_missing_outputs_are_filled_and_the_rest_passes_through(instgen: Program) -> None:
    done = instgen("respond", input=text(ROWS))
    a, b, c = rows(done.stdout)
    assert done.returncode == 0
    assert a["output"].startswith("An answer")
    assert a["source"] == "mine"
    assert (b["output"], "origin" in b) == ("The Nile.", False)
    assert c["origin"][-1]["command"] == "respond"
    assert [row["id"] for row in (a, b, c)] == ["a", "b", "c"]


def test_replace_answers_everything_again(instgen: Program) -> None:
    assert all(
        row["output"].startswith("An answer") for row in rows(instgen("respond", "--replace", input=text(ROWS)).stdout)
    )


def test_samples_become_candidates(instgen: Program) -> None:
    a, b, _ = rows(instgen("respond", "--samples", "3", input=text(ROWS)).stdout)
    assert len({each["output"] for each in a["candidates"]}) == 3
    assert a["output"] == a["candidates"][0]["output"]
    assert "candidates" not in b


def test_one_row_more_changes_no_other(instgen: Program) -> None:
    few = instgen("respond", input=text(ROWS)).stdout
    more = instgen("respond", input=text([{"instruction": "Name a tree."}, *ROWS])).stdout
    assert more.endswith(few)


def test_equal_rows_are_asked_once(instgen: Program, folder: Path) -> None:
    done = instgen("respond", input=text([{"instruction": "Name a tree."}] * 20))
    assert len(rows(done.stdout)) == 20
    assert len(calls(folder)) == 1


def test_a_conversation_is_answered_at_its_end(instgen: Program) -> None:
    given = {"messages": [{"role": "user", "content": "Hello"}]}
    (row,) = rows(instgen("respond", input=text([given])).stdout)
    assert [message["role"] for message in row["messages"]] == ["user", "assistant"]
    assert row["messages"][1]["content"] == row["output"]


def test_a_teacher_that_fails_costs_the_row_and_exit_3(instgen: Program, folder: Path) -> None:
    failing = [{"when": "colour", "error": "overloaded"}, {"reply": "Yes, gladly so."}]
    (folder / "failing.jsonl").write_text(text(failing))
    line = ("respond", "-t", "scripted/failing.jsonl", "--rejects", "no.jsonl")
    done = instgen(*line, input=text(ROWS))
    assert done.returncode == 3
    assert len(rows(done.stdout)) == 2
    (rejected,) = rows((folder / "no.jsonl").read_text())
    assert rejected["rejected"]["reason"] == "teacher-failed"
    assert "overloaded" in rejected["rejected"]["evidence"]
    assert instgen(*line, "--max-failures", "50%", input=text(ROWS)).returncode == 0


def test_a_teacher_that_refuses_us_ends_with_5_and_the_line_to_continue(instgen: Program, folder: Path) -> None:
    (folder / "closed.jsonl").write_text(
        text([{"when": "French", "fatal": "no more money"}, {"reply": "Yes, gladly so."}])
    )
    done = instgen("respond", "-t", "scripted/closed.jsonl", "--concurrency", "1", input=text(ROWS))
    assert done.returncode == 5
    assert "no more money" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("to continue: ")
    assert len(rows(done.stdout)) == 2


def test_a_cut_answer_is_not_taken_for_a_whole_one(instgen: Program, folder: Path) -> None:
    (folder / "cut.jsonl").write_text(text([{"reply": "A long answer that never ends", "cut": 9}]))
    done = instgen("respond", "-t", "scripted/cut.jsonl", "--rejects", "no.jsonl", input=text(ROWS[:1]))
    assert (done.returncode, done.stdout) == (0, "")
    assert rows((folder / "no.jsonl").read_text())[0]["rejected"]["reason"] == "truncated"


def test_records_stream_through_while_stdin_is_still_open(folder: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "respond", "-q"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder, env=settings()
    )
    assert process.stdin
    assert process.stdout
    process.stdin.write(text(ROWS[:1]).encode())
    process.stdin.flush()
    first = json.loads(process.stdout.readline())
    process.stdin.write(text(ROWS[1:2]).encode())
    process.stdin.close()
    rest = process.stdout.read()
    process.stdout.close()
    assert first["id"] == "a"
    assert json.loads(rest)["id"] == "b"
    assert process.wait(30) == 0


def test_an_empty_stdin_is_no_error_in_a_pipeline(instgen: Program) -> None:
    done = instgen("respond")
    assert (done.returncode, done.stdout) == (0, "")


def test_rows_before_a_broken_line_are_answered(instgen: Program) -> None:
    done = instgen("respond", input=text(ROWS) + "{broken\n" + text(ROWS))
    assert done.returncode == 4
    assert len(rows(done.stdout)) == 3
    assert "stdin:4" in done.stderr or "-:4" in done.stderr


def test_a_system_text_is_for_records_that_have_none(instgen: Program) -> None:
    given = [{"instruction": "Name a tree."}, {"instruction": "Name a bird.", "system": "Be brief."}]
    done = instgen("respond", "--system", "Speak as a pirate.", input=text(given))
    assert [row["system"] for row in rows(done.stdout)] == ["Speak as a pirate.", "Be brief."]


def test_refusals_are_kept_where_they_are_wanted(instgen: Program, folder: Path) -> None:
    (folder / "rules.jsonl").write_text('{"reply": "I am sorry, but I cannot help with that."}\n')
    given = text([{"instruction": "Name a tree."}])
    assert instgen("respond", input=given).stdout == ""
    [row] = rows(instgen("respond", "--refusals", "keep", input=given).stdout)
    assert row["output"].startswith("I am sorry")


def test_thinking_is_kept_or_dropped(instgen: Program, folder: Path) -> None:
    (folder / "rules.jsonl").write_text('{"reply": "An oak.", "reasoning": "Trees are tall."}\n')
    given = text([{"instruction": "Name a tree."}])
    assert rows(instgen("respond", input=given).stdout)[0]["reasoning"] == "Trees are tall."
    assert "reasoning" not in rows(instgen("respond", "--reasoning", "drop", input=given).stdout)[0]
