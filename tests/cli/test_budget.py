"""Limits on what a run may use, and what it would use, as users meet them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Program, calls

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
    assert done.stderr.count("the first prompt of item") == 2
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
