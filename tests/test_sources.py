"""Bytes come from files and streams as they arrive, unpacked, and never more than can be held."""

from __future__ import annotations

import gzip
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import zstandard

from instgen import sources
from instgen.errors import InputError
from instgen.sources import BLOCK, MAX_UNPACKED, check_source, open_source

DATA = b'{"a":1}\n{"a":2}\n'
PACKINGS = [
    pytest.param(gzip.compress, ".gz", id="gzip"),
    pytest.param(lambda data: zstandard.ZstdCompressor(write_checksum=True).compress(data), ".zst", id="zstd"),
]
packed = pytest.mark.parametrize(("pack", "suffix"), PACKINGS)
Pack = Callable[[bytes], bytes]


def written(folder: Path, name: str, data: bytes) -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)


def problem(path: str) -> str:
    with pytest.raises(InputError) as caught:
        list(open_source(path))
    return caught.value.problem


@pytest.fixture
def stdin() -> Iterator[Callable[[bytes], None]]:
    """Makes standard input a pipe that gives some bytes and ends."""
    before = os.dup(0)

    def give(data: bytes) -> None:
        read, write = os.pipe()
        os.write(write, data)
        os.close(write)
        os.dup2(read, 0)
        os.close(read)

    yield give
    os.dup2(before, 0)
    os.close(before)


def test_a_file_is_read_as_it_is(tmp_path: Path) -> None:
    assert b"".join(open_source(written(tmp_path, "a.jsonl", DATA))) == DATA


def test_a_large_file_comes_in_blocks(tmp_path: Path) -> None:
    blocks = list(open_source(written(tmp_path, "a.jsonl", DATA * BLOCK)))
    assert max(map(len, blocks)) == BLOCK
    assert b"".join(blocks) == DATA * BLOCK


def test_a_minus_is_standard_input(stdin: Callable[[bytes], None]) -> None:
    stdin(DATA)
    assert b"".join(open_source("-")) == DATA


@packed
def test_packed_standard_input_is_unpacked(stdin: Callable[[bytes], None], pack: Pack, suffix: str) -> None:
    stdin(pack(DATA))
    assert b"".join(open_source("-")) == DATA


def test_standard_input_that_never_waits_is_waited_for(stdin: Callable[[bytes], None]) -> None:
    stdin(b"")
    read, write = os.pipe()
    os.dup2(read, 0)
    os.set_blocking(0, False)
    os.close(read)

    def give() -> None:
        os.write(write, DATA)
        os.close(write)

    threading.Timer(0.02, give).start()
    assert b"".join(open_source("-")) == DATA


def test_standard_input_that_is_closed_is_told() -> None:
    before = os.dup(0)
    os.close(0)
    try:
        assert problem("-") == "cannot be read: Bad file descriptor"
    finally:
        os.dup2(before, 0)
        os.close(before)


def test_a_pipe_is_handed_on_as_it_comes() -> None:
    read, write = os.pipe()
    seen = threading.Event()

    def give() -> None:
        os.write(write, b'{"a":1}\n')
        seen.wait(5)
        os.write(write, b'{"a":2}\n')
        os.close(write)

    writer = threading.Thread(target=give)
    writer.start()
    blocks = open_source(f"/dev/fd/{read}")
    first = next(blocks)
    seen.set()
    assert (first, list(blocks)) == (b'{"a":1}\n', [b'{"a":2}\n'])
    writer.join()
    os.close(read)


@packed
def test_a_packed_file_is_unpacked(tmp_path: Path, pack: Pack, suffix: str) -> None:
    assert b"".join(open_source(written(tmp_path, f"a{suffix}", pack(DATA * 10_000)))) == DATA * 10_000


@packed
def test_a_packed_file_is_told_by_its_content(tmp_path: Path, pack: Pack, suffix: str) -> None:
    assert b"".join(open_source(written(tmp_path, "a.jsonl", pack(DATA)))) == DATA


@packed
def test_a_packed_file_is_told_however_slowly_it_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Pack, suffix: str
) -> None:
    monkeypatch.setattr(sources, "BLOCK", 1)
    assert b"".join(open_source(written(tmp_path, "a.jsonl", pack(DATA)))) == DATA


@packed
def test_packed_files_that_were_joined_are_unpacked_whole(tmp_path: Path, pack: Pack, suffix: str) -> None:
    assert b"".join(open_source(written(tmp_path, f"a{suffix}", pack(DATA) + pack(b"") + pack(DATA)))) == DATA * 2


