"""Input: blocks of bytes split into lines, and lines parsed into JSON rows.

The rules: a row ends at a line feed and nowhere else (text mode may also split at a bare carriage return, and
`str.splitlines` at U+2028, which are data); it is yielded as soon as it is complete; memory is bounded by the longest
row accepted, whatever the size of the file; a problem is reported in one line, with the file and the line number.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import chain
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import orjson

from instgen.errors import InputError
from instgen.formats import RowError, records_from
from instgen.formats.fields import kind
from instgen.records import Record
from instgen.sources import DASH, check_source, name_of, open_source

MAX_LINE = 16 << 20
"""Maximum bytes of a row: four times the text of a conversation that fills a context of a million tokens."""
MAX_DEPTH = 200
"""Maximum levels of nesting in a row: orjson cannot write more than 254, and a rejected row is written some levels
deeper than it was read."""
_HEAD = 4096
"""Bytes kept of a row that is too long."""
_BLANK = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"
_NOT_BLANK = re.compile(rb"[^ \t\r\n]")
_BRACKET_OR_QUOTE = re.compile(rb'["{}\[\]]')
_ESCAPE_OR_QUOTE = re.compile(rb'\\.|"', re.DOTALL)
_ONE_A_LINE = "a row is one JSON object on one line, which is what `jq -c .` writes"


class Row(NamedTuple):
    """One JSON object and its position in the input."""

    value: dict[str, Any]
    name: str
    """The file, as errors call it."""
    line: int
    """The line on which the object begins."""
    raw: bytes
    """The row as one line, byte for byte, without surrounding white space. An object of a JSON array that spans several
    lines has its line breaks and indentation removed."""

    @property
    def where(self) -> str:
        """`file:line`, for errors."""
        return f"{self.name}:{self.line}"


def records_at(row: Row) -> tuple[Record, ...]:
    """The records that a row holds.

    Raises:
        InputError: the row is in none of the formats that are read; the error names its file and line.
    """
    try:
        return records_from(row.value)
    except RowError as problem:
        raise InputError(row.where, problem.problem, problem.hint) from problem


class BadLine(NamedTuple):
    """A line that is not a row; the lines after it can still be read."""

    problem: InputError
    raw: bytes
    """The line as read; only its beginning if it is too long."""


class _Piece(NamedTuple):
    """The bytes of one row, not yet parsed, and the line on which it begins."""

    line: int
    raw: bytes


Waiting = Callable[[int], None]
"""Called with a descriptor before each read of it, which may block. It may wait for input in its own way, or raise."""


def rows_of(paths: Iterable[str | os.PathLike[str]], may_be_empty: Collection[str] = (DASH,)) -> Iterator[Row]:
    """The rows of several files, in order. That all files exist is checked now, before the first is read.

    Args:
        paths: files as the user named them, `-` for standard input.
        may_be_empty: paths that need not hold a row: by default standard input, because the previous stage of a
            pipeline may have kept nothing.

    Raises:
        InputError: a file cannot be read, or a line is not a row; also raised during iteration.
    """
    return _good(batches_of(paths, may_be_empty))


def records_of(paths: Iterable[str | os.PathLike[str]], *, may_be_empty: bool = False) -> Iterator[Record]:
    """The records of files or of stdin, in any format that is read. That all files exist is checked at once.

    Args:
        paths: files, `-` for stdin.
        may_be_empty: whether stdin may hold no row at all, as in a pipeline whose previous stage kept nothing.

    Raises:
        InputError: a file or row cannot be read; also raised during iteration.
    """
    return chain.from_iterable(map(records_at, rows_of(paths, may_be_empty=(DASH,) if may_be_empty else ())))


def batches_of(
    paths: Iterable[str | os.PathLike[str]],
    may_be_empty: Collection[str] = (DASH,),
    waiting: Waiting | None = None,
) -> Iterator[list[Row | BadLine]]:
    """The rows of several files like `rows_of`, but in batches as they arrive, and with the lines that are not rows.

    Args:
        paths: files as the user named them, `-` for standard input.
        may_be_empty: paths that need not hold a row.
        waiting: called before each read.

    Raises:
        InputError: a file cannot be read, or not any further; also raised during iteration.
    """
    names = [os.fspath(path) for path in paths]
    for name in names:
        check_source(name)
    return chain.from_iterable(_batches(name, waiting, may_be_empty=name in may_be_empty) for name in names)


def read_rows(source: Iterable[bytes], name: str) -> Iterator[Row]:
    """The rows of a source: one JSON object per line, or one JSON array of objects, distinguished by the first byte.

    A byte order mark at the start and blank lines are skipped; the last line needs no line feed.

    Args:
        source: the bytes, in blocks split anywhere.
        name: what errors call the source.

    Raises:
        InputError: a line is not a row.
    """
    return _good(read_batches(source, name))


def read_batches(source: Iterable[bytes], name: str) -> Iterator[list[Row | BadLine]]:
    """The rows of a source like `read_rows`, but in batches as they arrive, and with the lines that are not rows.

    Raises:
        InputError: a JSON array is broken between its objects.
    """
    blocks = _without_bom(iter(source))
    line = 1
    for block in blocks:
        body = block.lstrip(_BLANK)
        line += block.count(b"\n", 0, len(block) - len(body))
        if body:
            cut = _items if body.startswith(b"[") else _lines
            for pieces in cut(chain([body], blocks), name, line):
                yield [_row_or_bad(name, piece) for piece in pieces]


def _good(batches: Iterable[list[Row | BadLine]]) -> Iterator[Row]:
    for row in chain.from_iterable(batches):
        if isinstance(row, BadLine):
            raise row.problem
        yield row


def _batches(path: str, waiting: Waiting | None, *, may_be_empty: bool) -> Iterator[list[Row | BadLine]]:
    empty = not may_be_empty
    for batch in read_batches(open_source(path, waiting), name_of(path)):
        empty = False
        yield batch
    if empty:
        raise InputError(name_of(path), "is empty: there is no row in it")


def _without_bom(blocks: Iterator[bytes]) -> Iterator[bytes]:
    head = b""
    for block in blocks:
        head += block
        if not _BOM.startswith(head):
            break
    yield head.removeprefix(_BOM)
    yield from blocks


def _lines(blocks: Iterable[bytes], name: str, line: int) -> Iterator[list[_Piece]]:
    """The lines that are not blank, without surrounding white space; only the beginning of a line that is too long."""
    del name
    held: list[bytes] = []
    size = 0
    for block in chain(blocks, [b"\n"]):
        first, *others = block.split(b"\n")
        is_reported = size > MAX_LINE
        if not is_reported:
            held.append(first)
        size += len(first)
        pieces = []
        if others:
            if not is_reported and (raw := b"".join(held).strip(_BLANK)):
                pieces.append(_Piece(line, raw))
            last = others.pop()
            pieces += [
                _Piece(number, raw) for number, part in enumerate(others, line + 1) if (raw := part.strip(_BLANK))
            ]
            line += len(others) + 1
            held, size = [last], len(last)
        if not is_reported and size > MAX_LINE:
            pieces.append(_Piece(line, b"".join(held)))
            held = []
        if pieces:
            yield pieces


def _too_long(where: str, start: bytes) -> InputError:
    if b"\0" in start[:_HEAD]:
        return _binary(where)
    return InputError(where, f"the row is longer than {MAX_LINE >> 20} MiB", _ONE_A_LINE)


def _items(blocks: Iterable[bytes], name: str, line: int) -> Iterator[list[_Piece]]:
    """The objects of a JSON array, as bytes not yet parsed; each batch holds those that one block completes."""
    array = _Array(name, line)
    for block in blocks:
        pieces: list[_Piece] = []
        try:
            pieces.extend(array.feed(block))
        except InputError:
            if pieces:
                yield pieces
            raise
        if pieces:
            yield pieces
    array.end()


_Place = Literal["before", "first", "object", "behind", "after"]
_PLACES: Mapping[_Place, Mapping[bytes, _Place]] = MappingProxyType(
    {
        "before": {b"[": "first"},
        "first": {b"{": "behind", b"]": "after"},
        "object": {b"{": "behind"},
        "behind": {b",": "object", b"]": "after"},
        "after": {},
    }
)
"""For each place in an array, the bytes that may come there and the place that follows each."""
_WANTED: Mapping[_Place, str] = MappingProxyType(
    {
        "before": "`[`",
        "first": "an object",
        "object": "an object",
        "behind": "`,` or `]`",
        "after": "the end",
    }
)


class _Array:
    """An incremental splitter of a JSON array into its objects."""

    def __init__(self, name: str, line: int) -> None:
        """Start empty; `line` is the line number of the first byte to come."""
        self._name = name
        self._line = line
        self._data = bytearray()
        self._place: _Place = "before"
        self._at = self._depth = 0
        self._quoted = False
        """`_at`, `_depth` and `_quoted` are the state of scanning the object at the head of the data: the position, the
        open brackets, and whether it is inside a string."""

    def feed(self, block: bytes) -> Iterator[_Piece]:
        """The objects that a block completes.

        Raises:
            InputError: the data is not an array of objects, or an object is too long.
        """
        self._data += block
        while byte := self._next_byte():
            place = _PLACES[self._place].get(byte)
            if place is None:
                raise self._broken(repr(byte.decode("ascii", "replace")))
            if byte == b"{":
                size = self._object_size()
                if not size:
                    return
                yield _Piece(self._line, self._take(size))
            else:
                self._take(1)
            self._place = place

    def end(self) -> None:
        """Raise InputError if the array is incomplete."""
        if self._data:
            raise InputError(
                f"{self._name}:{self._line}", "the file ends inside this object", "fetch or write it again"
            )
        if self._place != "after":
            raise self._broken("the end of the file")

    def _take(self, size: int) -> bytes:
        taken = bytes(self._data[:size])
        del self._data[:size]
        self._line += taken.count(b"\n")
        return taken

    def _next_byte(self) -> bytes:
        """The next byte that is not blank, which is then at the head of the data; b"" if there is none yet."""
        found = _NOT_BLANK.search(self._data)
        self._take(found.start() if found else len(self._data))
        return bytes(self._data[:1])

    def _object_size(self) -> int:
        """The size in bytes of the object at the head of the data; 0 if it is incomplete."""
        where = f"{self._name}:{self._line}"
        while found := (_ESCAPE_OR_QUOTE if self._quoted else _BRACKET_OR_QUOTE).search(self._data, self._at):
            self._at = found.end()
            match found.group():
                case b'"':
                    self._quoted = not self._quoted
                case b"{" | b"[":
                    self._depth += 1
                case b"}" | b"]":
                    self._depth -= 1
            if self._depth == 0:
                size, self._at = self._at, 0
                if size > MAX_LINE:
                    raise _too_long(where, bytes(self._data[:_HEAD]))
                return size
        self._at = max(self._at, len(self._data) - self._data.endswith(b"\\"))  # a block may end inside an escape
        if self._at > MAX_LINE:
            raise _too_long(where, bytes(self._data[:_HEAD]))
        return 0

    def _broken(self, found: str) -> InputError:
        return InputError(
            f"{self._name}:{self._line}",
            f"the JSON array is broken: {_WANTED[self._place]} was expected, not {found}",
            "an array must contain only objects; JSONL needs no array around its lines",
        )


def _row_or_bad(name: str, piece: _Piece) -> Row | BadLine:
    try:
        return _row(name, piece)
    except InputError as problem:
        return BadLine(problem, piece.raw[:_HEAD] if len(piece.raw) > MAX_LINE else piece.raw)


def _row(name: str, piece: _Piece) -> Row:
    line, raw = piece
    if len(raw) > MAX_LINE:
        raise _too_long(f"{name}:{line}", raw)
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise _not_json(f"{name}:{line + error.lineno - 1}", raw, error) from error
    if not isinstance(value, dict):
        raise InputError(f"{name}:{line}", f"the row is {kind(value)}, not an object", _ONE_A_LINE)
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH and _deeper(value, MAX_DEPTH):
        raise InputError(f"{name}:{line}", f"the row is nested more than {MAX_DEPTH} levels deep")
    if b"\n" in raw:
        raw = b" ".join(part.strip(_BLANK) for part in raw.splitlines())  # JSON has no line breaks inside strings
    return Row(value, name, line, raw)


def _deeper(value: object, levels: int) -> bool:
    """Whether lists and objects are nested more than `levels` deep."""
    level: list[Any] = [value]
    for _ in range(levels):
        contents = chain.from_iterable(item.values() if isinstance(item, dict) else item for item in level)
        level = [inner for inner in contents if isinstance(inner, dict | list)]
    return bool(level)


_MISTAKES = (
    (
        re.compile("\ufeff"),
        "a byte order mark in the middle of the file",
        "it was left over when files were joined: remove it",
    ),
    (re.compile(r"\Z"), "the row ends in the middle of its JSON", _ONE_A_LINE),
    (re.compile(r"(NaN|Infinity|nan|inf)\b"), "NaN and Infinity are not JSON", "write null, or leave the key out"),
    (re.compile(r"'|None|True|False"), "this is a Python dict, not JSON", "write it with json.dumps"),
    (re.compile(r"\\u[dD][89a-fA-F]"), "a lone surrogate, half a character", "the text was cut inside an emoji"),
)
"""Common mistakes: a pattern for the text at which the JSON parser stopped, the problem and a hint."""


def _not_json(where: str, raw: bytes, error: orjson.JSONDecodeError) -> InputError:
    if b"\0" in raw:
        return _binary(where)
    try:
        text = raw.decode()
    except UnicodeDecodeError as wrong:
        return InputError(where, f"not UTF-8 at byte {wrong.start + 1} of the row", "`iconv -t utf-8` converts text")
    for pattern, problem, hint in _MISTAKES:
        if pattern.match(text, error.pos):
            return InputError(where, f"{problem} (column {error.colno})", hint)
    return InputError(where, f"not JSON: {error.msg} (column {error.colno})", _ONE_A_LINE)


def _binary(where: str) -> InputError:
    return InputError(
        where, "this looks like a binary file", "instgen reads JSONL, uncompressed or compressed with gzip or zstd"
    )
