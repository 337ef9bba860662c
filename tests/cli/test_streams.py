"""Streams, resuming, signals and exit codes, with the real program in a process of its own."""

from __future__ import annotations

import json
import random
import shlex
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, Program, calls, rows, settings, write_rules

Start = Callable[..., "subprocess.Popen[bytes]"]
MAKE = ("self-instruct", "-n", "30", "-o", "out.jsonl", "--rejects", "no.jsonl")
LISTINGS = ("config show", "filter --explain", "prompts show en/respond", "teachers list")
SOON = 20
"""Seconds: less than what is in flight would be waited for, and time enough on a busy machine."""


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts the program in the background; what is still running at the test's end is killed."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(*arguments: str, stdout: int | None = None) -> subprocess.Popen[bytes]:
        line = [*COMMAND, *arguments]
        started.append(subprocess.Popen(line, stdout=stdout, stderr=subprocess.PIPE, env=settings()))
        return started[-1]

    yield begin
    for process in started:
        with process:
            process.kill()


def wait_for_lines(path: Path, count: int) -> None:
    for _ in range(600):
        if path.exists() and path.read_bytes().count(b"\n") >= count:
            return
        time.sleep(0.02)
    raise AssertionError(f"{path} never had {count} lines")


def test_records_go_to_stdout_and_talk_to_stderr(instgen: Program) -> None:
    done = instgen("self-instruct", "-n", "3")
    assert all(line.startswith("{") for line in done.stdout.splitlines())
    assert "self-instruct: 3 records" in done.stderr


def test_quiet_says_nothing(instgen: Program) -> None:
    assert instgen("self-instruct", "-n", "3", "-q").stderr == ""


