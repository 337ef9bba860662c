"""The power goes off at any moment: what the disk may hold then is opened, and the same line ends with the same bytes.

What a run did to its files is recorded once, and images of the disk at random moments are made of it (see disk.py), so
that also those states come up that no kill leaves: writes that never arrived, pages that are half there.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.forked import Server
from tests.torture.disk import image
from tests.torture.runs import (
    Known,
    anew,
    asked,
    copy_of,
    environment,
    kept,
    known_of,
    learned,
    luck,
    prepare,
    run,
    stderr,
    tell,
    trials,
)
from tests.torture.shim import Change, changes, compiled

TRIALS = trials(300)
DISK = "disk"
JOURNAL = f"{DISK}/journal.sqlite"
PAGE = 4096
DONE, NOT_READABLE, FAILED = 0, 4, 74

ANSWER = ("respond", "rows.jsonl", "--max-failures", "100%", "--journal", JOURNAL, "-q")
LINE = (*ANSWER, "-o", f"{DISK}/a.jsonl", "--rejects", f"{DISK}/no.jsonl")
FILES = (f"{DISK}/a.jsonl", f"{DISK}/no.jsonl")
LATENCY = (0.001, 0.02)


@dataclass(frozen=True)
class Recorded:
    """An undisturbed run, and all that it did to its files."""

    known: Known
    history: Sequence[Change]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    base = tmp_path_factory.mktemp("power")
    folder = base / "prepared"
    prepare(folder, LATENCY)
    rows = (f'{{"instruction": "Name tree {number}."}}\n' for number in range(120))
    (folder / "rows.jsonl").write_text("".join(rows))
    line = ("respond", "rows.jsonl", "--max-failures", "100%", "--journal", "journal.sqlite", "-q", "-o", "a.jsonl")
    digests = learned(folder, *line)
    place = new_place(folder, base / "recorded")
    library, trace = compiled(base), base / "trace"
    more = {"LD_PRELOAD": str(library), "TORTURE_ROOT": str(place / DISK), "TORTURE_TRACE": str(trace)}
    done = anew(place, LINE, **more)
    assert done.returncode == DONE, done.stderr
    return Recorded(known_of(place, digests, FILES), list(changes(trace)))


def new_place(prepared: Path, folder: Path) -> Path:
    copy_of(prepared, folder, "rows.jsonl")
    (folder / DISK).mkdir()
    return folder


def check_it_goes_on(place: Path, known: Known, server: Server, what: str) -> int:
    """The same line ends as it should, and asks nothing that the journal holds; how many calls it holds."""
    paid, before = known.paid(place, JOURNAL), len(asked(place))
    again = server.run(LINE, b"", environment(place))
    assert again.returncode == DONE, f"{what}: {again.stderr.decode()}"
    assert known.differing(place) == [], what
    assert paid.isdisjoint(asked(place)[before:]), f"{what}: bought twice"
    return len(paid)


def test_whatever_a_power_loss_leaves_the_same_line_ends_with_the_same_bytes(
    recorded: Recorded, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[int] = []
    for trial in range(TRIALS):
        random, place = luck("power", trial), new_place(recorded.known.folder, tmp_path / str(trial))
        monkeypatch.chdir(place)
        at = random.randint(0, len(recorded.history))
        image(recorded.history[:at], place / DISK, random)
        held.append(check_it_goes_on(place, recorded.known, server, f"trial {trial}, after {at} changes"))
        shutil.rmtree(place)
    tell(
        f"power loss: {TRIALS} images of {len(recorded.history)} changes, journals of {min(held)} to {max(held)} calls"
    )


def test_what_was_written_had_been_bought_for_good(
    recorded: Recorded, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = 0
    first = 1 + next(
        at for at, change in enumerate(recorded.history) if change.path.endswith("a.jsonl") and change.data
    )
    for trial in range(TRIALS // 3):
        random, place = luck("durable", trial), new_place(recorded.known.folder, tmp_path / str(trial))
        monkeypatch.chdir(place)
        at = random.randint(first, len(recorded.history))
        image(recorded.history[:at], place / DISK, random)
        written = [change for change in recorded.history[:at] if Path(change.path).name in {"a.jsonl", "no.jsonl"}]
        lines = sum(change.data.count(b"\n") for change in written)
        shown += lines
        for name in FILES:
            (place / name).unlink(missing_ok=True)
        rows = (place / "rows.jsonl").read_text().splitlines(keepends=True)
        (place / "rows.jsonl").write_text("".join(rows[:lines]))
        done = server.run(LINE, b"", environment(place))
        assert done.returncode == DONE, f"trial {trial}: {done.stderr.decode()}"
        assert asked(place) == [], f"trial {trial}: {lines} lines were written, and an answer of theirs was lost"
        shutil.rmtree(place)
    tell(f"power loss: of {TRIALS // 3} images, {shown} lines written before; no answer of theirs was lost")


def test_a_log_that_is_cut_anywhere_costs_what_was_in_it_and_no_more(
    recorded: Recorded, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [(Path(change.path).name, change.what) for change in recorded.history]
    first = names.index(("journal.sqlite-wal", "w"))
    moved = names.index(("journal.sqlite", "w"), first)
    for trial in range(TRIALS // 3):
        random, place = luck("cut", trial), new_place(recorded.known.folder, tmp_path / str(trial))
        monkeypatch.chdir(place)
        image(recorded.history[: random.randint(first + 1, moved)], place / DISK, random)
        for name in FILES:
            (place / name).unlink(missing_ok=True)
        log = place / f"{JOURNAL}-wal"
        data = log.read_bytes() if log.exists() else b""
        log.write_bytes(data[: random.randint(0, len(data))])
        check_it_goes_on(place, recorded.known, server, f"trial {trial}, cut at {log.stat().st_size}")
        shutil.rmtree(place)
    tell(f"a log cut anywhere: {TRIALS // 3} trials")


@pytest.mark.parametrize("damage", ["page", "byte"])
def test_garbage_in_a_journal_is_told_in_one_line_or_does_no_harm(
    damage: str, recorded: Recorded, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = (recorded.known.folder / JOURNAL).read_bytes()
    codes: Counter[int] = Counter()
    for trial in range(TRIALS):
        random, place = luck("garbage", damage, trial), new_place(recorded.known.folder, tmp_path / str(trial))
        monkeypatch.chdir(place)
        data = bytearray(whole)
        if damage == "page":
            at = random.randrange(len(data) // PAGE) * PAGE
            data[at : at + PAGE] = random.choice([bytes(PAGE), random.randbytes(PAGE)])
        else:
            at = random.randrange(len(data))
            data[at] ^= 1 << random.randrange(8)
        (place / JOURNAL).write_bytes(data)
        done = server.run(LINE, b"", environment(place))
        said, what = done.stderr.decode(), f"trial {trial}, {damage} {at}"
        codes[done.returncode] += 1
        assert "Traceback" not in said, f"{what}: {said}"
        assert done.returncode in {DONE, NOT_READABLE, FAILED}, f"{what}: {done.returncode} {said}"
        if done.returncode != DONE:
            assert sum(line.startswith("instgen: ") for line in said.splitlines()) == 1, f"{what}: {said}"
        shutil.rmtree(place)
    tell(f"a {damage} of garbage in the journal: {TRIALS} trials, exit codes {dict(codes)}")


def test_the_recorded_run_holds_what_was_learned(recorded: Recorded) -> None:
    assert {recorded.known.digests[key] for key in kept(recorded.known.folder, JOURNAL)} == set(
        recorded.known.digests.values()
    )
    assert run(recorded.known.folder, LINE) == [DONE], stderr(recorded.known.folder)
