"""gzip and zstd compression of output files.

The rule: the same lines make the same bytes.
"""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol


class Packer(Protocol):
    """A streaming compressor."""

    def compress(self, data: bytes, /) -> bytes:
        """Take in data; returns the compressed bytes that are ready, which may be none."""
        ...

    def flush(self) -> bytes:
        """Finish; returns the remaining compressed bytes."""
        ...


def _gzip() -> Packer:
    """A gzip stream without a file name or a time, so that its bytes depend on the data alone."""
    return zlib.compressobj(wbits=31)


def _zstd() -> Packer:
    packer: Packer = importlib.import_module("zstandard").ZstdCompressor(write_checksum=True).compressobj()
    return packer


PACKINGS: Mapping[str, Callable[[], Packer]] = MappingProxyType({".gz": _gzip, ".zst": _zstd})
"""Compressors by file name suffix."""
