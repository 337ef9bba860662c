"""Whatever a record holds, each format has one row for it that is whole JSON with just its columns, or a reason."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest

from instgen.export.carried import Carried, meta
from instgen.export.columns import Columns, Holds
from instgen.export.example import STAGE, Choice, examples_of, kind_of, prompt_of
from instgen.export.find import OURS, find_format
from instgen.export.fitness import unfit, weights_of
from instgen.export.kinds import Kind, Pairs, Ties
from instgen.export.lines import HALF, Lines
from instgen.export.provenance import Provenance
from instgen.export.split import Splits
from instgen.formats.record import rejection_row
from instgen.records import Record, Rejection
from tests.fuzz import inputs
from tests.fuzz.fuzzing import fuzzed
from tests.fuzz.rows import likely_rows, records_of

LAYOUTS = [(kind, layout) for entry in OURS for kind, layout in find_format(entry.name).layouts.items()]
CHOICES = [
    Choice(by, pairs, ties, least) for by in ("", "a") for pairs in Pairs for ties in Ties for least in (0.0, 1.0)
]
CARRIED, PROVENANCE = Carried(), Provenance()


def check(row: dict[str, Any], columns: Columns) -> None:
    """Whether a row has just its columns, each of its type."""
    assert list(row) == [column.name for column in columns]
    for column in columns:
        value = row[column.name]
        if column.holds.keys is None:
            assert type(value) in {Holds.FLAG: (bool,), Holds.MESSAGES: (dict,), Holds.NUMBER: (float, int)}.get(
                column.holds, (str,)
            )
        for turn in (value if column.holds.many else [value]) if column.holds.keys else ():
            assert tuple(turn) == column.holds.keys
            assert all(type(said) is str for said in turn.values())


def written(row: dict[str, Any]) -> Any:
    """What is read of a row's line by two readers."""
    lines = Lines()
    line = lines.line(row)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert lines.replaced in (0, 1)
    found = json.loads(line)
    assert found == orjson.loads(line)
    return found


def export(record: Record, kind: Kind, choice: Choice) -> None:
    """Make a record's rows of one kind in every format."""
    made = examples_of(record, kind, choice)
    assert bool(made.examples) != bool(made.verdict)
    for example in made.examples:
        for each, layout in LAYOUTS:
            if each is kind and not unfit(example, layout, kind):
                row = layout.row(example)
                check(row, layout.columns)
                assert written(row) == row or HALF.search(str(row))
    if made.verdict:
        json.dumps(rejection_row(Rejection(STAGE, made.verdict, record)))


@fuzzed(row=likely_rows, how=inputs.integers(0, len(CHOICES) * len(Kind) - 1))
def test_a_record_is_rows_or_a_reason(row: dict[str, Any], how: int) -> None:
    kind, choice = list(Kind)[how % len(Kind)], CHOICES[how // len(Kind)]
    for record in records_of(row):
        export(record, kind, choice)
        assert kind_of([record]) in Kind
        assert prompt_of(record)
        assert Splits(("a", "b"), (0.5, 1.0)).of(record.id) in {"a", "b"}
        CARRIED.note(record, kind)
        PROVENANCE.add(record)
        assert isinstance(orjson.loads(meta(record, kind)), dict)
        assert all(isinstance(weight, float) for weight in weights_of(record).values())


@pytest.mark.parametrize("text", ["\ud800", "a\u2028b", "\0", "2024-01-01"])
def test_a_text_is_one_line(text: str) -> None:
    assert written({"a": text}) == {"a": HALF.sub("\ufffd", text)}
