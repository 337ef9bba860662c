"""Records out: resuming by comparison, locks, torn lines, full disks, readers that go away."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.errors import OutputDiffers, OutputFailed, OutputLocked, ReaderGone, UsageError
from instgen.jsonl import Destination, ResumedFile, Stream, Together, Writer, locked, open_destination
from instgen.sources import open_source

LINES = [b'{"n":%d}\n' % number for number in range(30)]


def write(lines: list[bytes], *destinations: Destination, complete: bool = True, place: int = 0) -> None:
    async def run() -> None:
        writer = Writer(destinations, lambda _: None)
        try:
            for line in lines:
                await writer.write(place, line)
        finally:
            await writer.close(complete=complete)

    asyncio.run(run())


@given(kept=st.integers(0, len(b"".join(LINES))))
def test_a_file_cut_anywhere_is_completed_to_the_same_bytes(
    tmp_path_factory: pytest.TempPathFactory, kept: int
) -> None:
    path = tmp_path_factory.mktemp("cut") / "out.jsonl"
    whole = b"".join(LINES)
    path.write_bytes(whole[:kept])
    write(LINES, ResumedFile(path, []))
    assert path.read_bytes() == whole


def test_a_file_that_differs_is_left_untouched(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    before = b"".join(LINES[:5]) + b'{"other":1}\n'
    path.write_bytes(before)
    with pytest.raises(OutputDiffers):
        write(LINES, ResumedFile(path, []))
    assert path.read_bytes() == before


def test_a_file_that_goes_on_is_left_untouched_and_said_so_only_to_a_complete_run(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(b"".join(LINES))
    with pytest.raises(OutputDiffers, match="has more lines"):
        write(LINES[:10], ResumedFile(path, []))
    write(LINES[:10], ResumedFile(path, []), complete=False)
    assert path.read_bytes() == b"".join(LINES)


def test_files_of_one_run_are_only_changed_when_all_agree(tmp_path: Path) -> None:
    records, rejects = tmp_path / "records.jsonl", tmp_path / "rejects.jsonl"
    records.write_bytes(b"".join(LINES[:20]) + b"no line of this run\n")
    rejects.write_bytes(LINES[0] + LINES[1][:4])
    together: Together = []
    files = [ResumedFile(records, together), ResumedFile(rejects, together)]

    async def run() -> None:
        writer = Writer(files, lambda _: None)
        try:
            for line in LINES:
                await writer.write(1, line)
                await writer.write(0, line)
        finally:
            await writer.close(complete=True)

    with pytest.raises(OutputDiffers):
        asyncio.run(run())
    assert rejects.read_bytes() == LINES[0] + LINES[1][:4]


@given(cuts=st.tuples(st.integers(0, len(b"".join(LINES))), st.integers(0, len(b"".join(LINES)))))
def test_two_files_cut_anywhere_are_both_completed(
    tmp_path_factory: pytest.TempPathFactory, cuts: tuple[int, int]
) -> None:
    folder = tmp_path_factory.mktemp("two")
    whole = b"".join(LINES)
    paths = [folder / "records", folder / "rejects"]
    together: Together = []
    for path, cut in zip(paths, cuts, strict=True):
        path.write_bytes(whole[:cut])
    files = [ResumedFile(path, together) for path in paths]

    async def run() -> None:
        writer = Writer(files, lambda _: None)
        for line in LINES:
            await writer.write(0, line)
            await writer.write(1, line)
        await writer.close(complete=True)

    asyncio.run(run())
    assert [path.read_bytes() for path in paths] == [whole, whole]


def test_force_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(b"something else\n")
    write(LINES, open_destination(path, [], force=True, resumable=False))
    assert path.read_bytes() == b"".join(LINES)


def test_a_second_run_on_the_same_file_is_turned_away(tmp_path: Path) -> None:
    first = ResumedFile(tmp_path / "out.jsonl", [])
    with pytest.raises(OutputLocked):
        ResumedFile(tmp_path / "out.jsonl", [])
    first.close()
    ResumedFile(tmp_path / "out.jsonl", []).close()


@pytest.mark.parametrize("another", [False, True], ids=["its name is free", "another file has its name"])
def test_what_is_locked_is_the_file_that_has_the_name_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, another: bool
) -> None:
    path, done = tmp_path / "out.gz.part", tmp_path / "out.gz"
    lock = fcntl.flock

    def finished_meanwhile(fd: int, how: int) -> None:
        if not done.exists():
            path.replace(done)
            if another:
                path.touch()
        lock(fd, how)

    monkeypatch.setattr("fcntl.flock", finished_meanwhile)
    fd = locked(path, done)
    assert os.path.samestat(os.fstat(fd), path.stat()), "the finished file would have been written over"
    os.close(fd)


def test_without_a_journal_an_existing_file_is_not_resumed(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(LINES[0])
    with pytest.raises(UsageError, match="without a journal"):
        open_destination(path, [], force=False, resumable=False)


packed = pytest.mark.parametrize("name", ["out.jsonl.gz", "out.zst"])


def unpacked(path: Path) -> bytes:
    return b"".join(open_source(str(path)))


@packed
def test_a_packed_file_appears_when_the_run_is_complete(tmp_path: Path, name: str) -> None:
    file = open_destination(tmp_path / name, [], force=False, resumable=True)
    file.write(LINES[:20])
    file.write(LINES[20:])
    assert not (tmp_path / name).exists()
    file.verify_end()
    file.close()
    assert unpacked(tmp_path / name) == b"".join(LINES)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@packed
def test_the_same_lines_make_the_same_packed_file(tmp_path: Path, name: str) -> None:
    made = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write(LINES, open_destination(tmp_path / folder / name, [], force=False, resumable=True))
        made.append((tmp_path / folder / name).read_bytes())
    assert made[0] == made[1]


@packed
def test_of_a_packed_file_that_is_not_complete_nothing_stays(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"what was there")
    write(LINES, open_destination(tmp_path / name, [], force=True, resumable=True), complete=False)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_bytes() == b"what was there"


@packed
def test_a_packed_file_is_neither_resumed_nor_overwritten_unasked(tmp_path: Path, name: str) -> None:
    write(LINES, open_destination(tmp_path / name, [], force=False, resumable=True))
    with pytest.raises(UsageError, match="not resumed"):
        open_destination(tmp_path / name, [], force=False, resumable=True)
    write(LINES[:3], open_destination(tmp_path / name, [], force=True, resumable=True))
    assert unpacked(tmp_path / name) == b"".join(LINES[:3])


@packed
def test_a_packed_file_needs_a_run_that_can_be_repeated(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="no journal"):
        open_destination(tmp_path / name, [], force=True, resumable=False)


@packed
def test_a_packed_file_is_written_by_one_run_at_a_time(tmp_path: Path, name: str) -> None:
    first = open_destination(tmp_path / name, [], force=False, resumable=True)
    with pytest.raises(OutputLocked):
        open_destination(tmp_path / name, [], force=False, resumable=True)
    first.close()


def no_room(*arguments: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("names", [("a.gz", "b.gz"), ("a.gz", "b.jsonl"), ("b.jsonl", "a.gz")])
def test_where_one_file_cannot_be_finished_no_packed_one_appears(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: tuple[str, str]
) -> None:
    together: Together = []
    first, second = (open_destination(tmp_path / name, together, force=False, resumable=True) for name in names)
    for file in (first, second):
        file.write(LINES)
        file.verify_end()
    first.close()
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", no_room)
        with pytest.raises(OutputFailed):
            second.close()
    assert not (tmp_path / "a.gz").exists()
    for name in names:  # and so the same line can be given again
        open_destination(tmp_path / name, [], force=False, resumable=True).close()


def test_a_disk_without_room_to_cut_a_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = ResumedFile(tmp_path / "out.jsonl", [])
    monkeypatch.setattr(os, "ftruncate", no_room)
    with pytest.raises(OutputFailed):
        file.verify_end()
    with pytest.raises(OutputFailed):
        open_destination(tmp_path / "out.gz", [], force=False, resumable=True)
    file.close()


def test_a_directory_is_no_output(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="directory"):
        open_destination(tmp_path, [], force=False, resumable=True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_an_output_error() -> None:
    with pytest.raises(OutputFailed, match="No space"):
        write(LINES, open_destination(Path("/dev/full"), [], force=False, resumable=True))


def test_a_reader_that_goes_away_is_noticed_though_nothing_is_written() -> None:
    reading, writing = os.pipe()

    async def run() -> Exception:
        failed: asyncio.Future[Exception] = asyncio.get_running_loop().create_future()
        writer = Writer([Stream(writing, "stdout")], failed.set_result)
        os.close(reading)
        problem = await asyncio.wait_for(failed, 10)
        writer.abort(10)
        return problem

    assert isinstance(asyncio.run(run()), ReaderGone)
    os.close(writing)


def test_a_slow_reader_holds_up_the_writer_and_gets_everything() -> None:
    reading, writing = os.pipe()
    lines = [b"x" * 999 + b"\n"] * 3000
    got: list[bytes] = []

    def read() -> None:
        while block := os.read(reading, 5000):
            got.append(block)

    reader = threading.Thread(target=read)
    reader.start()
    write(lines, Stream(writing, "stdout"))
    os.close(writing)
    reader.join()
    os.close(reading)
    assert b"".join(got) == b"".join(lines)


def test_a_pipe_gets_each_line_at_once() -> None:
    reading, writing = os.pipe()

    async def run() -> bytes:
        writer = Writer([Stream(writing, "stdout")], lambda _: None)
        await writer.write(0, LINES[0])
        seen = await asyncio.to_thread(os.read, reading, 100)
        await writer.close(complete=True)
        return seen

    assert asyncio.run(run()) == LINES[0]
    os.close(reading)
    os.close(writing)
