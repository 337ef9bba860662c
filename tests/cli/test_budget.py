"""Limits on what a run may use, and what it would use, as users meet them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Program, calls, rows
from tests.teachers.beside import answering
from tests.teachers.server import chat

ROWS = "".join(json.dumps({"instruction": f"Name tree {number}."}) + "\n" for number in range(12))


def test_at_a_limit_the_run_ends_with_six_and_what_was_made(instgen: Program, folder: Path) -> None:
    done = instgen("respond", "--max-requests", "5", "-o", "out.jsonl", input=ROWS)
    assert done.returncode == 6
    assert len((folder / "out.jsonl").read_text().splitlines()) == 5
    assert "--max-requests" in done.stderr
    assert "to continue: instgen respond" in done.stderr


def test_with_the_limit_raised_it_goes_on_and_repeats_nothing(instgen: Program, folder: Path) -> None:
    for limit in ("5", "8", "100"):
        done = instgen("respond", "--max-requests", limit, "-o", "out.jsonl", input=ROWS)
    assert done.returncode == 0
    assert len((folder / "out.jsonl").read_text().splitlines()) == 12
    assert len(calls(folder)) == 12


def test_tokens_are_limited(instgen: Program) -> None:
    done = instgen("respond", "--max-total-tokens", "10", input=ROWS)
    assert (done.returncode, done.stdout) == (6, "")
    assert "--max-total-tokens" in done.stderr


def test_the_same_line_again_ends_at_the_same_place_and_asks_nothing(instgen: Program, folder: Path) -> None:
    line = ("evolve", "--max-requests", "17", "-o", "out.jsonl", "--summary", "sum.jsonl")
    first = instgen(*line, input=ROWS)
    written = (folder / "out.jsonl").read_bytes()
    again = instgen(*line, input=ROWS)
    assert (first.returncode, again.returncode) == (6, 6)
    assert (folder / "out.jsonl").read_bytes() == written
    assert len(calls(folder)) == 17
    asked = [(row["requests"], row["asked"], row["replayed"]) for row in rows((folder / "sum.jsonl").read_text())]
    assert asked == [(17, 17, 0), (17, 0, 17)]


def test_what_it_cost_is_told(instgen: Program, folder: Path) -> None:
    usage = {"prompt": 7, "completion": 9, "cached": 2, "reasoning": 3}
    (folder / "dear.jsonl").write_text(json.dumps({"reply": "An oak.", "tokens": usage, "cost": 0.00125}) + "\n")
    done = instgen("respond", "-t", "scripted/dear.jsonl", "--summary", "sum.jsonl", input=ROWS)
    assert "; $0.0150\n" in done.stderr
    (row,) = rows((folder / "sum.jsonl").read_text())
    assert (row["cost"], row["cost_known"]) == (pytest.approx(0.015), True)
    counted = ("requests", "prompt_tokens", "completion_tokens", "cached_tokens", "reasoning_tokens")
    assert [row[name] for name in counted] == [12, 84, 108, 24, 36]


def test_free_is_not_told_and_unknown_is(instgen: Program, folder: Path) -> None:
    assert "cost" not in instgen("respond", input=ROWS).stderr
    with answering([chat("An oak.")]) as server:
        line = ("respond", "-t", "openai/some", "--base-url", server.url, "--summary", "sum.jsonl")
        done = instgen(*line, input=ROWS.splitlines()[0])
    assert done.returncode == 0
    assert "cost unknown" in done.stderr
    (row,) = rows((folder / "sum.jsonl").read_text())
    assert (row["cost"], row["cost_known"]) == (None, False)


def test_a_fake_is_free_with_and_without_a_head(instgen: Program, folder: Path) -> None:
    (folder / "plain.jsonl").write_text('{"reply": "An oak."}\n')
    assert instgen("respond", "-t", "scripted/plain.jsonl", "--max-cost", "0", input=ROWS).returncode == 0
    assert instgen("respond", "--max-cost", "0", input=ROWS).returncode == 0


def test_a_limit_on_the_cost_needs_a_price(instgen: Program) -> None:
    options = ("-t", "openai/some", "--base-url", "http://127.0.0.1:9/v1", "--max-cost", "1")
    done = instgen("respond", *options, input=ROWS)
    assert done.returncode == 2
    assert "the price of openai/some is not known" in done.stderr


@pytest.mark.parametrize(
    "command", [("respond", "rows.jsonl"), ("evolve", "rows.jsonl"), ("self-instruct", "-n", "30")]
)
def test_a_dry_run_shows_the_first_prompts_and_sends_nothing(
    instgen: Program, folder: Path, command: tuple[str, ...]
) -> None:
    (folder / "rows.jsonl").write_text(ROWS)
    done = instgen(*command, "--dry-run", "-o", "out.jsonl")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.count("first prompt of item") == 2
    assert "at most about" in done.stderr
    assert not (folder / "out.jsonl").exists()
    assert not (folder / "calls.log").exists()


def test_a_dry_run_counts_calls_and_what_is_complete(instgen: Program) -> None:
    rows = ROWS + '{"instruction": "Done.", "output": "Yes."}\n'
    done = instgen("respond", "--samples", "3", "--dry-run", input=rows)
    assert "13 items, about 36 calls to scripted/rules.jsonl" in done.stderr


def test_a_dry_run_tells_bad_input_as_the_run_would(instgen: Program) -> None:
    done = instgen("respond", "--dry-run", input="{nonsense\n")
    assert done.returncode == 4
    assert "stdin:1" in done.stderr


def test_a_dry_run_tells_the_cost_by_the_dearer_price(instgen: Program, folder: Path) -> None:
    prices = '[prices]\n"openai/a" = {prompt = 1, completion = 1}\n"openai/b" = {prompt = 2, completion = 2}\n'
    (folder / "mine.toml").write_text(prices)

    def told(*judge: str) -> float:
        line = ("evolve", "-t", "openai/a", *judge, "--config", "mine.toml", "--dry-run")
        return float(instgen(*line, input=ROWS).stderr.rpartition("about $")[2])

    assert told("--judge", "openai/b") == pytest.approx(2 * told(), rel=0.01)


def test_a_dry_run_hopes_for_the_yield_that_a_run_does(instgen: Program) -> None:
    done = instgen("self-instruct", "-n", "30", "--tasks-per-call", "1", "--dry-run")
    assert "50 items, about 50 calls" in done.stderr
