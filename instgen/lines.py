"""Bytes in: lines out of blocks, and JSON rows out of lines.

The rules: a row ends at a line feed and nowhere else (text mode would also end it at U+2028 or at a bare carriage
return, which are data); it is handed on as soon as it is complete; memory is bounded by the longest row we take,
whatever the size of the file; what is wrong is told in one line, with the file and the line number.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import orjson

from instgen.errors import InputError
from instgen.formats.fields import kind
from instgen.sources import STDIN, check_source, name_of, open_source

MAX_LINE = 16 << 20
"""Bytes of the longest row: four times the text of a conversation that fills a context of a million tokens."""
MAX_DEPTH = 200
"""Levels of nesting in a row: what reads deeper than 254 could not be written again (orjson's limit), and a rejected
row is written some levels deeper than it was read."""
_BLANK = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"
_NOT_BLANK = re.compile(rb"[^ \t\r\n]")
_BRACKET_OR_QUOTE = re.compile(rb'["{}\[\]]')
_ESCAPE_OR_QUOTE = re.compile(rb'\\.|"', re.DOTALL)
_ONE_A_LINE = "a row is one JSON object on one line, which is what `jq -c .` writes"


@dataclass(frozen=True, slots=True)
class Row:
    """One JSON object, and where it stood."""

    value: dict[str, Any]
    where: str
    """`file:line`, for errors: the line that the object begins on."""
    raw: bytes
    """The row as one line, byte for byte as it came but for the white space around it. An object that went over
    several lines of a JSON array has lost its line breaks and indentation."""


class _Piece(NamedTuple):
    """What should be a row, and the line that it begins on."""

    line: int
    raw: bytes


def rows_of(paths: Iterable[str | os.PathLike[str]], may_be_empty: Collection[str] = (STDIN,)) -> Iterator[Row]:
    """The rows of several files, in order. Whether the files are there is checked now, before the first is read.

    Args:
        paths: files as the user named them, `-` for standard input.
        may_be_empty: those that need not hold a row: by default standard input, as the stage before may well have
            kept nothing.

    Raises:
        InputError: what is wrong with which file, and on which line; also later, at the row where it is found.
    """
    names = [os.fspath(path) for path in paths]
    for name in names:
        check_source(name)
    return chain.from_iterable(_rows(name, may_be_empty=name in may_be_empty) for name in names)


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
            cut = _items if body.startswith(b"[") else _lines
            for piece in cut(chain([body], blocks), name, line):
                yield _row(name, piece)


def _rows(path: str, *, may_be_empty: bool) -> Iterator[Row]:
    empty = not may_be_empty
    for row in read_rows(open_source(path), name_of(path)):
        empty = False
        yield row
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


def _lines(blocks: Iterable[bytes], name: str, line: int) -> Iterator[_Piece]:
    """The lines that are not blank, without the white space around them."""
    held: list[bytes] = []
    size = 0
    for block in chain(blocks, [b"\n"]):
        parts = block.split(b"\n")
        held.append(parts[0])
        size += len(parts[0])
        if len(parts) > 1:
            parts[0] = b"".join(held)
            held = [parts.pop()]
            size = len(held[0])
            for part in parts:
                if len(part) > MAX_LINE:
                    raise _too_long(f"{name}:{line}", part)
                if raw := part.strip(_BLANK):
                    yield _Piece(line, raw)
                line += 1
        if size > MAX_LINE:
            raise _too_long(f"{name}:{line}", b"".join(held))


def _too_long(where: str, start: bytes) -> InputError:
    if b"\0" in start[:4096]:
        return _binary(where)
    return InputError(where, f"the row is longer than {MAX_LINE >> 20} MiB", _ONE_A_LINE)


class _Window:
    """The part of a stream that is at hand, and the line that it begins on."""

    def __init__(self, blocks: Iterable[bytes], line: int) -> None:
        self.data = bytearray()
        self.line = line
        self._blocks = iter(blocks)

    def more(self) -> bool:
        """Read on; False at the end."""
        block = next(self._blocks, None)
        self.data += block or b""
        return block is not None

    def take(self, size: int) -> bytes:
        """Let go of so many bytes."""
        taken = bytes(self.data[:size])
        del self.data[:size]
        self.line += taken.count(b"\n")
        return taken

    def next_byte(self) -> bytes:
        """The first byte that is not blank, now at the head of the window; b"" at the end."""
        while True:
            found = _NOT_BLANK.search(self.data)
            self.take(found.start() if found else len(self.data))
            if found or not self.more():
                return bytes(self.data[:1])


def _items(blocks: Iterable[bytes], name: str, line: int) -> Iterator[_Piece]:
    """The objects of a JSON array, one at a time; what is inside them is not looked at here."""
    window = _Window(blocks, line)
    opener = b"["
    while window.next_byte() == opener:
        window.take(1)
        if opener == b"[" and window.next_byte() == b"]":
            break
        if window.next_byte() != b"{":
            raise _broken_array(window, name, "an object")
        start = window.line
        yield _Piece(start, window.take(_object_end(window, f"{name}:{start}")))
        opener = b","
    if window.next_byte() != b"]":
        raise _broken_array(window, name, "`,` or `]`")
    window.take(1)
    if window.next_byte():
        raise _broken_array(window, name, "the end")


def _object_end(window: _Window, where: str) -> int:
    """The size of the object at the head of the window, which is read on until it is all there."""
    at, depth, quoted = 0, 0, False
    while True:
        found = (_ESCAPE_OR_QUOTE if quoted else _BRACKET_OR_QUOTE).search(window.data, at)
        if found is None:
            at = max(at, len(window.data) - window.data.endswith(b"\\"))  # an escape may be cut in two
            if at > MAX_LINE:
                raise _too_long(where, bytes(window.data[:4096]))
            if not window.more():
                raise InputError(where, "the file ends inside this object", "fetch or write it again")
            continue
        at = found.end()
        match found.group():
            case b'"':
                quoted = not quoted
            case b"{" | b"[":
                depth += 1
            case b"}" | b"]":
                depth -= 1
        if depth == 0:
            if at > MAX_LINE:
                raise _too_long(where, bytes(window.data[:4096]))
            return at


def _broken_array(window: _Window, name: str, wanted: str) -> InputError:
    found = window.next_byte().decode("ascii", "replace")
    return InputError(
        f"{name}:{window.line}",
        f"the JSON array is broken: {wanted} was expected, not {repr(found) if found else 'the end of the file'}",
        "an array holds objects and nothing else; lines need no array around them",
    )


def _row(name: str, piece: _Piece) -> Row:
    line, raw = piece
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise _not_json(f"{name}:{line + error.lineno - 1}", raw, error) from error
    where = f"{name}:{line}"
    if not isinstance(value, dict):
        raise InputError(where, f"the row is {kind(value)}, not an object", _ONE_A_LINE)
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH and _deeper(value, MAX_DEPTH):
        raise InputError(where, f"the row is nested more than {MAX_DEPTH} levels deep")
    if b"\n" in raw:
        raw = b" ".join(part.strip(_BLANK) for part in raw.splitlines())  # JSON has no line breaks inside strings
    return Row(value, where, raw)


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
