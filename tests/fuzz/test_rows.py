"""Whatever stands in a file is a row or one error with its place, and a record is written as it was read."""

from __future__ import annotations

import gzip
import re
import tempfile
from collections.abc import Iterator
from typing import Any

import orjson

from instgen.errors import InputError
from instgen.formats import RowError, records_from
from instgen.formats.items import items_from, table
from instgen.formats.preference import label_of, stated
from instgen.formats.quick import quick_record
from instgen.formats.record import from_row, to_row
from instgen.lines import BadLine, Row, read_batches, records_at
from instgen.sources import open_source
from tests.fuzz import inputs
from tests.fuzz.fuzzing import fuzzed, moment, told
from tests.fuzz.rows import NAMES, likely_rows, records_of, rows
from tests.fuzz.texts import spelled

JUNK = (
    b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf0\x9f", b"\xef\xbb\xbf", b"\r\n", b"\n", b"\r", b"\0", b"\t", b" ", b"{",
    b"}", b"[", b"]", b",", b":", b'"', b"\\", b"\\u0000", b"\\ud83d", b"\\ud83d\\ude00", b'"a"', b'{"a":1}',
    b'{"a":1,"a":2}', b'{"instruction":"x"}', b"1e999", b"1" * 400, b"-0", b"0.1e-999", b"NaN", b"Infinity", b"null",
    b"true", b"None", b"'", b"/*x*/", b"[" * 300, b'{"a":' * 210, b"}" * 210, b"]" * 300, b'{"a":' * 1100,
    b"\x1f\x8b", b"\x1f\x8b\x08\0\0\0\0\0\0\xff", b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"\xff\xfe", b"\xe2\x80\xa8",
    b"x" * 5000, gzip.compress(b'{"instruction":"x"}\n', mtime=0),
)  # fmt: skip
_NUMBERS = inputs.text("".join(chr(0x100 + number) for number in range(len(JUNK))), max_size=12)
files = _NUMBERS.map(lambda text: b"".join(JUNK[ord(letter) - 0x100] for letter in text)) | inputs.binary(max_size=60)


def read(data: bytes) -> Iterator[Row | BadLine]:
    """All that comes out of bytes, an error of the whole file being the last."""
    try:
        for batch in read_batches([data], "f"):
            yield from batch
    except InputError as problem:
        yield BadLine(problem, b"")


@fuzzed(row=rows | likely_rows)
def test_a_row_is_a_record_that_is_written_as_it_was_read(row: dict[str, Any]) -> None:
    before = orjson.dumps(row)
    for record in records_of(row):
        written = orjson.dumps(to_row(record))
        assert from_row(orjson.loads(written)) == record
        assert orjson.dumps(to_row(from_row(orjson.loads(written)))) == written
        for ask in (stated, label_of):
            try:
                ask(record)
            except RowError as problem:
                told(problem)
    assert orjson.dumps(row) == before
    if quick := quick_record(row):
        assert (quick,) == records_from(row)


@fuzzed(row=rows | likely_rows, field=inputs.sampled_from([None, *NAMES]))
def test_a_row_asks_something_or_has_no_such_field(row: dict[str, Any], field: str | None) -> None:
    try:
        asked = items_from(row, "f:1", field)
    except RowError as problem:
        told(problem)
    else:
        assert asked.field in row
        assert all(item.text.strip() for item in asked.items)


@fuzzed(data=files)
def test_bytes_are_rows_or_errors_with_a_place(data: bytes) -> None:
    with moment():
        for line in read(data):
            if isinstance(line, BadLine):
                told(line.problem)
                assert re.match(r"f:\d+\Z", line.problem.where)
                continue
            assert orjson.loads(line.raw) == line.value
            try:
                records = records_at(line)
            except InputError as problem:
                told(problem, line.where)
            else:
                assert [from_row(orjson.loads(orjson.dumps(to_row(record)))) for record in records] == [*records]


@fuzzed(data=files, packed=inputs.booleans(), missing=inputs.integers(0, 9))
def test_a_file_is_read_or_refused(data: bytes, packed: bool, missing: int) -> None:
    whole = gzip.compress(data, mtime=0) if packed else data
    with tempfile.NamedTemporaryFile(suffix=".jsonl.gz") as file:
        file.write(whole[: len(whole) - missing])
        file.flush()
        try:
            out = b"".join(open_source(file.name))
        except InputError as problem:
            told(problem)
        else:
            assert out == data or not packed or not whole[: len(whole) - missing]


@fuzzed(
    text=spelled(('"', '""', ",", "\t", "\r", "\n", "\r\n", "question", "\0", "a" * 200), 20), how=inputs.integers(0, 7)
)
def test_a_table_is_rows_or_one_error(text: str, how: int) -> None:
    lines = text.splitlines(keepends=True)
    try:
        found = list(table(lines, delimiter="\t" if how & 1 else ",", headed=bool(how & 2), quoted=bool(how & 4)))
    except RowError as problem:
        told(problem)
    else:
        assert [line.number for line in found] == sorted({line.number for line in found})
        assert all(isinstance(cell, str) for line in found for cell in line.row.values())
