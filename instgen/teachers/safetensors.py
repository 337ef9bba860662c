"""Tensors of a safetensors file: a length of 8 bytes, a header of JSON, and the numbers.

The rule: nothing in the file is believed: its header is bounded, and a tensor is read only where its type is one of
ours, and its place inside the file and of the size that its shape says. Nothing is run; the numbers stay in the file
until they are used.
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

MOST_HEADER = 2**20
"""Bytes of a header: one of thousands of tensors takes a tenth of it."""
KINDS: Mapping[str, str] = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I8": "i1"}
"""The types of numbers that are read, as numpy names them."""


def tensors(path: Path) -> dict[str, NDArray[Any]]:
    """The tensors of the file by name, but for those of other types; read-only views of the file.

    Raises:
        InputError: it cannot be read, or is no such file.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if length > min(MOST_HEADER, size - 8):
                raise InputError(str(path), "is no safetensors file: it does not begin with the length of a header")
            header = orjson.loads(file.read(length))
    except orjson.JSONDecodeError as problem:
        raise InputError(str(path), "is no safetensors file: its header is not JSON") from problem
    except OSError as problem:
        raise InputError(str(path), f"cannot be read: {problem.strerror}") from problem
    if not isinstance(header, dict):
        raise InputError(str(path), "is no safetensors file: its header is no object")
    return {name: _tensor(path, name, told, 8 + length, size) for name, told in header.items() if _is_ours(told)}


def _is_ours(told: object) -> bool:
    return isinstance(told, dict) and told.get("dtype") in KINDS


def _tensor(path: Path, name: str, told: Mapping[str, Any], start: int, size: int) -> NDArray[Any]:
    """One tensor, whose header says what kind of numbers it holds, in which shape, and where they stand."""
    kind = np.dtype(KINDS[told["dtype"]])
    shape, place = _counts(told.get("shape")), _counts(told.get("data_offsets"))
    if shape is None or place is None or len(place) != 2:
        raise InputError(str(path), f"the header does not say where {name} is")
    begin, end = place
    if end - begin != math.prod(shape) * kind.itemsize or start + end > size:
        raise InputError(str(path), f"{name} is not as long as its header says: the file is cut off or damaged")
    if begin == end:
        return np.zeros(shape, kind)
    return np.memmap(path, kind, mode="r", offset=start + begin, shape=shape)


def _counts(told: object) -> tuple[int, ...] | None:
    """Numbers from 0 up, or None where it is anything else."""
    if not isinstance(told, list) or not all(type(each) is int and each >= 0 for each in told):
        return None
    return tuple(told)
