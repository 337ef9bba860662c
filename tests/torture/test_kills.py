"""Killed or stopped at any moment, and the same line again: the same bytes, and no kept answer is bought again.

`kill -9` may lose what was in flight, and answers that the journal had not committed yet; a signal that lets the
program end loses nothing at all.
"""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import pytest

from tests.torture.runs import (
    JOURNAL,
    Known,
    Line,
    Started,
    asked,
    begin,
    copy_of,
    finish,
    learned,
    luck,
    prepare,
    run,
    stderr,
    tell,
    trials,
    undisturbed,
)

TRIALS = trials(200)
AGAIN = 0.3
"""The chance that the same line is killed once more."""
EARLY = 0.1
"""The share of kills that may come before there is a journal."""
LATENCY = (0.002, 0.025)

KEPT = ("--journal", JOURNAL, "-q", "--summary", "summary.jsonl")
MAKING = ("self-instruct", "seeds.jsonl", *KEPT, "--rejects", "tasks-no.jsonl")
MAKE = (*MAKING, "-n", "60", "-o", "tasks.jsonl")
MAKE_MORE = (*MAKING, "-n", "100", "-o", "more.jsonl")
"""The same and what comes after it: calls that are in flight at the end of the shorter run."""
CHANGING = ("evolve", *KEPT, "--rejects", "evolved-no.jsonl", "--max-failures", "100%", "--rounds", "2")
EVOLVE = (*CHANGING, "tasks.jsonl", "-o", "evolved.jsonl")
PIPELINE = (
    (*MAKING, "-n", "60"),
    CHANGING,
    ("filter", "--dedupe", "exact", "--rejects", "filtered-no.jsonl", "-q", "-o", "data.jsonl"),
)
LINES: dict[str, tuple[tuple[Line, ...], tuple[str, ...]]] = {
    "self-instruct": ((MAKE,), ("tasks.jsonl", "tasks-no.jsonl")),
    "evolve": ((EVOLVE,), ("evolved.jsonl", "evolved-no.jsonl")),
    "pipeline": (PIPELINE, ("data.jsonl", "tasks-no.jsonl", "evolved-no.jsonl", "filtered-no.jsonl")),
}
"""What is typed, and the files that it writes."""

Knowing = Callable[[str], Known]


@pytest.fixture(scope="module")
def knowing(tmp_path_factory: pytest.TempPathFactory) -> Knowing:
    """Undisturbed runs by name, made when they are asked for."""
    base = tmp_path_factory.mktemp("kills")
    folder = base / "prepared"
    prepare(folder, LATENCY)
    digests = learned(folder, *MAKE_MORE)
    (folder / "tasks-no.jsonl").unlink()
    learned(folder, *MAKE)
    digests |= learned(folder, *EVOLVE)
    known: dict[str, Known] = {}

    def know(name: str) -> Known:
        if name not in known:
            stages, files = LINES[name]
            more = ("tasks.jsonl",) if stages == (EVOLVE,) else ()
            known[name] = undisturbed(copy_of(folder, base / name, *more), digests, files, *stages)
        return known[name]

    return know


def moment(random: Random, folder: Path, known: Known, group: Sequence[Started]) -> None:
    """Wait until a random moment of a run, which is most often one after its journal was begun."""
    ends = time.monotonic() + known.seconds
    if random.random() > EARLY:
        while not (folder / JOURNAL).exists() and group[0].running() and time.monotonic() < ends:
            time.sleep(0.001)
    time.sleep(random.uniform(0, known.seconds * 0.7))


def accounted(folder: Path) -> None:
    """Every row that a stage read was kept, rejected or failed, by its own account and by the lines in the files."""
    last = {row["command"]: row for row in map(json.loads, (folder / "summary.jsonl").read_text().splitlines())}
    for command, row in last.items():
        assert row["read"] == row["kept"] + row["rejected"] + row["failed"] + row["unfinished"], command
        assert row["unfinished"] == 0 or command == "self-instruct"
    if (folder / "evolved.jsonl").exists():
        tasks, evolved, rejected = (lines(folder / name) for name in ("tasks", "evolved", "evolved-no"))
        assert {row["id"] for row in tasks} <= {roots(row) for row in (*evolved, *rejected)}


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.with_suffix(".jsonl").read_text().splitlines()]


def roots(row: dict[str, object]) -> object:
    """The id of the row that a record or a reject came from."""
    steps = row.get("origin")
    assert isinstance(steps, list)
    return next((step["root"] for step in steps if "root" in step), row["id"])


