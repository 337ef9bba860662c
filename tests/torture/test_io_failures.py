"""A disk that fails at the first, the second, the third … call, until a run ends undisturbed; everything else works.

Whatever fails, in our own code or inside SQLite: the run says so in one line and exits with 74, or ends as if nothing
had been (SQLite does not need every sync); what lies on the disk is a beginning in whole lines, or nothing; and the
same line again, on a disk that works, writes what an undisturbed run writes and asks nothing that the journal holds.
"""

from __future__ import annotations

import errno
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.forked import Server
from tests.torture.runs import (
    COMMAND,
    Known,
    Line,
    asked,
    copy_of,
    environment,
    learned,
    prepare,
    run,
    stderr,
    tell,
    trials,
    undisturbed,
)

TRIALS = trials(10_000)
"""Calls that fail in turn at most; a run that is not disturbed any more comes sooner."""
DISK = "disk"
"""The folder that lies on the bad disk; what is read and the teacher's log do not."""
JOURNAL = f"{DISK}/journal.sqlite"
FAILED, DONE = 74, 0

KEPT = ("--journal", JOURNAL, "-q")
MAKE = ("self-instruct", "seeds.jsonl", "-n", "12", *KEPT)
SIFT = ("filter", "mixed.jsonl", "-q")
EXPORT = ("export", "hf", "answered.jsonl", "-q", "-o", "disk/out")
ANSWER = ("respond", "rows.jsonl", "--max-failures", "100%", *KEPT)


@dataclass(frozen=True)
class Case:
    """A line, and the files that it writes."""

    line: Line
    files: tuple[str, ...]
    before: str = ""
    """A folder that it is to replace."""


CASES = {
    "self-instruct": Case(
        (*MAKE, "-o", "disk/a.jsonl", "--rejects", "disk/no.jsonl", "--summary", "disk/summary"),
        ("disk/a.jsonl", "disk/no.jsonl"),
    ),
    "respond": Case((*ANSWER, "-o", "disk/a.jsonl", "--rejects", "disk/no.jsonl"), ("disk/a.jsonl", "disk/no.jsonl")),
    "respond to gzip": Case((*ANSWER, "-o", "disk/a.jsonl.gz"), ("disk/a.jsonl.gz",)),
    "filter": Case(
        (*SIFT, "-o", "disk/a.jsonl", "--rejects", "disk/no.jsonl"),
        ("disk/a.jsonl", "disk/no.jsonl"),
    ),
    "filter to gzip": Case(
        (*SIFT, "-o", "disk/a.jsonl.gz", "--rejects", "disk/no.jsonl.gz"),
        ("disk/a.jsonl.gz", "disk/no.jsonl.gz"),
    ),
    "filter to both": Case(
        (*SIFT, "--sample", "9", "-o", "disk/a.jsonl.zst", "--rejects", "disk/no.jsonl"),
        ("disk/a.jsonl.zst", "disk/no.jsonl"),
    ),
    "export": Case(
        (*EXPORT, "--split", "train=0.8,test=0.2", "--shuffle", "--rejects", "disk/no.jsonl"),
        ("disk/out/README.md", "disk/out/data/train.jsonl", "disk/out/data/test.jsonl", "disk/no.jsonl"),
    ),
    "export over another": Case(
        ("export", "alpaca", "answered.jsonl", "-q", "-o", "disk/out", "--force"),
        ("disk/out/train.jsonl",),
        before="disk/out",
    ),
}
KINDS = ("write", "sync", "rename", "open", "truncate", "unlink")
ALWAYS = {"write", "open"}
"""Those without which no line gets on."""
WAYS = (
    (errno.ENOSPC, "once"),
    (errno.ENOSPC, "full"),
    (errno.ENOSPC, "short"),
    (errno.EIO, "once"),
)
"""What fails: one call, all from one on, or all after one that is half done."""

Knowing = Callable[[str], Known]


