"""Reading files and standard input in blocks of bytes, decompressed if they are gzip or zstd.

The rules: a block is yielded as soon as the system returns one, so that pipes stream; a compressed source never takes
more memory than its longest row; the format is detected by the first bytes, not by the file name.
"""

from __future__ import annotations

import importlib
import os
import select
import stat
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import FileIO
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from instgen.errors import InputError

DASH = "-"
"""The path that stands for standard input or standard output."""
BLOCK = 1 << 20
"""Bytes requested per read; a pipe returns what it has."""
MAX_UNPACKED = 16 << 20
"""Maximum bytes that one step of decompression may produce."""
MAX_RATIO = 300
"""Maximum ratio of decompressed to compressed bytes over a whole source: several times what JSONL that repeats a single
task reaches."""
RATIO_COUNTS_FROM = 64 << 20
"""Decompressed bytes up to which the ratio is not checked."""
MAX_WINDOW = 128 << 20
"""Maximum window of a zstd frame in bytes, which must be held in memory: the default limit of the zstd command."""


def open_source(path: str, waiting: Callable[[int], None] | None = None) -> Iterator[bytes]:
    """The bytes of a file or of standard input as they arrive; gzip and zstd are detected and decompressed.

    Args:
        path: the file, or `-`.
        waiting: called with the descriptor before each read; it may do other work until there is input.

    Raises:
        InputError: the source cannot be opened or read, is damaged, or is in another format.
    """
    name = name_of(path)
    blocks = _blocks(path, waiting)
    head = _head(blocks)
    foreign = next((what for magic, what in _FOREIGN.items() if head.startswith(magic)), None)
    if foreign:
        raise InputError(name, f"is {foreign}, not JSONL", "convert it to JSONL first")
    packing = next((packing for packing in _PACKINGS if head.startswith(packing.magic)), None)
    if packing:
        yield from _unpacked(chain([head], blocks), packing, name)
        return
    promised = next((packing for packing in _PACKINGS if head and path.endswith(packing.suffix)), None)
    if promised:
        raise InputError(name, f"is not {promised.name} data, whatever its name says", "rename it to match what it is")
    yield from chain([head], blocks)


def name_of(path: str) -> str:
    """The name of a path in error messages."""
    return "stdin" if path == DASH else path


def check_source(path: str) -> None:
    """Check that a file exists and is readable, without opening it, since a named pipe can be opened only once.

    Raises:
        InputError: it is missing, a directory or not readable.
    """
    if path == DASH:
        return
    try:
        if stat.S_ISDIR(Path(path).stat().st_mode):
            raise IsADirectoryError
        if not os.access(path, os.R_OK):
            raise PermissionError
    except OSError as error:
        raise _unreadable(path, error) from error


def _blocks(path: str, waiting: Callable[[int], None] | None) -> Iterator[bytes]:
    """The blocks of a source as soon as the system returns them: unbuffered, and without holding a lock meanwhile."""
    try:
        with FileIO(0, closefd=False) if path == DASH else FileIO(path) as file:
            while block := _block(file.fileno(), waiting):
                yield block
    except OSError as error:
        raise _unreadable(name_of(path), error) from error


def _block(fd: int, waiting: Callable[[int], None] | None) -> bytes:
    while True:
        if waiting:
            waiting(fd)
        try:
            return os.read(fd, BLOCK)
        except BlockingIOError:  # another process has made our stdin non-blocking
            select.select([fd], [], [])


def _unreadable(name: str, error: OSError) -> InputError:
    if isinstance(error, FileNotFoundError):
        return InputError(name, "there is no such file")
    if isinstance(error, IsADirectoryError):
        return InputError(name, "is a directory", "name the files in it")
    if isinstance(error, PermissionError):
        return InputError(name, "you have no permission to read it")
    return InputError(name, f"cannot be read: {error.strerror}")


class _Unpacker(Protocol):
    """A decompressor for one gzip member or zstd frame."""

    @property
    def eof(self) -> bool:
        """Whether the end of the member or frame was reached."""
        ...

    @property
    def unused_data(self) -> bytes:
        """The input beyond that end."""
        ...

    def decompress(self, data: bytes, /) -> bytes:
        """The bytes that the data decompress to."""
        ...


@dataclass(frozen=True, slots=True)
class _Codec:
    begin: Callable[[], _Unpacker]
    """Returns a decompressor for the next member or frame."""
    failure: type[Exception]
    step: int
    """Compressed bytes to decompress at once: few enough that the result cannot exceed MAX_UNPACKED."""


@dataclass(frozen=True, slots=True)
class _Packing:
    name: str
    suffix: str
    magic: bytes
    codec: Callable[[], _Codec]


def _gzip() -> _Codec:
    """A compressed byte yields at most 1,032 (zlib's documentation of deflate: 258 bytes for 2 bits)."""
    return _Codec(lambda: zlib.decompressobj(wbits=31), zlib.error, MAX_UNPACKED // 1032)


def _zstd() -> _Codec:
    """Four compressed bytes yield a block of at most 128 KiB (RFC 8878, 3.1.1.2). Imported here: it takes 17 ms."""
    zstandard = importlib.import_module("zstandard")
    decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW)
    return _Codec(decompressor.decompressobj, zstandard.ZstdError, MAX_UNPACKED // (1 << 15))


_PACKINGS = (
    _Packing("gzip", ".gz", b"\x1f\x8b", _gzip),
    _Packing("zstd", ".zst", b"\x28\xb5\x2f\xfd", _zstd),
)
_FOREIGN: Mapping[bytes, str] = MappingProxyType(
    {
        b"PAR1": "a Parquet file",
        b"PK\x03\x04": "a zip archive",
        b"BZh": "a bzip2 file",
        b"\xfd7zXZ": "an xz file",
        b"\xff\xfe": "UTF-16 text",
        b"\xfe\xff": "UTF-16 text",
    }
)


def _head(blocks: Iterator[bytes]) -> bytes:
    """The first bytes of a source: no more blocks than are needed to detect its format."""
    magics = (*_FOREIGN, *(packing.magic for packing in _PACKINGS))
    head = next(blocks, b"")
    while any(len(head) < len(magic) and magic.startswith(head) for magic in magics):
        more = next(blocks, b"")
        if not more:
            break
        head += more
    return head


def _unpacked(blocks: Iterator[bytes], packing: _Packing, name: str) -> Iterator[bytes]:
    """The decompressed bytes of consecutive members or frames; zero bytes between them are skipped as padding."""
    codec = packing.codec()
    member = codec.begin()
    taken = given = 0
    try:
        for part in (block[at : at + codec.step] for block in blocks for at in range(0, len(block), codec.step)):
            taken += len(part)
            rest = part
            while rest := rest.lstrip(b"\0") if member.eof else rest:
                member = codec.begin() if member.eof else member
                out = member.decompress(rest)
                given += len(out)
                yield out
                rest = member.unused_data if member.eof else b""
            if given > max(RATIO_COUNTS_FROM, taken * MAX_RATIO):
                raise _bomb(name)
    except codec.failure as error:
        raise InputError(
            name, f"its {packing.name} data cannot be unpacked: {error}", "fetch or pack it again"
        ) from error
    if not member.eof:
        raise InputError(name, f"its {packing.name} data end too early", "fetch or pack it again")


def _bomb(name: str) -> InputError:
    return InputError(
        name,
        f"unpacks to more than {MAX_RATIO} times its size, as a decompression bomb does",
        "if you trust it, unpack it yourself and pipe it in",
    )
