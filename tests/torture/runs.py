"""What the tests of this folder share: commands with a scripted teacher, and what is known of them afterwards.

The teacher writes the digest of each prompt into calls.log before it answers, and the journal keeps each answer under
a key. Which key goes with which digest is learned once, from a run that asks one at a time: then both come in the same
order. So a test can say of each call that it asked, and whether it had been answered and kept before.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import multiprocessing
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from random import Random

from tests.cli.conftest import write_rules
from tests.forked import PRELOADED, take_over

SEED = int(os.environ.get("TORTURE_SEED", time.time_ns() % 1_000_000))
"""All moments are drawn from this; it is printed at the end."""
COMMAND = (sys.executable, "-m", "instgen")
SEEDS = Path(__file__).parents[2] / "seeds" / "en.jsonl"
SECONDS = 60
"""After which a run that should have ended fails the test."""
FAILING = {"chance": 0.04, "error": "no luck"}
"""A rule by which some prompts get no answer: a failure is journaled like any other completion."""
JOURNAL = "journal.sqlite"
LOG = "calls.log"

Line = Sequence[str]
"""A command as it is typed."""

CONTEXT = multiprocessing.get_context("forkserver")
"""Starts the program from a process that has its imports: thousands of runs would wait for them."""
CONTEXT.set_forkserver_preload(list(PRELOADED))

_told: list[str] = []
"""What was measured, for the end of the session."""


class Started:
    """One run of the program, as `subprocess` would show it."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process

    def running(self) -> bool:
        return self._process.exitcode is None

    def wait(self, seconds: float) -> int:
        self._process.join(seconds)
        assert self._process.exitcode is not None, "it never ended"
        return self._process.exitcode

    def signal(self, signum: int) -> None:
        assert self._process.pid
        if self.running():
            os.kill(self._process.pid, signum)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)


def trials(usual: int) -> int:
    """How many trials a test makes: TORTURE_TRIALS says otherwise."""
    return int(os.environ.get("TORTURE_TRIALS", usual))


def luck(*which: object) -> Random:
    """What decides about one trial, the same again for the same TORTURE_SEED."""
    return Random(f"{SEED} {which}")


def tell(figure: str) -> None:
    """Have a figure printed when the session ends."""
    _told.append(figure)


def told() -> Sequence[str]:
    """All figures so far."""
    return _told


def prepare(folder: Path, latency: Sequence[float] | None = None) -> None:
    """Put the teacher's rules and the seeds into a new folder; some prompts get no answer."""
    folder.mkdir(exist_ok=True)
    write_rules(folder / "rules.jsonl", list(latency) if latency else None, paid=True)
    head, *rules = map(json.loads, (folder / "rules.jsonl").read_text().splitlines())
    rows = [{**head, "log": LOG}, FAILING, *rules]
    (folder / "rules.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    shutil.copy(SEEDS, folder / "seeds.jsonl")


def copy_of(prepared: Path, folder: Path, *more: str) -> Path:
    """A new folder with the same teacher, and other files of that folder as they are."""
    folder.mkdir()
    for name in ("rules.jsonl", "seeds.jsonl", *more):
        shutil.copy(prepared / name, folder / name)
    return folder


def environment(folder: Path, **more: str) -> dict[str, str]:
    """The program's environment: the scripted teacher, and nothing of the user's own."""
    own = {name: str(folder / "own") for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "HOME")}
    return {**os.environ, **own, "INSTGEN_TEACHER": "scripted/rules.jsonl", **more}


def begin(folder: Path, *stages: Line, **more: str) -> list[Started]:
    """Start stages that read one another, and wait until each is the program; its stderr is a file in the folder."""
    group: list[Started] = []
    before: Connection | None = None
    for number, stage in enumerate(stages):
        reads, writes = (None, None) if number == len(stages) - 1 else CONTEXT.Pipe(duplex=False)
        said = folder / f"stderr-{number}"
        process = CONTEXT.Process(
            target=_become, args=(folder, stage, environment(folder, **more), said, before, writes)
        )
        process.start()
        group.append(Started(process))
        for end in (before, writes):
            if end is not None:
                end.close()
        before = reads
    for number, started in enumerate(group):
        while started.running() and not (folder / f"stderr-{number}").exists():
            time.sleep(0.001)
    return group


