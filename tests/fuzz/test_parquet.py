"""What is written as Parquet is read as it was by its own library; as an input, no bytes of that kind are rows."""

from __future__ import annotations

import json
import tempfile
from io import BytesIO
from typing import Any

import pytest

from instgen.errors import InputError
from instgen.export.carried import meta
from instgen.export.columns import MARGIN, META
from instgen.export.example import Choice, examples_of
from instgen.export.fitness import unfit
from instgen.export.hub import PARQUET
from instgen.export.kinds import Kind
from instgen.export.lines import Lines
from instgen.export.parquet import write_parquet
from instgen.lines import BadLine, batches_of
from tests.fuzz import inputs
from tests.fuzz.fuzzing import fuzzed, moment, told
from tests.fuzz.rows import likely_rows, records_of

parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed: make fuzz has it")

KINDS = list(PARQUET.layouts)
MAGIC = b"PAR1"


def lines_of(rows: list[dict[str, Any]], kind: Kind) -> list[bytes]:
    """The lines of an export with all columns that there may be."""
    layout, lines = PARQUET.layouts[kind], Lines()
    made: list[bytes] = []
    for record in (record for row in rows for record in records_of(row)):
        for example in examples_of(record, kind, Choice()).examples:
            if not unfit(example, layout, kind):
                more = {"margin": float(example.margin), "id": record.id, "meta": meta(record, kind)}
                made.append(lines.line(layout.row(example) | more))
    return made


def packed(lines: list[bytes], kind: Kind) -> bytes:
    """The same as a Parquet file."""
    file = BytesIO()
    write_parquet(lines, (*PARQUET.layouts[kind].columns, MARGIN, *META), file)
    return file.getvalue()


@fuzzed(rows=inputs.lists(likely_rows, max_size=4), kind=inputs.sampled_from(KINDS))
def test_a_parquet_file_holds_the_rows_of_the_lines(rows: list[dict[str, Any]], kind: Kind) -> None:
    lines = lines_of(rows, kind)
    found = parquet.read_table(BytesIO(packed(lines, kind)))
    assert found.to_pylist() == [json.loads(line) for line in lines]
    assert found.column_names == [column.name for column in (*PARQUET.layouts[kind].columns, MARGIN, *META)]


WHOLE = packed(lines_of([{"instruction": "Count.", "output": "1"}], KINDS[0]), KINDS[0])
strange = inputs.tuples(inputs.integers(0, len(WHOLE)), inputs.binary(max_size=12), inputs.integers(0, len(WHOLE)))
"""Where the file is cut, what stands there instead, and where it goes on."""


@fuzzed(said=strange | inputs.tuples(inputs.just(4), inputs.binary(max_size=60), inputs.just(len(WHOLE))))
def test_a_parquet_file_whole_or_broken_is_refused_in_one_error(said: tuple[int, bytes, int]) -> None:
    begin, middle, end = said
    data = WHOLE[:begin] + middle + WHOLE[end:]
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file, moment():
        file.write(data)
        file.flush()
        try:
            read = [told_of for batch in batches_of([file.name]) for told_of in batch]
        except InputError as problem:
            told(problem, file.name)
            return
    assert not data.startswith(MAGIC)
    for line in read:
        assert isinstance(line, BadLine)
        told(line.problem, file.name)
