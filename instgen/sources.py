"""Where bytes come from: files and standard input, in blocks, unpacked where they are packed.

The rules: a block is handed on as soon as the system gives one, so that pipes stream; a packed source never takes more
memory than its longest row; what a file turns out to be is told by its first bytes, before its name is believed.
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
"""The path that means standard input, or standard output."""
BLOCK = 1 << 20
"""Bytes asked for at a time; a pipe gives what it has."""
MAX_UNPACKED = 16 << 20
"""Bytes that come out of a packed source at once, at most."""
MAX_RATIO = 300
"""Bytes that a packed byte may come to on the whole: several times what JSONL of one and the same task reaches."""
RATIO_COUNTS_FROM = 64 << 20
"""Unpacked bytes up to which the ratio does not matter."""
MAX_WINDOW = 128 << 20
"""Bytes that a zstd frame may have us keep at hand: what the zstd command allows without being asked."""


def open_source(path: str, waiting: Callable[[int], None] | None = None) -> Iterator[bytes]:
    """The bytes of a file, or of standard input, as they arrive; gzip and zstd are unpacked, told by their first bytes.

    Args:
        path: the file, or `-`.
        waiting: called with the descriptor before each read: what else is to be done while a pipe has nothing.

    Raises:
        InputError: it cannot be opened or read, is damaged, or is of another kind altogether.
    """
    name = name_of(path)
    blocks = _blocks(path, waiting)
    head = _head(blocks)
    foreign = next((what for magic, what in _FOREIGN.items() if head.startswith(magic)), None)
    if foreign:
        raise InputError(name, f"is {foreign}, not JSONL", "make JSONL of it first")
    packing = next((packing for packing in _PACKINGS if head.startswith(packing.magic)), None)
    if packing:
        yield from _unpacked(chain([head], blocks), packing, name)
        return
    promised = next((packing for packing in _PACKINGS if head and path.endswith(packing.suffix)), None)
    if promised:
        raise InputError(name, f"is not {promised.name} data, whatever its name says", "give it the name of what it is")
    yield from chain([head], blocks)


def name_of(path: str) -> str:
    """What errors call a path."""
    return "stdin" if path == DASH else path


def check_source(path: str) -> None:
    """Refuse a file that is not there, without opening it: a named pipe can be opened only once."""
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
    """What the system hands over, as soon as it does: no buffer waits to be full, and no lock is held meanwhile."""
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
        except BlockingIOError:  # somebody made our stdin non-blocking
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
    """A gzip member or a zstd frame on its way out."""

    @property
    def eof(self) -> bool:
        """Whether it has come to its end."""
        ...

    @property
    def unused_data(self) -> bytes:
        """What was given beyond its end."""
        ...

    def decompress(self, data: bytes, /) -> bytes:
        """What the data come to."""
        ...


@dataclass(frozen=True, slots=True)
class _Codec:
    begin: Callable[[], _Unpacker]
    """Begins a member or frame."""
    failure: type[Exception]
    step: int
    """Packed bytes to unpack at once: so few that they cannot come to more than MAX_UNPACKED."""


@dataclass(frozen=True, slots=True)
class _Packing:
    name: str
    suffix: str
    magic: bytes
    codec: Callable[[], _Codec]


def _gzip() -> _Codec:
    """A packed byte comes to at most 1,032 (zlib's documentation of deflate: 258 bytes for 2 bits)."""
    return _Codec(lambda: zlib.decompressobj(wbits=31), zlib.error, MAX_UNPACKED // 1032)


def _zstd() -> _Codec:
    """Four packed bytes come to a block of at most 128 KiB (RFC 8878, 3.1.1.2). Its import takes 17 ms: only here."""
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
    """The first bytes of a source: enough to tell what it is, and no more than that takes."""
    magics = (*_FOREIGN, *(packing.magic for packing in _PACKINGS))
    head = next(blocks, b"")
    while any(len(head) < len(magic) and magic.startswith(head) for magic in magics):
        more = next(blocks, b"")
        if not more:
            break
        head += more
    return head


def _unpacked(blocks: Iterator[bytes], packing: _Packing, name: str) -> Iterator[bytes]:
    """What members or frames, one after the other, come to; zero bytes between them are padding."""
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
