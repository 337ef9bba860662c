"""`self-instruct | evolve | filter` as its users run it: what it writes, byte for byte, and what ends it.

What it writes stands in tests/golden/pipeline. After a change that is meant to change it, a word of a prompt file for
example, `GOLDEN=write pytest tests/cli/test_pipeline.py` writes it anew; the difference belongs into the same commit.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from instgen.journal import SqliteJournal
from tests.cli.conftest import COMMAND, calls, settings, write_rules

GOLDEN = Path(__file__).parents[1] / "golden" / "pipeline"
WRITTEN = ("data.jsonl", "tasks-rejected.jsonl", "evolved-rejected.jsonl", "filtered-rejected.jsonl")
JOURNAL = ("--journal", "journal.sqlite", "-q")
SECONDS = 30
"""After which a pipeline that should have ended fails the test."""
ENDLESS = "100000"
GONE, DONE = 141, 0
"""Exit codes: the reader went away; done as asked."""

Stage = Sequence[str]
Start = Callable[..., "list[subprocess.Popen[bytes]]"]


def pipeline(count: str, *seeds: str) -> tuple[Stage, ...]:
    """The three stages, each with its file of rejects; the last writes data.jsonl."""
    return (
        ("self-instruct", *seeds, "-n", count, "--rejects", "tasks-rejected.jsonl", *JOURNAL),
        ("evolve", "--rounds", "2", "--keep", "all", "--rejects", "evolved-rejected.jsonl", *JOURNAL),
        ("filter", "--dedupe", "exact", "--rejects", "filtered-rejected.jsonl", "-q", "-o", "data.jsonl"),
    )


GOLDEN_LINE = pipeline("40", "seeds.jsonl")


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """Starts stages that read one another, as one process group; what still runs at the test's end is killed."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(*stages: Stage, stdout: int = subprocess.DEVNULL) -> list[subprocess.Popen[bytes]]:
        group: list[subprocess.Popen[bytes]] = []
        for stage in stages:
            process = subprocess.Popen(
                [*COMMAND, *stage],
                stdin=group[-1].stdout if group else subprocess.DEVNULL,
                stdout=stdout if stage is stages[-1] else subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=settings(),
                process_group=group[0].pid if group else 0,
            )
            if group and (pipe := group[-1].stdout):
                pipe.close()
            group.append(process)
            started.append(process)
        return group

    yield begin
    for process in started:
        with process:
            process.kill()


def codes(stages: Sequence[subprocess.Popen[bytes]]) -> list[int]:
    """The exit codes, once all have ended."""
    return [process.wait(SECONDS) for process in stages]


def wait_for(path: Path, lines: int) -> None:
    """Wait until a file has so many lines."""
    ends = time.monotonic() + SECONDS
    while not (path.exists() and path.read_bytes().count(b"\n") >= lines):
        assert time.monotonic() < ends, f"{path.name} never had {lines} lines"
        time.sleep(0.01)


def completed(journal: Path) -> int:
    """The calls that were answered, as the journal knows them."""
    kept = SqliteJournal(journal)
    with contextlib.closing(kept):
        return sum(1 for _ in kept.entries())


def take_golden_rules(folder: Path) -> None:
    """Put the seeds and the rules of the golden run here. The rules' file is part of what a reply is drawn by."""
    for name in ("rules.jsonl", "seeds.jsonl"):
        shutil.copy(GOLDEN / name, folder / name)


def test_it_writes_what_it_wrote_before(folder: Path, start: Start) -> None:
    take_golden_rules(folder)
    assert codes(start(*GOLDEN_LINE)) == [DONE, DONE, DONE]
    if os.environ.get("GOLDEN") == "write":
        for name in WRITTEN:
            shutil.copy(folder / name, GOLDEN / name)
    for name in WRITTEN:
        assert (folder / name).read_bytes() == (GOLDEN / name).read_bytes(), name


def test_the_first_evolved_record_arrives_while_tasks_are_still_being_made(folder: Path, start: Start) -> None:
    write_rules(folder / "rules.jsonl", latency=[0.01, 0.03])
    making, evolving, filtering = pipeline(ENDLESS)
    stages = start(making, evolving, filtering[:-2], stdout=subprocess.PIPE)
    pipe = stages[-1].stdout
    assert pipe
    assert select.select([pipe], [], [], SECONDS)[0], "nothing came through"
    rows = map(json.loads, pipe)
    evolved = next(row for row in rows if row["origin"][-1]["command"] == "evolve")
    assert stages[0].poll() is None, "tasks are still being made"
    assert evolved["origin"][0]["command"] == "self-instruct"
    pipe.close()
    assert codes(stages) == [GONE, GONE, GONE]


CUTS = {
    "the first is killed": (0, signal.SIGKILL, [-9, DONE, DONE]),
    "the middle one is stopped": (1, signal.SIGTERM, [GONE, 143, DONE]),
    "all are interrupted": (None, signal.SIGINT, [130, 130, 130]),
}
"""What ends from either side, and by each signal. That the last one ends is the test above: its reader goes away."""


@pytest.mark.parametrize("cut", CUTS)
def test_where_one_stage_ends_the_others_do_and_nothing_more_is_bought(folder: Path, start: Start, cut: str) -> None:
    which, signum, expected = CUTS[cut]
    write_rules(folder / "rules.jsonl", latency=[0.01, 0.03], paid=False)
    stages = start(*pipeline(ENDLESS))
    wait_for(folder / "data.jsonl", 2)
    if which is None:
        os.killpg(stages[0].pid, signum)
    else:
        stages[which].send_signal(signum)
    assert codes(stages) == expected


def test_whichever_stage_was_killed_the_same_line_ends_with_the_same_bytes_and_buys_nothing_twice(
    folder: Path, start: Start
) -> None:
    take_golden_rules(folder)
    bought = unanswered = 0
    for killed, more in (((0,), 5), ((1, 2), 30)):
        before = len(calls(folder))
        stages = start(*GOLDEN_LINE)
        wait_for(folder / "calls.log", before + more)
        for which in killed:
            stages[which].kill()
        ended = codes(stages)
        assert [ended[which] for which in killed] == [-signal.SIGKILL for _ in killed]
        bought = completed(folder / "journal.sqlite")
        unanswered = len(calls(folder)) - bought
    assert codes(start(*GOLDEN_LINE)) == [DONE, DONE, DONE]
    for name in WRITTEN:
        assert (folder / name).read_bytes() == (GOLDEN / name).read_bytes(), name
    asked = calls(folder)
    assert completed(folder / "journal.sqlite") > bought, "every cut came before the end"
    assert len(asked) - len(set(asked)) <= unanswered, "only what was in flight at a cut is asked again"