@packed
def test_zero_bytes_behind_a_packed_file_are_padding(tmp_path: Path, pack: Pack, suffix: str) -> None:
    assert b"".join(open_source(written(tmp_path, f"a{suffix}", pack(DATA) + bytes(1024)))) == DATA


@packed
@pytest.mark.parametrize("missing", [1, 8])
def test_a_packed_file_that_was_cut_is_told(tmp_path: Path, pack: Pack, suffix: str, missing: int) -> None:
    assert problem(written(tmp_path, f"a{suffix}", pack(DATA)[:-missing])).endswith("data end too early")


@packed
def test_a_packed_file_that_was_damaged_is_told(tmp_path: Path, pack: Pack, suffix: str) -> None:
    data = bytearray(pack(DATA))
    data[-9 if suffix == ".gz" else -5] ^= 0x55
    assert "data cannot be unpacked: " in problem(written(tmp_path, f"a{suffix}", bytes(data)))


@packed
def test_junk_behind_a_packed_file_is_told(tmp_path: Path, pack: Pack, suffix: str) -> None:
    assert "data cannot be unpacked: " in problem(written(tmp_path, f"a{suffix}", pack(DATA) + b"junk, and more of it"))


@packed
def test_a_name_that_promises_packed_data_is_not_believed(tmp_path: Path, pack: Pack, suffix: str) -> None:
    assert problem(written(tmp_path, f"a{suffix}", DATA)).endswith("data, whatever its name says")


@packed
def test_an_empty_file_is_empty_whatever_its_name(tmp_path: Path, pack: Pack, suffix: str) -> None:
    assert b"".join(open_source(written(tmp_path, f"a{suffix}", b""))) == b""


@packed
def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: Pack, suffix: str) -> None:
    monkeypatch.setattr(sources, "RATIO_COUNTS_FROM", 1 << 20)
    bomb = pack(bytes(8 << 20))
    assert "unpacks to more than 300 times its size" in problem(written(tmp_path, f"a{suffix}", bomb))


@packed
def test_no_bomb_comes_out_at_once(tmp_path: Path, pack: Pack, suffix: str) -> None:
    bomb = pack(bytes(3 * MAX_UNPACKED))
    largest = max(map(len, open_source(written(tmp_path, f"a{suffix}", bomb))))
    assert 0 < largest <= MAX_UNPACKED


def test_zstd_that_wants_too_much_memory_is_refused(tmp_path: Path) -> None:
    wide = zstandard.ZstdCompressionParameters.from_level(1, window_log=28)
    data = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    assert "data cannot be unpacked: " in problem(written(tmp_path, "a.zst", data.compress(DATA) + data.flush()))


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"PAR1\x15\x04", "is a Parquet file, not JSONL"),
        (b"PK\x03\x04\x14\x00", "is a zip archive, not JSONL"),
        (b"BZh91AY", "is a bzip2 file, not JSONL"),
        (b"\xfd7zXZ\x00", "is an xz file, not JSONL"),
        ('{"a":1}'.encode("utf-16"), "is UTF-16 text, not JSONL"),
    ],
)
def test_a_file_of_another_kind_is_named(tmp_path: Path, data: bytes, said: str) -> None:
    assert problem(written(tmp_path, "a.jsonl", data)) == said


@pytest.mark.parametrize("read", [check_source, lambda path: list(open_source(path))])
def test_a_missing_file_is_told(tmp_path: Path, read: Callable[[str], object]) -> None:
    with pytest.raises(InputError, match=r"none\.jsonl: there is no such file"):
        read(str(tmp_path / "none.jsonl"))


@pytest.mark.parametrize("read", [check_source, lambda path: list(open_source(path))])
def test_a_folder_is_told(tmp_path: Path, read: Callable[[str], object]) -> None:
    with pytest.raises(InputError, match="is a directory"):
        read(str(tmp_path))


@pytest.mark.parametrize("read", [check_source, lambda path: list(open_source(path))])
def test_a_file_that_may_not_be_read_is_told(tmp_path: Path, read: Callable[[str], object]) -> None:
    path = written(tmp_path, "a.jsonl", DATA)
    Path(path).chmod(0)
    user = os.geteuid()
    if user == 0:  # who may read everything
        os.seteuid(65534)
    try:
        with pytest.raises(InputError, match="you have no permission to read it"):
            read(path)
    finally:
        os.seteuid(user)


def test_a_named_pipe_is_not_opened_to_be_checked(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    check_source(str(tmp_path / "pipe"))
    assert (tmp_path / "pipe").is_fifo()
