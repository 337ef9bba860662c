"""`kill -9` of an export: its folder is the old one or the new one, whole, and the same line again leaves nothing else.

An export asks nobody: what there is to lose is what was in the folder. It is killed at random moments, and, by
faults.c, before each call that changes the disk, so that no state that a kill can leave is missed.
"""

from __future__ import annotations

import json
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import pytest

from instgen.export.find import OURS
from tests.forked import Server
from tests.torture.runs import Line, begin, environment, finish, luck, run, stderr, tell, trials

TRIALS = trials(200)
AGAIN = 0.3
"""The chance that the same line is killed once more."""
MANY, FEW = 3_000, 40
"""Rows: where it is killed at random moments, and before each call."""
KINDS = ("open", "write", "sync", "rename", "unlink")
"""The calls that change the disk."""
FORMATS = tuple(entry.name for entry in OURS if entry.name != "parquet" or find_spec("pyarrow"))
BEFORE = ("no folder", "an empty folder", "another export", "the same")
"""What the line finds."""

Files = Mapping[str, bytes]
"""What a folder holds, by the paths in it."""


@dataclass(frozen=True)
class Case:
    """A line, what is in its folder before it, and what is there after it."""

    rows: Path
    line: Line
    before: Files | None
    after: Files
    seconds: float
    """That it takes when nothing happens."""

    def place(self, folder: Path) -> Path:
        """The line's folder as it finds it, in a new one."""
        folder.mkdir()
        shutil.copy(self.rows, folder / "rows.jsonl")
        if self.before is not None:
            (folder / "out").mkdir()
        for name, data in (self.before or {}).items():
            (folder / "out" / name).parent.mkdir(exist_ok=True)
            (folder / "out" / name).write_bytes(data)
        return folder


Finding = Callable[[str, str, int], Case]


@pytest.fixture(scope="module")
def case_of(tmp_path_factory: pytest.TempPathFactory) -> Finding:
    """The case of a format, what it finds and a number of rows, after runs that nothing disturbed."""
    base = tmp_path_factory.mktemp("exports")
    known: dict[tuple[str, str, int], Case] = {}

    def case(form: str, before: str, number: int) -> Case:
        if (form, before, number) not in known:
            rows = rows_in(base / f"{number}.jsonl", number)
            line = line_of(form, "--shuffle", *(("--force",) if before == "another export" else ()))
            after, seconds = written(base / "undisturbed", rows, line)
            other, _ = written(base / "undisturbed", rows, line_of(form, "--license", "mit"))
            assert set(other) == set(after)
            found = {"no folder": None, "an empty folder": {}, "another export": other, "the same": after}[before]
            known[form, before, number] = Case(rows, line, found, after, seconds)
        return known[form, before, number]

    return case


def line_of(form: str, *more: str) -> Line:
    return ("export", form, "rows.jsonl", "-q", "--card", "--split", "train=0.8,test=0.2", *more, "-o", "out")


def rows_in(path: Path, number: int) -> Path:
    said = ({"id": f"r{n}", "instruction": f"Name tree {n}.", "output": f"Tree {n}."} for n in range(number))
    path.write_text("".join(json.dumps(row) + "\n" for row in said))
    return path


def written(folder: Path, rows: Path, line: Line) -> tuple[Files, float]:
    """What an undisturbed run of a line writes, and its seconds."""
    folder.mkdir()
    shutil.copy(rows, folder / "rows.jsonl")
    began = time.monotonic()
    assert run(folder, line) == [0], stderr(folder)
    seconds = time.monotonic() - began
    made = files_in(folder / "out")
    assert made
    shutil.rmtree(folder)
    return made, seconds


def files_in(folder: Path) -> Files | None:
    """What a folder holds; None where there is none."""
    if not folder.exists():
        return None
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def state(place: Path, case: Case, what: str) -> str:
    """Which of the three the folder is: not there, as before, or as it is to be."""
    there = files_in(place / "out")
    assert there in (None, case.before, case.after), f"{what}: it holds of the new {sorted(_shared(there, case.after))}"
    return "new" if there == case.after else "none" if there is None else "old"


def _shared(there: Files | None, after: Files) -> set[str]:
    return {name for name, data in (there or {}).items() if after.get(name) == data}


def check_again(place: Path, case: Case, what: str) -> None:
    """The same line writes what it should, and nothing lies about."""
    assert run(place, case.line) == [0], f"{what}: again: {stderr(place)}"
    assert files_in(place / "out") == case.after, f"{what}: again"
    left = {path.name for path in place.iterdir()} - {"rows.jsonl", "out", "stderr-0", "fired"}
    assert left == set(), f"{what}: left lying about"


@pytest.mark.parametrize("before", BEFORE)
def test_killed_at_any_moment_the_folder_is_whole(before: str, case_of: Finding, tmp_path: Path) -> None:
    states: Counter[str] = Counter()
    kills = 0
    for trial in range(TRIALS // len(BEFORE)):
        random = luck("export", before, trial)
        case = case_of(random.choice(FORMATS), before, MANY)
        place, what = case.place(tmp_path / str(trial)), f"trial {trial}, {case.line[1]}"
        while True:
            group = begin(place, case.line)
            time.sleep(random.uniform(0, case.seconds))
            group[0].kill()
            kills += finish(group) == [-signal.SIGKILL]
            states[state(place, case, what)] += 1
            if random.random() > AGAIN:
                break
        check_again(place, case, what)
        shutil.rmtree(place)
    tell(f"kill -9 of export over {before}: {states.total()} runs, {kills} killed, the folder then: {dict(states)}")


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("form", FORMATS)
def test_killed_before_each_call_the_folder_is_whole(
    form: str, before: str, case_of: Finding, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = case_of(form, before, FEW)
    states: Counter[str] = Counter()
    for kind in KINDS:
        for at in count(1):
            place = case.place(tmp_path / f"{kind}-{at}")
            monkeypatch.chdir(place)
            told = {"ROOT": str(place), "KIND": kind, "AT": str(at), "ON": "kill", "FIRED": str(place / "fired")}
            shim = {f"TORTURE_{name}": value for name, value in told.items()}
            done = server.run(case.line, b"", environment(place, **shim))
            if not (place / "fired").exists():
                assert done.returncode == 0, done.stderr
                break
            what = f"before {kind} {at}: {(place / 'fired').read_text()}"
            assert done.returncode == -signal.SIGKILL, what
            states[state(place, case, what)] += 1
            check_again(place, case, what)
            shutil.rmtree(place)
    tell(f"kill -9 of export {form} over {before}, before each call: {states.total()}, the folder then: {dict(states)}")