def test_a_file_is_written_and_resumed(instgen: Program, folder: Path) -> None:
    instgen(*MAKE)
    whole = (folder / "out.jsonl").read_bytes()
    (folder / "out.jsonl").write_bytes(whole[: len(whole) // 2])
    again = instgen(*MAKE)
    assert again.returncode == 0
    assert (folder / "out.jsonl").read_bytes() == whole
    longer = instgen("self-instruct", "-n", "40", "-o", "out.jsonl", "--rejects", "no.jsonl")
    assert longer.returncode == 0
    assert (folder / "out.jsonl").read_bytes().startswith(whole)


@pytest.mark.parametrize("lost", ["out.jsonl", "no.jsonl"])
def test_a_file_that_was_lost_is_made_again_beside_one_that_is_whole(instgen: Program, folder: Path, lost: str) -> None:
    instgen(*MAKE)
    before = (folder / lost).read_bytes()
    (folder / lost).unlink()
    assert instgen(*MAKE).returncode == 0
    assert (folder / lost).read_bytes() == before != b""


def test_force_keeps_the_old_file_until_there_is_a_line_to_put_in_its_place(instgen: Program, folder: Path) -> None:
    (folder / "out.jsonl").write_text("precious\n")
    (folder / "broken.jsonl").write_text("{")
    assert instgen("respond", "broken.jsonl", "-o", "out.jsonl", "--force").returncode == 4
    assert (folder / "out.jsonl").read_text() == "precious\n"


def test_a_file_is_not_appended_to_itself(folder: Path) -> None:
    (folder / "in.jsonl").write_text('{"instruction": "Name a colour."}\n')
    with (folder / "in.jsonl").open("ab") as out:
        done = subprocess.run([*COMMAND, "respond", "in.jsonl"], stdout=out, env=settings(), check=False, timeout=30)
    assert done.returncode == 2


def test_what_is_in_flight_when_the_reader_leaves_is_kept(folder: Path, start: Start) -> None:
    write_rules(folder / "rules.jsonl", latency=[0.2, 0.6])
    process = start("self-instruct", "-n", "100000", stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(30) == 141
    kept = subprocess.run([*COMMAND, "journal", "export"], capture_output=True, env=settings(), check=True)
    assert len(rows(kept.stdout.decode())) == len(calls(folder))


def test_closed_standard_streams_are_no_bug(folder: Path) -> None:
    line = f"{shlex.join(COMMAND)} self-instruct -n 2 -o out.jsonl <&- >&- 2>&-"
    assert subprocess.run(line, shell=True, env=settings(), check=False, timeout=30).returncode == 0
    assert len(rows((folder / "out.jsonl").read_text())) == 2


def test_another_runs_file_is_left_untouched(instgen: Program, folder: Path) -> None:
    instgen(*MAKE)
    before = (folder / "out.jsonl").read_bytes()
    done = instgen(*MAKE, "--seed", "1")
    assert done.returncode == 2
    assert "differs" in done.stderr
    assert "--force" in done.stderr
    assert (folder / "out.jsonl").read_bytes() == before
    assert instgen(*MAKE, "--seed", "1", "--force").returncode == 0
    assert (folder / "out.jsonl").read_bytes() != before


def test_a_file_that_another_run_is_writing_is_exit_7(instgen: Program, folder: Path, start: Start) -> None:
    write_rules(folder / "rules.jsonl", latency=[0.2, 0.4])
    make = ("self-instruct", "-n", "3000", "-o", "out.jsonl")
    start(*make)
    wait_for_lines(folder / "out.jsonl", 1)
    assert instgen(*make).returncode == 7


def test_an_input_is_never_an_output(instgen: Program, folder: Path) -> None:
    (folder / "in.jsonl").write_text('{"instruction": "Name a colour."}\n')
    done = instgen("respond", "in.jsonl", "-o", "in.jsonl")
    assert done.returncode == 2
    assert (folder / "in.jsonl").read_text() == '{"instruction": "Name a colour."}\n'


def test_without_a_journal_nothing_is_kept_and_a_file_needs_force(instgen: Program, folder: Path) -> None:
    line = ("self-instruct", "-n", "3", "--no-journal", "-o", "out.jsonl")
    assert instgen(*line).returncode == 0
    asked = len(calls(folder))
    assert instgen(*line).returncode == 2
    assert instgen(*line, "--force").returncode == 0
    assert len(calls(folder)) == 2 * asked


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_exit_74(instgen: Program) -> None:
    done = instgen("self-instruct", "-n", "3", "-o", "/dev/full")
    assert done.returncode == 74
    assert done.stderr.splitlines()[-1].startswith("to continue: ")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("line", [*LISTINGS, "--help", "--version", "filter --help", "teachers --help"])
def test_a_full_disk_is_exit_74_for_what_is_listed(folder: Path, line: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, *line.split()], stdout=full, stderr=subprocess.PIPE, text=True, env=settings(), check=False
        )
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        74,
        "instgen: stdout: cannot be written: No space left on device",
    )


def test_a_reader_that_leaves_ends_the_run_with_141(folder: Path, start: Start) -> None:
    write_rules(folder / "rules.jsonl", latency=[0.01, 0.05], paid=False)
    process = start("self-instruct", "-n", "100000", stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(30) == 141
    process.communicate()
    assert len(calls(folder)) < 1000


def test_a_slow_reader_holds_up_the_spending(folder: Path, start: Start) -> None:
    write_rules(folder / "rules.jsonl")
    start("self-instruct", "-n", "100000", "-q", stdout=subprocess.PIPE)
    ends = time.monotonic() + 60
    asked = more = 0
    while not asked or more > asked:
        assert time.monotonic() < ends, "it went on asking"
        asked = more
        time.sleep(1)
        more = len(calls(folder))


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_the_run_and_the_same_line_continues_it(
    instgen: Program, folder: Path, signum: signal.Signals, code: int, start: Start
) -> None:
    write_rules(folder / "rules.jsonl", latency=[0.05, 0.15])
    make = ("self-instruct", "-n", "120", "-o", "out.jsonl", "--rejects", "no.jsonl")
    process = start(*make)
    wait_for_lines(folder / "out.jsonl", 3)
    process.send_signal(signum)
    _, talk = process.communicate(timeout=30)
    assert process.returncode == code
    assert talk.decode().splitlines()[-1].startswith("to continue: ")
    assert 3 <= len(rows((folder / "out.jsonl").read_text())) < 120
    asked = len(calls(folder))
    assert instgen(*make).returncode == 0
    assert len(set(calls(folder))) == len(calls(folder)) > asked, "nothing that arrived is asked again"


def test_a_second_signal_ends_it_at_once_with_whole_lines(folder: Path, start: Start) -> None:
    write_rules(folder / "rules.jsonl", latency=[0.05, 60])
    process = start(*MAKE, "--grace", "60")
    wait_for_lines(folder / "calls.log", 8)
    process.send_signal(signal.SIGINT)
    assert process.stderr
    assert any(b"stopping (" in line for line in process.stderr)
    process.send_signal(signal.SIGINT)
    assert process.wait(SOON) == 130
    assert (folder / "out.jsonl").read_bytes()[-1:] in {b"", b"\n"}


def test_killed_at_random_moments_it_ends_with_the_same_bytes_and_repeats_no_completed_call(
    instgen: Program, folder: Path, start: Start
) -> None:
    write_rules(folder / "rules.jsonl", latency=[0.01, 0.06])
    line = ("self-instruct", "-n", "150", "--rejects", "no.jsonl", "-o", "out.jsonl")
    luck = random.Random(0)
    in_flight = 0
    for _ in range(10):
        process = start(*line)
        time.sleep(0.3 + 0.5 * luck.random())
        process.kill()
        process.communicate()
        in_flight += 8
    assert instgen(*line).returncode == 0
    interrupted = (folder / "out.jsonl").read_bytes()
    asked = calls(folder)
    assert len(asked) - len(set(asked)) <= in_flight
    (folder / "calls.log").unlink()
    fresh = instgen(
        "self-instruct", "-n", "150", "-o", "fresh.jsonl", "--rejects", "freshno.jsonl", "--journal", "other.sqlite"
    )
    assert fresh.returncode == 0
    assert len(rows((folder / "no.jsonl").read_text())) > 40
    assert (folder / "freshno.jsonl").read_bytes() == (folder / "no.jsonl").read_bytes()
    assert (folder / "fresh.jsonl").read_bytes() == interrupted
    assert len(rows(interrupted.decode())) == 150


def test_a_pipeline_streams_and_a_rerun_is_free(folder: Path, instgen: Program) -> None:
    first = instgen("self-instruct", "-n", "5")
    stripped = "".join(json.dumps({**row, "output": ""}) + "\n" for row in rows(first.stdout))
    answered = instgen("respond", input=stripped)
    asked = len(calls(folder))
    assert instgen("respond", input=stripped).stdout == answered.stdout
    assert len(calls(folder)) == asked
