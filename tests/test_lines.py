"""Bytes become rows the same way however they are cut, and what is wrong is told in one line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.errors import InputError
from instgen.lines import MAX_DEPTH, MAX_LINE, BadLine, Row, batches_of, read_batches, read_rows, rows_of

LINES = [
    b'{"a":1}',
    b' {"a": "\xe2\x80\xa8\xc2\x85"}\t',
    b'{"a":"\\"}{[\\\\"}\r',
    b"",
    b" \r",
    b'{"b":{"c":[{}]}}',
    b"\xef\xbb\xbf{}",
    b'{"a":',
    b"[]",
    b'[{"a":1},',
    b'{"a":"\xff"}',
    b"7",
    b"\x00\x01",
]
ESCAPED = b'[{"a":"\\\\"},{"b":"]\\"}"}]'
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
ROWS = st.lists(st.dictionaries(st.text(max_size=5), VALUES, max_size=3), max_size=4)


def outcome(blocks: list[bytes]) -> tuple[list[Row], str]:
    """The rows, and the error that ended them."""
    rows: list[Row] = []
    try:
        rows.extend(read_rows(blocks, "f"))
    except InputError as error:
        return rows, error.message
    return rows, ""


def values(data: bytes) -> list[dict[str, Any]]:
    return [row.value for row in read_rows([data], "f")]


def problem(data: bytes) -> str:
    with pytest.raises(InputError) as caught:
        list(read_rows([data], "f"))
    return caught.value.message


def cut(data: bytes, places: list[int]) -> list[bytes]:
    ends = sorted(place % (len(data) + 1) for place in places)
    return [data[start:end] for start, end in zip([0, *ends], [*ends, len(data)], strict=True)]


@given(st.lists(st.sampled_from(LINES), max_size=6).map(b"\n".join), st.lists(st.integers(0, 999), max_size=6))
def test_any_cutting_of_lines_gives_the_same_rows_and_error(data, places) -> None:
    assert outcome(cut(data, places)) == outcome([data])


@given(ROWS, st.sampled_from([None, 0, 2]), st.integers(0, 40), st.lists(st.integers(0, 9999), max_size=6))
def test_any_cutting_of_an_array_gives_the_same_rows_and_error(rows, indent, missing, places) -> None:
    data = json.dumps(rows, indent=indent, ensure_ascii=False).encode("utf-8", "replace")
    data = data[: len(data) - missing]
    assert outcome(cut(data, places)) == outcome([data])


@given(ROWS)
def test_a_byte_at_a_time_gives_the_same_rows(rows) -> None:
    data = json.dumps(rows, indent=1).encode()
    assert outcome([bytes([byte]) for byte in data]) == outcome([data])


@pytest.mark.parametrize("place", range(len(ESCAPED)))
def test_an_escape_may_be_cut_anywhere(place) -> None:
    assert outcome([ESCAPED[:place], ESCAPED[place:]]) == outcome([ESCAPED])


@given(ROWS)
def test_rows_that_were_written_as_lines_are_read_back(rows) -> None:
    assert values(b"".join(orjson.dumps(row) + b"\n" for row in rows)) == rows


@given(ROWS, st.sampled_from([None, 0, 3]))
def test_rows_that_were_written_as_an_array_are_read_back(rows, indent) -> None:
    assert values(json.dumps(rows, indent=indent, ensure_ascii=False).encode()) == rows


@given(ROWS, st.sampled_from([None, 0, 3]))
def test_an_arrays_item_is_kept_as_one_line_that_says_the_same(rows, indent) -> None:
    read = list(read_rows([json.dumps(rows, indent=indent, ensure_ascii=False).encode()], "f"))
    assert [(b"\n" in row.raw, orjson.loads(row.raw)) for row in read] == [(False, row) for row in rows]


def test_an_arrays_item_keeps_the_spelling_of_its_values() -> None:
    (row,) = read_rows([b'[\n  {\n    "a": 1.50,\n    "b": "\\u00e9"\n  }\n]'], "f")
    assert row.raw == b'{ "a": 1.50, "b": "\\u00e9" }'


def test_a_line_is_kept_byte_for_byte_but_for_white_space_around_it() -> None:
    (row,) = read_rows([b'\t{ "a" :1.50 }\r\n'], "f")
    assert row.raw == b'{ "a" :1.50 }'


def test_a_row_knows_its_line_below_blank_ones() -> None:
    assert [row.where for row in read_rows([b'\n\r\n{"a":1}\n\n{"a":2}'], "f")] == ["f:3", "f:5"]


def test_an_item_knows_the_line_it_begins_on() -> None:
    assert [row.where for row in read_rows([b'\n[\n{"a":\n1}, {"a":2},\n\n{"a":3}]'], "f")] == ["f:3", "f:4", "f:6"]


@pytest.mark.parametrize("text", ["\u2028", "\u2029", "\x85", "\\r", "\\u000b", "\x1e"[1:]])
def test_only_a_line_feed_ends_a_row(text) -> None:
    assert len(values(b'{"a":"' + text.encode() + b'"}')) == 1


def test_a_bare_carriage_return_ends_no_row() -> None:
    assert values(b'{"a":\r1}\n{"a":2}') == [{"a": 1}, {"a": 2}]


def test_a_byte_order_mark_is_passed_over_at_the_start() -> None:
    (row,) = read_rows([b'\xef\xbb\xbf{"a":1}\n'], "f")
    assert row.raw == b'{"a":1}'


def test_a_last_line_needs_no_end() -> None:
    assert values(b'{"a":1}\n{"a":2}') == [{"a": 1}, {"a": 2}]


def test_the_last_of_equal_keys_wins() -> None:
    assert values(b'{"a":1,"a":2}') == [{"a": 2}]


def test_a_row_is_handed_on_before_more_is_asked_for() -> None:
    def source() -> Iterator[bytes]:
        yield b'{"a":1}\n{"b'
        raise AssertionError("asked for more while a row was there")

    assert next(read_rows(source(), "f")).value == {"a": 1}


def test_an_item_is_handed_on_before_more_is_asked_for() -> None:
    def source() -> Iterator[bytes]:
        yield b'[{"a":1}'
        raise AssertionError("asked for more while an item was there")

    assert next(read_rows(source(), "f")).value == {"a": 1}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"a":1', "f:2: the row ends in the middle of its JSON (column 7)"),
        (b"{", "f:2: the row ends in the middle of its JSON (column 2)"),
        (b'{"a":1}{"b":2}', "f:2: not JSON: unexpected content after document (column 8)"),
        (b'{"a":1,}', "f:2: not JSON: trailing comma is not allowed (column 7)"),
        (b"instruction,output", "f:2: not JSON: unexpected character, expected a JSON value (column 1)"),
        (b"{'a': 1}", "f:2: this is a Python dict, not JSON (column 2)"),
        (b'{"a": None}', "f:2: this is a Python dict, not JSON (column 7)"),
        (b'{"a": NaN}', "f:2: NaN and Infinity are not JSON (column 7)"),
        (b'{"a": -Infinity}', "f:2: NaN and Infinity are not JSON (column 8)"),
        (b'{"a":"\\ud83d"}', "f:2: a lone surrogate, half a character (column 7)"),
        (b'{"a":"\\udc00"}', "f:2: a lone surrogate, half a character (column 7)"),
        (b'{"a":"\xe9"}', "f:2: not UTF-8 at byte 7 of the row"),
        (b'{"a":"\xed\xa0\x80"}', "f:2: not UTF-8 at byte 7 of the row"),
        (b"\xef\xbb\xbf{}", "f:2: a byte order mark in the middle of the file (column 1)"),
        (b"\x89PNG\x00\x00", "f:2: this looks like a binary file"),
        (b"[1, 2]", "f:2: the row is a list, not an object"),
        (b'"text"', "f:2: the row is a string, not an object"),
        (b"null", "f:2: the row is null, not an object"),
        (b'{"a":' * 5000, "f:2: not JSON: depth limit exceeded (column 5122)"),
        (b'{"a":' * 300 + b"1" + b"}" * 300, "f:2: the row is nested more than 200 levels deep"),
    ],
)
def test_a_line_that_is_no_row_is_told_in_one_line(line, said) -> None:
    assert problem(b'{"good":1}\n' + line + b'\n{"good":2}') == said


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (b"[\n1]", "f:2: the JSON array is broken: an object was expected, not '1'"),
        (b'[{"a":1},\n]', "f:2: the JSON array is broken: an object was expected, not ']'"),
        (b'[{"a":1}\n{"a":2}]', "f:2: the JSON array is broken: `,` or `]` was expected, not '{'"),
        (b'[{"a":1}]\n\n{"a":2}', "f:3: the JSON array is broken: the end was expected, not '{'"),
        (b'[{"a":1},\n', "f:2: the JSON array is broken: an object was expected, not the end of the file"),
        (b'[{"a":1}\n', "f:2: the JSON array is broken: `,` or `]` was expected, not the end of the file"),
        (b'[{"a":1}\xff', "f:1: the JSON array is broken: `,` or `]` was expected, not '\ufffd'"),
        (b'[{"a":1},\n{"a":"]}', "f:2: the file ends inside this object"),
        (b'[\n{"a":1,\n"b":NaN}]', "f:3: NaN and Infinity are not JSON (column 5)"),
        (b'[\n{"a":1]]', "f:2: not JSON: unexpected character, expected ',' or '}' (column 7)"),
    ],
)
def test_an_array_that_holds_no_rows_is_told_in_one_line(array, said) -> None:
    assert problem(array) == said


def test_nesting_that_can_be_written_again_is_taken() -> None:
    value: Any = 1
    for _ in range(MAX_DEPTH):
        value = {"a": value}
    assert orjson.dumps(values(orjson.dumps(value))[0]) == orjson.dumps(value)


def test_brackets_inside_strings_are_no_nesting() -> None:
    assert values(b'{"a":"' + b"[{" * 500 + b'"}') == [{"a": "[{" * 500}]


def test_rows_before_a_broken_line_are_handed_on() -> None:
    rows, _ = outcome([b'{"a":1}\n{"a":'])
    assert [row.value for row in rows] == [{"a": 1}]


@pytest.mark.parametrize("start", [b'{"a":"', b'[{"a":"'])
def test_of_a_row_without_an_end_no_more_is_read_than_the_limit_and_a_block(start) -> None:
    given = 0

    def source() -> Iterator[bytes]:
        nonlocal given
        yield start
        while True:
            given += 1 << 20
            yield b"x" * (1 << 20)

    with pytest.raises(InputError, match="f:1: the row is longer than 16 MiB"):
        list(read_rows(source(), "f"))
    assert given <= MAX_LINE + (1 << 20)


@pytest.mark.parametrize(("start", "end"), [(b'{"a":"', b'"}'), (b'[{"a":"', b'"}]')])
def test_a_row_that_is_too_long_is_refused_when_it_comes_whole_too(start, end) -> None:
    assert problem(start + b"x" * MAX_LINE + end) == "f:1: the row is longer than 16 MiB"


def test_a_long_row_is_taken() -> None:
    blocks = [b'{"a":"', *[b"\\n" * 1000] * 1000, b'"}']
    (row,) = read_rows(blocks, "f")
    assert len(row.value["a"]) == 1_000_000


def test_junk_without_line_ends_looks_like_a_binary_file() -> None:
    assert problem(b"\x00\x01" * MAX_LINE) == "f:1: this looks like a binary file"


def test_files_are_read_in_order(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / name).write_text(f'{{"name":"{name}"}}\n')
    assert [row.value["name"] for row in rows_of([tmp_path / "b", tmp_path / "a"])] == ["b", "a"]


def test_a_row_names_its_file_as_the_user_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.jsonl").write_text('{"a":1}\n')
    assert [row.where for row in rows_of(["./a.jsonl"])] == ["./a.jsonl:1"]


def test_a_file_that_is_missing_is_told_before_any_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_text('{"a":1}\n')
    with pytest.raises(InputError, match="b: there is no such file"):
        rows_of([tmp_path / "a", tmp_path / "b"])


@pytest.mark.parametrize("content", [b"", b"\n \r\n", b"\xef\xbb\xbf", b"[]", b"[ \n ]\n"])
def test_a_file_without_a_row_is_refused(tmp_path: Path, content) -> None:
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(InputError, match="a: is empty: there is no row in it"):
        list(rows_of([tmp_path / "a"]))


def test_a_file_that_may_be_empty_may(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    assert list(rows_of([tmp_path / "a"], may_be_empty=[str(tmp_path / "a")])) == []


def batches(blocks: list[bytes]) -> list[list[object]]:
    """What comes at once: a row's value, or the first words against a bad line."""
    return [
        [row.problem.problem.split(" (")[0] if isinstance(row, BadLine) else row.value for row in batch]
        for batch in read_batches(blocks, "f")
    ]


