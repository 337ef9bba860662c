"""gzip and zstd, for what is packed on its way out.

The rule: the same lines make the same bytes.
"""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol


class Packer(Protocol):
    """Packs what it is given, piece by piece."""

    def compress(self, data: bytes, /) -> bytes:
        """What is ready to be written of all that was given."""
        ...

    def flush(self) -> bytes:
        """The rest."""
        ...


def _gzip() -> Packer:
    """Without a name or a time in it."""
    return zlib.compressobj(wbits=31)


def _zstd() -> Packer:
    packer: Packer = importlib.import_module("zstandard").ZstdCompressor(write_checksum=True).compressobj()
    return packer


PACKINGS: Mapping[str, Callable[[], Packer]] = MappingProxyType({".gz": _gzip, ".zst": _zstd})
"""What a file's name asks for by its end."""