def new_place(known: Known, base: Path, trial: int) -> Path:
    more = ["tasks.jsonl"] if "evolved.jsonl" in known.files else []
    return copy_of(known.folder, base / str(trial), *more)


@pytest.mark.parametrize("name", LINES)
def test_killed_at_any_moment_it_goes_on_and_buys_nothing_twice(name: str, knowing: Knowing, tmp_path: Path) -> None:
    known = knowing(name)
    stages, _ = LINES[name]
    kills = ended = 0
    repeated: list[int] = []
    for trial in range(TRIALS):
        random, place = luck("kill", name, trial), new_place(known, tmp_path, trial)
        paid: set[str] = set()
        while True:
            before = len(asked(place))
            group = begin(place, *stages)
            moment(random, place, known, group)
            killed = random.randrange(len(stages))
            group[killed].kill()
            codes = finish(group)
            new = asked(place)[before:]
            assert paid.isdisjoint(new), f"trial {trial}: bought twice"
            assert len(new) == len(set(new)), f"trial {trial}: one run asked twice"
            kills += codes[killed] == -signal.SIGKILL
            ended += codes[killed] == 0
            paid = known.paid(place)
            if random.random() > AGAIN:
                break
        earlier = asked(place)
        assert set(run(place, *stages)) == {0}, f"trial {trial}: {stderr(place)}"
        new = asked(place)[len(earlier) :]
        assert paid.isdisjoint(new), f"trial {trial}: bought twice"
        repeated.append(len(set(earlier) & set(new)))
        assert known.differing(place) == [], f"trial {trial}"
        accounted(place)
    tell(
        f"kill -9 of {name}: {TRIALS} trials, {kills} kills ({ended} had ended before); "
        f"after a kill {sum(repeated) / len(repeated):.2f} calls were asked again on average, {max(repeated)} at most"
    )


@pytest.mark.parametrize("name", ["self-instruct", "evolve"])
@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_stopped_at_any_moment_it_loses_nothing(
    name: str, signum: signal.Signals, knowing: Knowing, tmp_path: Path
) -> None:
    known = knowing(name)
    stages, _ = LINES[name]
    codes: Counter[int] = Counter()
    for trial in range(TRIALS // 4):
        random, place = luck("stop", name, signum, trial), new_place(known, tmp_path, trial)
        group = begin(place, *stages)
        moment(random, place, known, group)
        group[0].signal(signum)
        (code,) = finish(group)
        codes[code] += 1
        assert code in {0, 128 + signum, -signum}, f"trial {trial}: {code} {stderr(place)}"
        before = asked(place)
        if code == 128 + signum:
            assert stderr(place).splitlines()[-1].startswith("to continue: instgen "), f"trial {trial}"
            assert set(before) == known.paid(place), f"trial {trial}: asked, and not waited for"
        for name_of_file, data in known.files.items():
            if (there := place / name_of_file).exists():
                assert data.startswith(there.read_bytes()), f"trial {trial}: {name_of_file} is no beginning"
        paid = known.paid(place)
        assert run(place, *stages) == [0], f"trial {trial}: {stderr(place)}"
        assert paid.isdisjoint(asked(place)[len(before) :]), f"trial {trial}: bought twice"
        assert known.differing(place) == [], f"trial {trial}"
        accounted(place)
    tell(f"{signum.name} to {name}: {codes.total()} trials, exit codes {dict(codes)}")


def test_the_whole_pipeline_is_stopped_at_any_moment(knowing: Knowing, tmp_path: Path) -> None:
    known = knowing("pipeline")
    all_codes: Counter[tuple[int, ...]] = Counter()
    for trial in range(TRIALS // 4):
        random, place = luck("stop pipeline", trial), new_place(known, tmp_path, trial)
        group = begin(place, *PIPELINE)
        moment(random, place, known, group)
        signum = random.choice([signal.SIGINT, signal.SIGTERM])
        for process in group:
            process.signal(signum)
        codes = finish(group)
        all_codes[tuple(codes)] += 1
        assert set(codes) <= {0, 128 + signum, -signum, 141}, f"trial {trial}: {codes} {stderr(place)}"
        paid, before = known.paid(place), asked(place)
        assert run(place, *PIPELINE) == [0, 0, 0], f"trial {trial}: {stderr(place)}"
        assert paid.isdisjoint(asked(place)[len(before) :]), f"trial {trial}: bought twice"
        assert known.differing(place) == [], f"trial {trial}"
        accounted(place)
    tell(f"SIGINT or SIGTERM to the pipeline: {all_codes.total()} trials, exit codes {dict(all_codes)}")
