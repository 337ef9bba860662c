"""Bytes in: files and streams to lines, lines to JSON rows.

The rules: a row ends at b"\\n" and nowhere else (text mode would also end it at U+2028 or a bare \\r, which are data); a
line is handed on as soon as it is complete, so that pipes stream; memory is bounded by the longest line we take,
whatever the size of the file, packed or not; what is wrong is told in one line with its file and line number.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import FileIO
from itertools import chain
from typing import Any, NoReturn

import orjson

from instgen.errors import InputError
from instgen.formats.fields import RowError, kind
from instgen.formats.read import records_from
from instgen.records import Record
from instgen.unpack import unpacked

STDIN = "-"
"""The path that means standard input."""
MAX_LINE = 16 << 20
"""Bytes of the longest row: four times the text of a conversation that fills a context of a million tokens."""
BLOCK = 1 << 17
"""Bytes asked for at a time; a pipe gives what it has."""

_BLANK = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"
_TOO_LONG = f"the row is longer than {MAX_LINE >> 20} MiB"
_ONE_A_LINE = "a row is one JSON object on one line: `jq -c .` makes such lines of other JSON"
_BRACKETS = re.compile(rb'["{}\[\]]')
_STRING_STOPS = re.compile(rb'\\.|"', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Row:
    """One JSON object, and where it stood."""

    value: dict[str, Any]
    where: str
    """`file:line`, for errors; where the object begins, if it goes over several lines."""
    raw: bytes
    """The row as one line, byte for byte as it came but for the white space around it. An item of a JSON array that
    went over several lines has lost its line breaks and indentation."""


def rows_of(paths: Iterable[str | os.PathLike[str]], may_be_empty: Collection[str] = (STDIN,)) -> Iterator[Row]:
    """The rows of several files, in order. That the files are there is checked now, before the first is read.

    Args:
        paths: files as the user named them, `-` for standard input.
        may_be_empty: those of them that need not hold a row: by default standard input, since a stage before may well
            have kept nothing.

    Raises:
        InputError: what is wrong with which file, and on which line; also while iterating.
    """
    names = [os.fspath(path) for path in paths]
    for name in names:
        _check(name)
    return chain.from_iterable(_rows(name, name in may_be_empty) for name in names)


def read_rows(source: Iterable[bytes], name: str) -> Iterator[Row]:
    """The rows of a source: one JSON object a line, or one JSON array of objects, told by the first byte.

    A byte order mark at the very start and blank lines are passed over; the last line needs no end.

    Args:
        source: the bytes, cut anywhere.
        name: what errors call it.

    Raises:
        InputError: a line that is no row.
    """
    blocks = _without_bom(iter(source))
    line = 1
    for block in blocks:
        body = block.lstrip(_BLANK)
        line += block.count(b"\n", 0, len(block) - len(body))
        if body:
            cut = _array_items if body.startswith(b"[") else _lines
            yield from cut(chain([body], blocks), name, line)


def open_source(path: str) -> Iterator[bytes]:
    """A file's bytes, or standard input's, in blocks as they arrive; gzip and zstd are unpacked, told by their content.

    Raises:
        InputError: it cannot be opened or read, is broken, or is of another kind altogether.
    """
    return unpacked(_blocks(path), _named(path))


def records_of(row: Row) -> tuple[Record, ...]:
    """The records that a row holds.

    Raises:
        InputError: none, and why.
    """
    try:
        return records_from(row.value)
    except RowError as error:
        raise InputError(row.where, error.problem, error.hint) from error
