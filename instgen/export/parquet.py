"""Converts JSON lines to a Parquet file in batches, with pyarrow (the extra `parquet`)."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from itertools import islice
from types import ModuleType
from typing import BinaryIO

import orjson

from instgen.errors import MissingPiece
from instgen.export.columns import Column, Columns, Holds

BATCH = 2048
"""Rows held in memory at a time, and rows per row group."""


def pyarrow() -> ModuleType:
    """Import pyarrow together with its Parquet writer.

    Raises:
        MissingPiece: pyarrow cannot be imported.
    """
    try:
        importlib.import_module("pyarrow.parquet")
        return importlib.import_module("pyarrow")
    except ImportError as problem:
        raise MissingPiece(
            f"Parquet needs pyarrow, which cannot be imported: {problem}", "pip install 'instgen[parquet]'"
        ) from problem


def write_parquet(lines: Iterable[bytes], columns: Columns, file: BinaryIO) -> None:
    """Write lines, each with exactly these columns, to an open file.

    Raises:
        MissingPiece: pyarrow cannot be imported.
    """
    arrow = pyarrow()
    schema = arrow.schema([(column.name, _type(arrow, column)) for column in columns])
    rows = iter(lines)
    with arrow.parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        while batch := [orjson.loads(line) for line in islice(rows, BATCH)]:
            writer.write_table(arrow.Table.from_pylist(batch, schema=schema))


def _type(arrow: ModuleType, column: Column) -> object:
    if column.holds.keys is None:
        return {Holds.FLAG: arrow.bool_(), Holds.NUMBER: arrow.float64()}.get(column.holds, arrow.string())
    turn = arrow.struct([(key, arrow.string()) for key in column.holds.keys])
    return arrow.list_(turn) if column.holds.many else turn