def _become(
    folder: Path,
    line: Line,
    settings: Mapping[str, str],
    said: Path,
    reads: Connection | None,
    writes: Connection | None,
) -> None:
    """Be the program, with other streams; then its own way through. SIGINT ends it, as in the program's first lines."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDWR)
    told = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    fds = (os.dup(reads.fileno()) if reads else nothing, os.dup(writes.fileno()) if writes else nothing, told)
    for end in (reads, writes):
        if end is not None:
            end.close()
    take_over(["instgen", *line], str(folder), settings, fds)
    importlib.import_module("instgen.cli.main").run()


def finish(group: Sequence[Started]) -> list[int]:
    """The exit codes, once all have ended; what does not end is killed, and fails the test."""
    ends = time.monotonic() + SECONDS
    try:
        return [process.wait(max(0.0, ends - time.monotonic())) for process in group]
    finally:
        for process in group:
            process.kill()


def run(folder: Path, *stages: Line, **more: str) -> list[int]:
    """The exit codes of stages that read one another."""
    return finish(begin(folder, *stages, **more))


def anew(folder: Path, line: Line, **more: str) -> subprocess.CompletedProcess[str]:
    """The end of a line that is run by an interpreter of its own, as LD_PRELOAD needs."""
    return subprocess.run(
        [*COMMAND, *line],
        cwd=folder,
        env=environment(folder, **more),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=10 * SECONDS,
        check=False,
    )


def stderr(folder: Path, stage: int = 0) -> str:
    """What a stage said last."""
    return (folder / f"stderr-{stage}").read_text()


def asked(folder: Path) -> list[str]:
    """The digests of all calls so far."""
    log = folder / LOG
    return log.read_text().splitlines() if log.exists() else []


def kept(folder: Path, journal: str = JOURNAL) -> list[bytes]:
    """The keys of all completions that are in the journal now, oldest first; the files are not touched."""
    with tempfile.TemporaryDirectory() as place:
        for part in ("", "-wal", "-journal"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copy(folder / f"{journal}{part}", Path(place) / f"copy{part}")
        with contextlib.closing(sqlite3.connect(Path(place) / "copy")) as db:
            tables = db.execute("SELECT name FROM sqlite_master WHERE name = 'completions'").fetchall()
            return [key for (key,) in db.execute("SELECT key FROM completions ORDER BY rowid")] if tables else []


@dataclass(frozen=True)
class Known:
    """What an undisturbed run wrote, and how to tell which calls a journal holds."""

    folder: Path
    files: Mapping[str, bytes]
    digests: Mapping[bytes, str]
    """By journal key."""
    seconds: float
    """That it took at its usual concurrency."""

    def paid(self, folder: Path, journal: str = JOURNAL) -> set[str]:
        """The digests of the calls whose answers are in a folder's journal."""
        return {self.digests[key] for key in kept(folder, journal)}

    def differing(self, folder: Path) -> list[str]:
        """The files that are not byte for byte what the undisturbed run wrote."""
        return [name for name, data in self.files.items() if (folder / name).read_bytes() != data]


def learned(folder: Path, *line: str) -> dict[bytes, str]:
    """Which key goes with which digest, for all that a line asks; its journal and its log are taken away."""
    assert run(folder, [*line, "--concurrency", "1"]) == [0], stderr(folder)
    known = dict(zip(kept(folder), asked(folder), strict=False))  # at the end one may be asked and not waited for
    (folder / LOG).unlink()
    (folder / JOURNAL).unlink()
    return known


def undisturbed(folder: Path, digests: Mapping[bytes, str], names: Sequence[str], *stages: Line) -> Known:
    """What stages write into a folder when nothing happens; `names` are the files that must be right."""
    began = time.monotonic()
    assert set(run(folder, *stages)) == {0}, stderr(folder)
    return known_of(folder, digests, names, time.monotonic() - began)


def known_of(folder: Path, digests: Mapping[bytes, str], names: Sequence[str], seconds: float = 0.0) -> Known:
    """What a run that has ended wrote into a folder."""
    assert len(asked(folder)) == len(set(asked(folder))), "a call was made twice"
    return Known(folder, {name: (folder / name).read_bytes() for name in names}, digests, seconds)
