"""faults.c, compiled: a disk that fails, a record of what reached it, and a wall clock that jumps."""

from __future__ import annotations

import contextlib
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.forked import Server

SOURCE = Path(__file__).with_name("faults.c")
_HEAD = struct.Struct("<cqqq")


def compiled(folder: Path) -> Path:
    """The library to put before libc; the test is skipped where it cannot be made."""
    compiler = shutil.which("cc")
    if compiler is None or not Path("/proc/self/fd").is_dir():
        pytest.skip("needs Linux and a C compiler")
    library = folder / "faults.so"
    subprocess.run([compiler, "-O2", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl", "-lpthread"], check=True)
    return library


@contextlib.contextmanager
def forking(library: Path) -> Iterator[Server]:
    """A server that forks the program, each time with the library before libc."""
    os.environ["LD_PRELOAD"] = str(library)
    try:
        server = Server()
    finally:
        del os.environ["LD_PRELOAD"]
    with contextlib.closing(server):
        yield server


class Change(NamedTuple):
    """One thing that was done to a file."""

    what: str
    """w: written, t: cut, s: synced, u: unlinked, r: renamed."""
    path: str
    to: str
    """Its new path, where it was renamed."""
    offset: int
    data: bytes


def changes(trace: Path) -> Iterator[Change]:
    """What reached the disk, in order."""
    data = trace.read_bytes()
    at = 0
    while at < len(data):
        what, offset, size, length = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        path, _, to = data[at : at + length].decode().partition("\0")
        at += length
        yield Change(what.decode(), path, to, offset, data[at : at + size])
        at += size
