"""`report` and `stats` on the command line."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from instgen.cli.tables import print_numbers
from instgen.records import Record, Step, born
from instgen.report.funnel import Rejects, stage_of
from instgen.report.survey import Survey
from tests.cli.conftest import COMMAND, Program

ROWS = "".join(
    json.dumps({"instruction": f"Write a {word} about the sea.", "output": "Blue waves."}) + "\n"
    for word in ("poem", "song", "play")
)


def test_a_page_is_written(instgen: Program, folder: Path) -> None:
    (folder / "rows.jsonl").write_text(ROWS)
    done = instgen("report", "rows.jsonl")
    assert done.returncode == 0
    assert done.stdout == ""
    assert "3 records" in (folder / "report.html").read_text()
    assert instgen("report", "rows.jsonl", "-q").stderr == ""


def test_the_same_data_makes_the_same_page(instgen: Program, folder: Path) -> None:
    (folder / "rows.jsonl").write_text(ROWS)
    one = instgen("report", "-o", "-", "rows.jsonl")
    assert one.stdout.startswith("<!doctype html>")
    assert one.stdout == instgen("report", "-o", "-", "rows.jsonl").stdout


def test_a_file_that_is_no_report_is_left_untouched(instgen: Program, folder: Path) -> None:
    (folder / "report.html").write_text("mine")
    done = instgen("report", input=ROWS)
    assert done.returncode == 2
    assert "not a report" in done.stderr
    assert (folder / "report.html").read_text() == "mine"
    assert instgen("report", "--force", input=ROWS).returncode == 0


def test_the_whole_way_is_shown(instgen: Program, folder: Path) -> None:
    made = instgen("self-instruct", "-n", "6", "-o", "made.jsonl", "--summary", "sum.jsonl", "--rejects", "no.jsonl")
    assert made.returncode == 0, made.stderr
    more = ("--rounds", "1", "--no-answers", "-o", "evolved.jsonl", "--summary", "sum.jsonl", "--rejects", "no2.jsonl")
    assert instgen("evolve", "made.jsonl", *more).returncode == 0
    beside = ("--with-summary", "sum.jsonl", "--with-rejects", "no.jsonl", "--with-rows", "made.jsonl")
    done = instgen("report", "evolved.jsonl", *beside, "--with-rejects", "no2.jsonl")
    assert done.returncode == 0, done.stderr
    text = (folder / "report.html").read_text()
    for part in ("Pipeline", "Lengths", "Similarity", "Task types"):
        assert f"<h2>{part}</h2>" in text


def test_numbers_are_printed_for_people_and_for_programs(instgen: Program) -> None:
    plain = instgen("stats", input=ROWS)
    assert "write poem" in plain.stdout
    assert "\x1b" not in plain.stdout
    row = json.loads(instgen("stats", "--json", input=ROWS).stdout)
    assert row["rows"] == 3
    assert row["gates"]["answered"] == 1


def test_a_limit_that_is_missed_is_exit_3(instgen: Program) -> None:
    assert instgen("stats", "--fail-under", "distinct-2=0.5", "--fail-over", "rows=3", input=ROWS).returncode == 0
    missed = instgen("stats", "--fail-under", "distinct-2=0.99", "--fail-over", "rows=2", input=ROWS)
    assert missed.returncode == 3
    assert "distinct-2 is 0.6, under 0.99; rows is 3, over 2" in missed.stderr
    assert "to continue" not in missed.stderr


def test_a_limit_of_no_number_is_refused_before_anything_is_printed(instgen: Program) -> None:
    for more in ((), ("--json",)):
        done = instgen("stats", "--fail-under", "nosuch=1", *more, input=ROWS)
        assert (done.returncode, done.stdout) == (2, "")


def test_wrong_input_is_one_line(instgen: Program, folder: Path) -> None:
    (folder / "bad.jsonl").write_text('{"command": "evolve", "read": 1, "kept": "a lot"}\n')
    (folder / "rows.jsonl").write_text(ROWS)
    for arguments, code, said in (
        (("stats", "--fail-under", "distinct-2"), 2, "not NAME=NUMBER"),
        (("stats", "--fail-under", "distinct-9=1"), 2, "no number 'distinct-9'"),
        (("report", "nowhere.jsonl"), 4, "nowhere.jsonl"),
        (("report", "--with-summary", "rows.jsonl"), 4, "rows.jsonl:1: is not a summary"),
        (("stats", "--with-rejects", "rows.jsonl"), 4, "rows.jsonl:1: is not a row of a rejects file"),
        (("report", "--with-summary", "bad.jsonl"), 4, "bad.jsonl:1: is not a summary"),
        (("report", "-o", "no/such/folder.html"), 2, "there is no folder no/such"),
        (("report", "-o", "."), 74, "cannot be written"),
        (("report", "-o", "-", "--open"), 2, "--open needs"),
        (("report", "rows.jsonl", "-o", "rows.jsonl", "--force"), 2, "is one of the inputs"),
        (("stats", "--fail-under", "rows=nan"), 2, "not NAME=NUMBER"),
    ):
        done = instgen(*arguments, input=ROWS)
        assert (done.returncode, said in done.stderr) == (code, True), (arguments, done.stderr)
        assert "Traceback" not in done.stderr


def test_where_there_is_no_browser_it_says_so(instgen: Program, folder: Path) -> None:
    done = instgen("report", "--open", input=ROWS, PATH=str(folder), DISPLAY="", WAYLAND_DISPLAY="", BROWSER="")
    assert done.returncode == 0
    assert "no browser was found" in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("line", ["report -o -", "stats", "stats --json"])
def test_a_full_disk_is_one_line(folder: Path, line: str) -> None:
    command = [*COMMAND, *line.split()]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, input=ROWS, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 74
    assert "stdout: cannot be written" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_narrow_terminal_cuts_no_word(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("FORCE_COLOR", "1"), ("NO_COLOR", "1"), ("COLUMNS", "60"), ("TERM", "xterm")):
        monkeypatch.setenv(name, value)
    survey = Survey()
    survey.add(born(Record("Write a poem.", origin=(Step("self-instruct", prompts=(f"en/{'long-' * 8}name@0123",)),))))
    stage = stage_of({"command": "evolve", "read": 12, "kept": 3, "reasons": {"near-duplicate": 8, "echo": 1}})
    assert stage
    print_numbers(survey.numbers([], [stage]), Rejects())
    shown = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert max(map(len, shown.splitlines())) <= 60
    assert "near-duplicate 8, echo 1" in " ".join(shown.split())
    assert "�" not in shown