def test_a_batch_is_what_a_block_completes() -> None:
    assert batches([b'{"a":1}\n{"a":2}\n{"a', b'":3}\n', b"\n \n", b'{"a":4}']) == [
        [{"a": 1}, {"a": 2}],
        [{"a": 3}],
        [{"a": 4}],
    ]


def test_a_batch_of_an_array_is_what_a_block_completes() -> None:
    assert batches([b'[{"a":1},{"a":[2]},{"a":', b"3}", b" ,", b'{"a":4}]']) == [
        [{"a": 1}, {"a": [2]}],
        [{"a": 3}],
        [{"a": 4}],
    ]


def test_what_is_no_row_stands_at_its_place_and_rows_go_on_behind_it() -> None:
    assert batches([b'{"a":1}\n{"a"\n7\n{"a":2}\n']) == [
        [{"a": 1}, "the row ends in the middle of its JSON", "the row is a number, not an object", {"a": 2}]
    ]


def test_a_bad_line_is_kept_as_it_came() -> None:
    ((bad,),) = read_batches([b" {'a': 1}\r\n"], "f")
    assert isinstance(bad, BadLine)
    assert (bad.raw, bad.problem.where) == (b"{'a': 1}", "f:1")


def test_a_row_behind_one_that_is_too_long_is_read_and_knows_its_line() -> None:
    blocks = [b'{"a":1}\n{"a":"', *[b"x" * (1 << 20)] * 20, b'"}\n{"a":2}\n']
    rows = [row for batch in read_batches(blocks, "f") for row in batch]
    assert [type(row) for row in rows] == [Row, BadLine, Row]
    assert isinstance(rows[1], BadLine)
    assert (rows[1].problem.message, len(rows[1].raw)) == ("f:2: the row is longer than 16 MiB", 4096)
    assert isinstance(rows[2], Row)
    assert rows[2].where == "f:3"


@given(st.lists(st.sampled_from(LINES[:10]), max_size=6).map(b"\n".join), st.lists(st.integers(0, 999), max_size=6))
def test_any_cutting_gives_the_same_rows_and_bad_lines(data, places) -> None:
    def told(blocks: list[bytes]) -> list[tuple[bytes, str]]:
        found = (row for batch in read_batches(blocks, "f") for row in batch)
        return [(row.raw, row.problem.message if isinstance(row, BadLine) else row.where) for row in found]

    data = b'{"first":1}\n' + data
    assert told(cut(data, places)) == told([data])


def test_before_each_read_of_a_file_is_told_which(tmp_path: Path) -> None:
    (tmp_path / "a").write_text('{"a":1}\n')
    asked: list[int] = []
    assert len(list(batches_of([tmp_path / "a"], waiting=asked.append))) == 1
    assert len(asked) == 2
