"""Benchmark items: the questions in a row of an evaluation file, whatever its columns are called.

The rule: if the caller names a field, only that field is read; otherwise it is the first of the usual names that holds
text. Each user turn of a conversation is a separate item. The result names the field, because a guess can be wrong.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from instgen.formats.fields import Object, RowError, shown
from instgen.formats.turns import ROLES

FIELDS = ("question", "prompt", "instruction", "problem", "query", "text", "input", "turns", "messages", "task")
"""Names of benchmarks' question fields, most reliable first: GSM8K and MMLU, HumanEval and IFEval, AlpacaEval, MATH,
SQuAD-like files, plain text, BIG-bench, MT-bench, chat evaluations, agents' tasks."""


@dataclass(frozen=True, slots=True)
class Item:
    """One question of a benchmark; `name` is `file:line`, plus `#2`, `#3` … for further questions of the row."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The questions of one row, none if the field is empty, and the field they were read from."""

    items: tuple[Item, ...]
    field: str


def items_from(row: Object, name: str, field: str | None = None) -> Asked:
    """The items of a row.

    Args:
        row: of any shape.
        name: `file:line`, from which the items are named.
        field: the field to read; if None, the first of `FIELDS` that holds text, ignoring case.

    Raises:
        RowError: the row has no such field, or none of `FIELDS`.
    """
    found = field if field is not None else _guessed(row)
    if found is None or found not in row:
        raise _no_field(row, field)
    texts = _texts(row[found])
    if texts and found.lower() == "instruction" and isinstance(row.get("input"), str):
        texts = [f"{texts[0]}\n{row['input']}".strip()]
    names = (name if number == 1 else f"{name}#{number}" for number in range(1, len(texts) + 1))
    return Asked(tuple(map(Item, names, texts)), found)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a CSV file, and the number of the line on which it begins."""

    number: int
    row: dict[str, str]


def table(lines: Iterable[str], *, delimiter: str = ",", headed: bool = True, quoted: bool = True) -> Iterator[Line]:
    """The rows of a CSV file, keyed by the column names in its header row.

    Without a header (`headed` is false), the columns are named "1", "2", "3" and so on. A row may span several lines,
    unless quotation marks are ordinary characters (`quoted` is false).

    Raises:
        RowError: the file is not valid CSV; the message has the line number.
    """
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    reader = csv.reader(lines, delimiter=delimiter, quoting=quoting, strict=True)
    names: list[str] | None = None
    begin = 1
    try:
        for cells in reader:
            if headed and names is None:
                names = [cell.strip() for cell in cells]
            elif cells:
                columns = names or [str(number) for number in range(1, len(cells) + 1)]
                yield Line(begin, dict(zip(columns, cells, strict=False)))
            begin = reader.line_num + 1
    except csv.Error as error:
        raise RowError(f"not CSV at line {reader.line_num}: {error}") from error


def _guessed(row: Object) -> str | None:
    names = {key.lower(): key for key in reversed(list(row))}
    there = [names[field] for field in FIELDS if field in names]
    return next((name for name in there if _texts(row[name])), there[0] if there else None)


def _texts(value: object) -> list[str]:
    """The texts in a value that is a string, a list of strings, or a conversation, of which only user turns count."""
    if isinstance(value, str):
        return [value] if value.strip() else []
    if not isinstance(value, list):
        return []
    texts = (turn if isinstance(turn, str) else _turn(turn) for turn in value)
    return [text for text in texts if text.strip()]


def _turn(value: object) -> str:
    if not isinstance(value, dict) or ROLES.get(str(value.get("role", value.get("from", "user")))) != "user":
        return ""
    content = value.get("content", value.get("value"))
    return content if isinstance(content, str) else ""


def _no_field(row: Object, field: str | None) -> RowError:
    keys = ", ".join(shown(key) for key in list(row)[:8]) or "none"
    what = f"no field {shown(field)}" if field is not None else "no field known to hold a benchmark's questions"
    return RowError(f"{what}; the fields are {keys}", "name the field: FILE:field")
