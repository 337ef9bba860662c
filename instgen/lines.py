"""Bytes in: lines out of blocks, and JSON rows out of lines.

The rules: a row ends at a line feed and nowhere else (text mode would also end it at U+2028 or at a bare carriage
return, which are data); it is handed on as soon as it is complete; memory is bounded by the longest row we take,
whatever the size of the file; what is wrong is told in one line, with the file and the line number.
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
"""Bytes of the longest row: four times the text of a conversation that fills a context of a million tokens."""
MAX_DEPTH = 200
"""Levels of nesting in a row: what reads deeper than 254 could not be written again (orjson's limit), and a rejected
row is written some levels deeper than it was read."""
_HEAD = 4096
"""Bytes that are kept of a row that is too long."""
_BLANK = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"
_NOT_BLANK = re.compile(rb"[^ \t\r\n]")
_BRACKET_OR_QUOTE = re.compile(rb'["{}\[\]]')
_ESCAPE_OR_QUOTE = re.compile(rb'\\.|"', re.DOTALL)
_ONE_A_LINE = "a row is one JSON object on one line, which is what `jq -c .` writes"


class Row(NamedTuple):
    """One JSON object, and where it stood."""

    value: dict[str, Any]
    name: str
    """The file, as errors call it."""
    line: int
    """The line that the object begins on."""
    raw: bytes
    """The row as one line, byte for byte as it came but for the white space around it. An object that went over
    several lines of a JSON array has lost its line breaks and indentation."""

    @property
    def where(self) -> str:
        """`file:line`, for errors."""
        return f"{self.name}:{self.line}"


def records_at(row: Row) -> tuple[Record, ...]:
    """The records that a row holds; what is wrong with it is told with its place.

    Raises:
        InputError: it is of no shape that we read; the error says where it stood.
    """
    try:
        return records_from(row.value)
    except RowError as problem:
        raise InputError(row.where, problem.problem, problem.hint) from problem


class BadLine(NamedTuple):
    """A line that is no row; what comes after it can be read all the same."""

    problem: InputError
    raw: bytes
    """The line as it came; no more than its head where it is too long."""


class _Piece(NamedTuple):
    """What should be a row, and the line that it begins on."""

    line: int
    raw: bytes


Waiting = Callable[[int], None]
"""Called with a descriptor before it is read, which may block: may wait for it in its own way, and may raise."""


def rows_of(paths: Iterable[str | os.PathLike[str]], may_be_empty: Collection[str] = (DASH,)) -> Iterator[Row]:
    """The rows of several files, in order. Whether the files are there is checked now, before the first is read.

    Args:
        paths: files as the user named them, `-` for standard input.
        may_be_empty: those that need not hold a row: by default standard input, as the stage before may well have
            kept nothing.

    Raises:
        InputError: what is wrong with which file, and on which line; also later, at the row where it is found.
    """
    return _good(batches_of(paths, may_be_empty))


def batches_of(
    paths: Iterable[str | os.PathLike[str]],
    may_be_empty: Collection[str] = (DASH,),
    waiting: Waiting | None = None,
) -> Iterator[list[Row | BadLine]]:
    """The same, each batch as many lines as came at once, and with the lines that are no rows.

    Raises:
        InputError: a file that cannot be read on.
    """
    names = [os.fspath(path) for path in paths]
    for name in names:
        check_source(name)
    return chain.from_iterable(_batches(name, waiting, may_be_empty=name in may_be_empty) for name in names)


def read_rows(source: Iterable[bytes], name: str) -> Iterator[Row]:
    """The rows of a source: one JSON object a line, or one JSON array of objects, told by the first byte.

    A byte order mark at the very start and blank lines are passed over; the last line needs no end.

    Args:
        source: the bytes, cut anywhere.
        name: what errors call it.

    Raises:
        InputError: a line that is no row.
    """
    return _good(read_batches(source, name))


def read_batches(source: Iterable[bytes], name: str) -> Iterator[list[Row | BadLine]]:
    """The same, as many lines at once as are complete, and with those that are no rows.

    Raises:
        InputError: an array that is broken between its objects.
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
    """The lines that are not blank, without the white space around them; of one that is too long, the beginning."""
    del name
    held: list[bytes] = []
    size = 0
    for block in chain(blocks, [b"\n"]):
        first, *others = block.split(b"\n")
        told = size > MAX_LINE
        if not told:
            held.append(first)
        size += len(first)
        pieces = []
        if others:
            if not told and (raw := b"".join(held).strip(_BLANK)):
                pieces.append(_Piece(line, raw))
            last = others.pop()
            pieces += [
                _Piece(number, raw) for number, part in enumerate(others, line + 1) if (raw := part.strip(_BLANK))
            ]
            line += len(others) + 1
            held, size = [last], len(last)
        if not told and size > MAX_LINE:
            pieces.append(_Piece(line, b"".join(held)))
            held = []
        if pieces:
            yield pieces


def _too_long(where: str, start: bytes) -> InputError:
    if b"\0" in start[:_HEAD]:
        return _binary(where)
    return InputError(where, f"the row is longer than {MAX_LINE >> 20} MiB", _ONE_A_LINE)


def _items(blocks: Iterable[bytes], name: str, line: int) -> Iterator[list[_Piece]]:
    """The objects of a JSON array, those that are complete at once; what is inside them is not looked at here."""
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
"""What may come at each place of an array, and the place after it."""
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
    """Cuts the objects out of a JSON array that comes in blocks."""

    def __init__(self, name: str, line: int) -> None:
        """Begin with nothing; `line` is that of the first byte to come."""
        self._name = name
        self._line = line
        self._data = bytearray()
        self._place: _Place = "before"
        self._at = self._depth = 0
        self._quoted = False
        """How far the object at the head of the data was looked through, and what was open there."""

    def feed(self, block: bytes) -> Iterator[_Piece]:
        """The objects that a block completes.

        Raises:
            InputError: something else than an array of objects.
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
        """Raise InputError where the array has not come to its end."""
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
        """The first byte that is not blank, now at the head of the data; b"" where none has come."""
        found = _NOT_BLANK.search(self._data)
        self._take(found.start() if found else len(self._data))
        return bytes(self._data[:1])

    def _object_size(self) -> int:
        """The size of the object at the head of the data; 0 where it is not all there."""
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
        self._at = max(self._at, len(self._data) - self._data.endswith(b"\\"))  # an escape may be cut in two
        if self._at > MAX_LINE:
            raise _too_long(where, bytes(self._data[:_HEAD]))
        return 0

    def _broken(self, found: str) -> InputError:
        return InputError(
            f"{self._name}:{self._line}",
            f"the JSON array is broken: {_WANTED[self._place]} was expected, not {found}",
            "an array holds objects and nothing else; lines need no array around them",
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
    """Whether lists and objects are nested in more than so many levels."""
    level: list[Any] = [value]
    for _ in range(levels):
        contents = chain.from_iterable(item.values() if isinstance(item, dict) else item for item in level)
        level = [inner for inner in contents if isinstance(inner, dict | list)]
    return bool(level)


_MISTAKES = (
    (re.compile("\ufeff"), "a byte order mark amidst the file", "it was left over when files were joined: take it out"),
    (re.compile(r"\Z"), "the row ends in the middle of its JSON", _ONE_A_LINE),
    (re.compile(r"(NaN|Infinity|nan|inf)\b"), "NaN and Infinity are not JSON", "write null, or leave the key out"),
    (re.compile(r"'|None|True|False"), "this is Python's way to write a dict, not JSON", "write it with json.dumps"),
    (re.compile(r"\\u[dD][89a-fA-F]"), "half a character, a lone surrogate", "the text was cut inside an emoji"),
)
"""What commonly stands where a JSON parser stops."""


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
    return InputError(where, "this looks like a binary file", "instgen reads JSONL, plain or packed by gzip or zstd")