@pytest.fixture(scope="module")
def knowing(tmp_path_factory: pytest.TempPathFactory) -> Knowing:
    base = tmp_path_factory.mktemp("failures")
    folder = base / "prepared"
    prepare(folder)
    (folder / DISK).mkdir()
    rows = (f'{{"instruction": "Name tree {number}.", "s": {number % 7}}}\n' for number in range(24))
    (folder / "rows.jsonl").write_text("".join(rows) + '{"instruction": "Name tree 3."}\n')
    learn = ("--journal", "journal.sqlite", "-q", "-o")
    digests = learned(folder, "self-instruct", "seeds.jsonl", "-n", "60", *learn, "more.jsonl")
    digests |= learned(folder, "respond", "rows.jsonl", "--max-failures", "100%", *learn, "answered.jsonl")
    answered = (folder / "answered.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "mixed.jsonl").write_bytes(b"".join(answered * 2))  # one half stays, the other is left out
    known: dict[str, Known] = {}

    def know(name: str) -> Known:
        if name not in known:
            place = new_place(folder, base / name.replace(" ", "-"), CASES[name])
            known[name] = undisturbed(place, digests, CASES[name].files, CASES[name].line)
        return known[name]

    return know


def new_place(prepared: Path, folder: Path, case: Case) -> Path:
    copy_of(prepared, folder, "rows.jsonl", "answered.jsonl", "mixed.jsonl")
    (folder / DISK).mkdir()
    (folder / "tmp").mkdir()
    if case.before:
        (folder / case.before).mkdir()
        for name in case.files:
            (folder / name).write_text("what was there before\n")
    return folder


def check_left(place: Path, known: Known, case: Case, what: str) -> None:
    """What a failure left is a beginning in whole lines, a whole file, or nothing."""
    for name, data in known.files.items():
        path = place / name
        if not path.exists():
            continue
        there = path.read_bytes()
        if case.before:
            assert there in {data, b"what was there before\n"}, f"{what}: {name} is half written"
        elif path.suffix == ".jsonl" and path.parent.name == DISK:
            assert data.startswith(there), f"{what}: {name} is no beginning"
            assert not there or there.endswith(b"\n"), f"{what}: {name} ends in the middle of a line"
        else:
            assert there == data, f"{what}: {name} is half written"
    summary = place / DISK / "summary"
    if summary.exists():
        assert summary.read_bytes()[-1:] in {b"", b"\n"}, f"{what}: the summary ends in the middle of a line"


def check_said(code: int, said: str, what: str) -> None:
    """One clear line, and no traceback."""
    assert "Traceback" not in said, f"{what}: {said}"
    assert code in {FAILED, DONE}, f"{what}: exit {code}: {said}"
    told = [line for line in said.splitlines() if line.startswith("instgen: ")]
    assert len(told) == (code == FAILED), f"{what}: exit {code}: {said}"


@dataclass(frozen=True)
class Failure:
    """The call that fails, and how."""

    kind: str
    at: int
    number: int
    on: str

    def __str__(self) -> str:
        return f"{self.kind} {self.at}, {errno.errorcode[self.number]}, {self.on}"

    def settings(self, place: Path) -> dict[str, str]:
        """What the bad disk is told; it says in `fired` which call it was."""
        disk = str(place / DISK)
        said = {"ROOT": disk, "KIND": self.kind, "AT": self.at, "ERRNO": self.number, "ON": self.on}
        told = {f"TORTURE_{name}": str(value) for name, value in said.items()}
        return told | {"TORTURE_FIRED": str(place / "fired"), "TMPDIR": disk}


def code_after(failure: Failure, place: Path, known: Known, case: Case, server: Server) -> int | None:
    """The exit code of the run that the failure met, when all was looked at; None where there is no such call."""
    done = server.run(case.line, b"", environment(place, **failure.settings(place)))
    said, what = done.stderr.decode(), str(failure)
    if not (place / "fired").exists():
        assert done.returncode == DONE, f"{what}: {said}"
        assert known.differing(place) == [], what
        return None
    call, *_, path = (place / "fired").read_text().split()
    what += f" ({call} of {Path(path).name})"
    check_said(done.returncode, said, what)
    check_left(place, known, case, what)
    if done.returncode == DONE and any(name.endswith((".gz", ".zst")) for name in case.files):
        assert known.differing(place) == [], what  # which is not written over again
        return done.returncode
    paid, before = known.paid(place, JOURNAL), len(asked(place))
    again = server.run(case.line, b"", environment(place))
    assert again.returncode == DONE, f"{what}: again: {again.stderr.decode()}"
    assert known.differing(place) == [], f"{what}: again"
    assert paid.isdisjoint(asked(place)[before:]), f"{what}: bought twice"
    return done.returncode


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CASES)
def test_whichever_call_fails_nothing_is_lost(
    name: str, kind: str, knowing: Knowing, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, case = knowing(name), CASES[name]
    codes: Counter[int] = Counter()
    for number, on in WAYS:
        if on == "short" and kind != "write":
            continue
        for at in range(1, TRIALS + 1):
            place = new_place(known.folder, tmp_path / f"{number}-{on}-{at}", case)
            monkeypatch.chdir(place)
            code = code_after(Failure(kind, at, number, on), place, known, case, server)
            shutil.rmtree(place)
            if code is None:
                break
            codes[code] += 1
    assert codes[FAILED] or kind not in ALWAYS, "no call was met: is the library before libc?"
    tell(f"{kind} fails in {name}: {codes.total()} failures, exit codes {dict(codes)}")


@pytest.mark.parametrize("command", ["self-instruct", "respond", "filter"])
def test_a_full_disk_behind_stdout_is_told(command: str, knowing: Knowing) -> None:
    known = knowing(command)
    line = list(CASES[command].line)
    del line[line.index("-o") : line.index("-o") + 2]
    place = new_place(known.folder, known.folder.with_name(f"full-{command}"), CASES[command])
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, *line], cwd=place, env=environment(place), stdout=full, stderr=subprocess.PIPE, check=False
        )
    check_said(done.returncode, done.stderr.decode(), command)
    assert done.returncode == FAILED
    assert run(place, line) == [DONE], stderr(place)
