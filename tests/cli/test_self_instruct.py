"""`instgen self-instruct`, as its users run it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from instgen.seedlist import LANGUAGES
from tests.cli.conftest import Program, calls, rows

SEED = {"instruction": "Name three rivers of Asia.", "input": "", "output": "Ganges, Mekong, Indus."}


def test_exactly_n_records_come_out_and_nothing_else(instgen: Program) -> None:
    done = instgen("self-instruct", "-n", "7")
    made = rows(done.stdout)
    assert done.returncode == 0
    assert len(made) == 7
    assert len({row["id"] for row in made}) == 7
    assert all(row["instruction"] and row["output"] for row in made)


@pytest.mark.parametrize("method", [(), ("--method", "classic")])
def test_one_prompt_is_enough_where_nothing_else_is_drawn(
    instgen: Program, folder: Path, method: tuple[str, ...]
) -> None:
    (folder / "one.jsonl").write_text(json.dumps(SEED))
    line = ("self-instruct", "one.jsonl", "-n", "20", "--examples", "0", *method)
    done = instgen(*line)
    assert (done.returncode, len(rows(done.stdout))) == (0, 20)
    asked = len(calls(folder))
    assert instgen(*line).stdout == done.stdout
    assert len(calls(folder)) == asked


def test_a_record_tells_where_it_comes_from(instgen: Program) -> None:
    (row,) = rows(instgen("self-instruct", "-n", "1", "--seed", "4").stdout)
    (step,) = row["origin"]
    assert step["command"] == "self-instruct"
    assert step["op"] == "alpaca"
    assert step["teacher"] == "scripted/rules.jsonl"
    assert (step["seed"], step["window"]) == (4, 8)
    assert step["prompts"][0].startswith("en/alpaca-ask@")
    assert len(step["parents"]) == 3


def test_the_same_line_gives_the_same_bytes_and_asks_nothing_again(instgen: Program, folder: Path) -> None:
    first = instgen("self-instruct", "-n", "12")
    asked = len(calls(folder))
    second = instgen("self-instruct", "-n", "12", "--concurrency", "1")
    assert second.stdout == first.stdout
    assert len(calls(folder)) == asked
    assert "--seed 1" in second.stderr


def test_more_begins_with_less(instgen: Program) -> None:
    few, many = instgen("self-instruct", "-n", "5").stdout, instgen("self-instruct", "-n", "15").stdout
    assert many.startswith(few)


def test_another_seed_makes_other_data(instgen: Program) -> None:
    assert instgen("self-instruct", "-n", "3").stdout != instgen("self-instruct", "-n", "3", "--seed", "1").stdout


def test_machine_tasks_are_fed_back(instgen: Program) -> None:
    made = rows(instgen("self-instruct", "-n", "60").stdout)
    ids = {row["id"] for row in made}
    assert any(ids & set(row["origin"][0]["parents"]) for row in made)


def test_seed_files_of_any_shape_and_stdin_are_read(instgen: Program, folder: Path) -> None:
    (folder / "mine.jsonl").write_text(json.dumps(SEED))
    assert len(rows(instgen("self-instruct", "mine.jsonl", "-n", "2").stdout)) == 2
    assert len(rows(instgen("self-instruct", "-", "-n", "2", input=json.dumps(SEED)).stdout)) == 2


def test_an_empty_stdin_is_no_seed_file(instgen: Program) -> None:
    done = instgen("self-instruct", "-", "-n", "2")
    assert done.returncode == 4
    assert "empty" in done.stderr


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_own_seeds_are_there_in_every_language(instgen: Program, language: str) -> None:
    assert len(rows(instgen("self-instruct", "-n", "2", "--lang", language).stdout)) == 2


def test_a_language_without_seeds_is_said_so(instgen: Program) -> None:
    done = instgen("self-instruct", "--lang", "tlh")
    assert done.returncode == 2
    assert "tlh" in done.stderr


def test_what_resembles_a_seed_is_rejected_with_the_seed_it_resembles(instgen: Program, folder: Path) -> None:
    copied = f"Instruction: {SEED['instruction']}\nOutput: Here they are, as asked."
    reply = f"{copied}\n###\nInstruction: {{{{words 9}}}}\nOutput: {{{{words 5}}}}"
    (folder / "copy.jsonl").write_text(json.dumps({"reply": reply}))
    (folder / "mine.jsonl").write_text(json.dumps({"id": "river", **SEED}))
    done = instgen("self-instruct", "mine.jsonl", "-n", "1", "-t", "scripted/copy.jsonl", "--rejects", "no.jsonl")
    (rejected,) = rows((folder / "no.jsonl").read_text())
    assert done.returncode == 0
    assert rejected["rejected"]["reason"] == "not-novel"
    assert rejected["rejected"]["near"]["id"] == "river"


def test_a_teacher_that_repeats_itself_runs_dry(instgen: Program, folder: Path) -> None:
    (folder / "same.jsonl").write_text(
        json.dumps({"reply": "Instruction: Always the same task here.\nOutput: Yes, always."})
    )
    done = instgen("self-instruct", "-n", "5", "-t", "scripted/same.jsonl", "--patience", "6")
    assert done.returncode == 3
    assert len(rows(done.stdout)) == 1
    assert "ran dry" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("to continue: ")


def test_the_summary_adds_up(instgen: Program, folder: Path) -> None:
    instgen("self-instruct", "-n", "7", "--summary", "summary.jsonl")
    instgen("self-instruct", "-n", "7", "--summary", "summary.jsonl")
    first, second = rows((folder / "summary.jsonl").read_text())
    assert first["records"] == first["wanted"] == 7
    assert first["read"] == first["kept"] + first["rejected"] + first["failed"] + first["unfinished"]
    assert first["asked"] == len(calls(folder))
    assert (second["asked"], second["records"]) == (0, 7)


def test_sampling_options_change_the_prompt_and_so_the_purchase(instgen: Program, folder: Path) -> None:
    instgen("self-instruct", "-n", "1")
    before = len(calls(folder))
    instgen("self-instruct", "-n", "1", "--temperature", "0.3")
    assert len(calls(folder)) > before


def test_a_users_prompt_file_is_used_and_named_in_the_origin(instgen: Program, folder: Path) -> None:
    instgen("prompts", "export", "prompts")
    file = folder / "prompts" / "en" / "alpaca-ask.txt"
    file.write_text(file.read_text().replace("You write tasks", "You write odd tasks"))
    (ours,) = rows(instgen("self-instruct", "-n", "1").stdout)
    (mine,) = rows(instgen("self-instruct", "-n", "1", "--prompts", "prompts").stdout)
    assert mine["origin"][0]["prompts"] != ours["origin"][0]["prompts"]
