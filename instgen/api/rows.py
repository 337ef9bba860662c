"""Reading records from files or from rows in memory, and writing them to files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson

from instgen.errors import InputError
from instgen.formats import RowError, records_from, to_row
from instgen.jsonl import open_destination
from instgen.lines import records_of
from instgen.records import Record, born

Rows = str | os.PathLike[str] | Iterable[Record | Mapping[str, Any]]
"""A file, or records, or rows in any shape that instgen reads; a row may hold several records, as a seed task does."""


def read(*sources: Rows) -> list[Record]:
    """The records of files, or of rows in any shape that instgen reads.

    For large files, pass the path to a recipe instead of records: it is then read as the run proceeds.

    Raises:
        InputError: a file or row cannot be read; the message names its place.
    """
    return [record for source in sources for record in records_in(source)]


def records_in(source: Rows) -> Iterator[Record]:
    """The records of a file or of rows, one by one; a missing file raises at once.

    Raises:
        InputError: a file or row cannot be read; the message names its place.
    """
    if isinstance(source, str | os.PathLike):
        return records_of((Path(source),))
    return _records(source)


def write(records: Iterable[Record], path: str | os.PathLike[str], *, force: bool = False) -> int:
    """Write records to a JSONL file, each as it comes; returns the number of records.

    As with `-o`, existing content is compared with the records and continued, never changed. Files named `.gz` or
    `.zst` are compressed.

    Args:
        records: for example a recipe's result; an error that it raises is passed on after the records before it were
            written.
        path: the file.
        force: whether to discard what the file holds.

    Raises:
        UsageError: the path cannot be written as a file.
        OutputLocked: another run is writing it.
        OutputDiffers: the file holds other content, which was left unchanged.
        OutputFailed: it cannot be written.
    """
    count = 0
    with closing(open_destination(Path(path), [], force=force, resumable=True)) as destination:
        for record in records:
            destination.write([orjson.dumps(to_row(record), option=orjson.OPT_APPEND_NEWLINE)])
            count += 1
        destination.verify_end()
    return count


def _records(rows: Iterable[Record | Mapping[str, Any]]) -> Iterator[Record]:
    for number, row in enumerate(rows, 1):
        if isinstance(row, Record):
            yield row if row.id else born(row)
        elif isinstance(row, Mapping):
            try:
                yield from records_from(row)
            except RowError as problem:
                raise InputError(f"row {number}", problem.problem, problem.hint) from problem
        else:
            raise InputError(f"row {number}", f"is neither a Record nor a mapping, but a {type(row).__name__}")
