"""Benchmark items: what a row of an evaluation file asks, whatever its columns are called.

The rule: a field that was named is the one that is read; otherwise the first of the usual names that holds text. Each
turn of a conversation that is the user's is an item of its own. The result names the field, as a guess can be wrong.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from instgen.formats.fields import Object, RowError, shown
from instgen.formats.turns import ROLES

FIELDS = ("question", "prompt", "instruction", "problem", "query", "text", "input", "turns", "messages", "task")
"""The names under which benchmarks ask, the surest first: GSM8K and MMLU, HumanEval and IFEval, AlpacaEval, MATH,
SQuAD-like files, plain text, BIG-bench, MT-bench, chat evaluations, agents' tasks."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a benchmark asks; `name` is `file:line`, with `#2` … behind it for what a row asks further."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What one row asks, nothing where the field is empty, and the field that it stood in."""

    items: tuple[Item, ...]
    field: str


def items_from(row: Object, name: str, field: str | None = None) -> Asked:
    """The items of a row.

    Args:
        row: of any shape.
        name: `file:line`, to call the items by.
        field: where the text is; without it, the first of `FIELDS` that holds any, in upper or lower case.

    Raises:
        RowError: there is no such field.
    """
    found = field if field is not None else _guessed(row)
    if found is None or found not in row:
        raise _nothing(row, field)
    texts = _texts(row[found])
    if texts and found.lower() == "instruction" and isinstance(row.get("input"), str):
        texts = [f"{texts[0]}\n{row['input']}".strip()]
    names = (name if number == 1 else f"{name}#{number}" for number in range(1, len(texts) + 1))
    return Asked(tuple(map(Item, names, texts)), found)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table, and the line of the file that it begins on."""

    number: int
    row: dict[str, str]


def table(lines: Iterable[str], *, delimiter: str = ",", headed: bool = True, quoted: bool = True) -> Iterator[Line]:
    """The rows of a CSV file by the names in its first row.

    Without such a row (`headed` is false) the columns are called 1, 2, 3 and so on. A row may go over several lines,
    unless quotation marks are marks like others (`quoted` is false).

    Raises:
        RowError: it is no CSV; the message says on which line.
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
    """What a value says: a string, a list of strings, or the user's turns of a conversation."""
    if isinstance(value, str):
        return [value] if value.strip() else []
    if not isinstance(value, list):
        return []
    said = (turn if isinstance(turn, str) else _turn(turn) for turn in value)
    return [text for text in said if text.strip()]


def _turn(value: object) -> str:
    if not isinstance(value, dict) or ROLES.get(str(value.get("role", value.get("from", "user")))) != "user":
        return ""
    said = value.get("content", value.get("value"))
    return said if isinstance(said, str) else ""


def _nothing(row: Object, field: str | None) -> RowError:
    keys = ", ".join(shown(key) for key in list(row)[:8]) or "none"
    what = f"no field {shown(field)}" if field is not None else "no field that is known to hold what a benchmark asks"
    return RowError(f"{what}; the fields are {keys}", "name the field: FILE:field")
