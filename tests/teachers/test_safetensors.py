"""Tensors are read as they were written, and a damaged file is said to be one."""

from __future__ import annotations

import contextlib
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.errors import InputError
from instgen.teachers.safetensors import KINDS, tensors


def packed(header: object, data: bytes) -> bytes:
    said = json.dumps(header).encode()
    return struct.pack("<Q", len(said)) + said + data


def one(dtype: str = "F32", shape: Any = (2,), offsets: Any = (0, 8), data: bytes = bytes(8)) -> bytes:
    return packed({"t": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}, data)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "model.safetensors"


@pytest.mark.parametrize("dtype", KINDS)
def test_numbers_of_every_kind_are_read(file, dtype):
    wanted = np.array([[1, -2, 3], [4, 5, -6]], KINDS[dtype])
    before = np.array([7.0], "<f8")
    header = {
        "__metadata__": {"format": "np"},
        "other": {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]},
        "strange": {"dtype": "BF16", "shape": [4], "data_offsets": [0, 8]},
        "t": {"dtype": dtype, "shape": [2, 3], "data_offsets": [8, 8 + wanted.nbytes]},
    }
    file.write_bytes(packed(header, before.tobytes() + wanted.tobytes()))
    found = tensors(file)
    assert found.keys() == {"other", "t"}
    assert found["t"].dtype == wanted.dtype
    assert np.array_equal(found["t"], wanted)


def test_an_empty_tensor_is_one(file):
    file.write_bytes(one(shape=[0, 4], offsets=[0, 0], data=b""))
    assert tensors(file)["t"].shape == (0, 4)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 7,
        struct.pack("<Q", 2**40) + b"{}",
        struct.pack("<Q", 2**21) + b" " * 2**21,
        packed([], b""),
        struct.pack("<Q", 3) + b"{:}",
        one(data=bytes(7)),
        one(offsets=(0, 4)),
        one(offsets=(8, 0)),
        one(offsets=(0, 8, 9)),
        one(offsets="08"),
        one(shape=(-2,)),
        one(shape=(True, 2)),
        one(shape=None),
        one(shape=(2**62, 2**62)),
    ],
)
def test_a_damaged_file_is_said_to_be_one(file, content):
    file.write_bytes(content)
    with pytest.raises(InputError, match=r"model\.safetensors"):
        tensors(file)


def test_a_file_that_is_not_there_is_an_error_of_ours(file):
    with pytest.raises(InputError, match="cannot be read"):
        tensors(file)


@given(st.binary(max_size=40), st.integers(0, 60))
def test_whatever_is_in_a_file_nothing_else_is_raised(tmp_path_factory, noise, place):
    content = bytearray(one())
    content[place : place + len(noise)] = noise
    file = tmp_path_factory.mktemp("t") / "model.safetensors"
    file.write_bytes(bytes(content))
    with contextlib.suppress(InputError):
        tensors(file)
