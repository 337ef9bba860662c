"""The page on reports is executed, and leaves no option and no number out."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

from instgen.records import Record, born
from instgen.report.survey import Survey
from tests.cli.conftest import Program, settings
from tests.commands import options_of

PAGE = (Path(__file__).parents[2] / "docs" / "report.md").read_text("utf-8")
LINES = [line.strip() for line in PAGE.splitlines() if line.startswith("    instgen ")]


def test_the_lines_of_the_page_run_one_after_the_other(instgen: Program, folder: Path) -> None:
    assert instgen("self-instruct", "-n", "12", "-o", "tasks.jsonl").returncode == 0
    made_again = False
    for line in LINES:
        if " -o tasks.jsonl" in line:
            (folder / "tasks.jsonl").unlink()
            made_again = True
        command = line.replace("instgen ", f"{shlex.quote(sys.executable)} -m instgen ", 1)
        done = subprocess.run(command, shell=True, env=settings(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, (line, done.stderr)
    assert made_again
    assert (folder / "report.html").exists()


def test_every_option_is_on_the_page() -> None:
    named = options_of("report") | options_of("stats")
    assert {name for name in named if not re.search(rf"{name}\b", PAGE)} - {"--quiet", "--output"} == set()


def test_every_number_that_can_have_a_limit_is_on_the_page() -> None:
    survey = Survey()
    survey.add(born(Record("Write a poem about rain.", "In spring.", "Drip.")))
    survey.add(born(Record("Write a song about snow.", "In winter.", "Fall.")))
    gates = survey.numbers(["Sing."]).gates()
    assert len(gates) > 10
    assert {name for name in gates if f"`{name}`" not in PAGE} == set()
