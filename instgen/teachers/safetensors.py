"""Reading safetensors files: a length in 8 bytes, a JSON header, and the numbers.

The rule: nothing in the file is trusted. The header's size is bounded, and a tensor is read only if its type is
supported, its position is inside the file and its size matches its shape. No code in it is run; the numbers are
memory-mapped and read when they are used.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from instgen.errors import InputError

MAX_HEADER = 2**20
"""Maximum size of a header in bytes: a header with thousands of tensors takes a tenth of that."""
KINDS: Mapping[str, str] = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I8": "i1"}
"""The supported number types and numpy's names for them."""


def tensors(path: Path) -> dict[str, NDArray[Any]]:
    """The tensors of the file by name, as read-only views of it; those of unsupported types are left out.

    Raises:
        InputError: the file cannot be read, or is not a valid safetensors file.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if length > min(MAX_HEADER, size - 8):
                raise InputError(str(path), "is not a safetensors file: it does not begin with the length of a header")
            header = orjson.loads(file.read(length))
    except orjson.JSONDecodeError as problem:
        raise InputError(str(path), "is not a safetensors file: its header is not JSON") from problem
    except OSError as problem:
        raise InputError(str(path), f"cannot be read: {problem.strerror}") from problem
    if not isinstance(header, dict):
        raise InputError(str(path), "is not a safetensors file: its header is not an object")
    return {
        name: _tensor(path, name, entry, 8 + length, size) for name, entry in header.items() if _is_supported(entry)
    }


def _is_supported(entry: object) -> bool:
    return isinstance(entry, dict) and entry.get("dtype") in KINDS


def _tensor(path: Path, name: str, entry: Mapping[str, Any], start: int, size: int) -> NDArray[Any]:
    """The tensor that a header entry describes by type, shape and offsets."""
    kind = np.dtype(KINDS[entry["dtype"]])
    shape, place = _counts(entry.get("shape")), _counts(entry.get("data_offsets"))
    if shape is None or place is None or len(place) != 2:
        raise InputError(str(path), f"the header does not say where {name} is")
    begin, end = place
    if end - begin != math.prod(shape) * kind.itemsize or start + end > size:
        raise InputError(str(path), f"{name} is not as long as its header says: the file is cut off or damaged")
    if begin == end:
        return np.zeros(shape, kind)
    return np.memmap(path, kind, mode="r", offset=start + begin, shape=shape)


def _counts(numbers: object) -> tuple[int, ...] | None:
    """A list of non-negative integers as a tuple; None if it is anything else."""
    if not isinstance(numbers, list) or not all(type(each) is int and each >= 0 for each in numbers):
        return None
    return tuple(numbers)
