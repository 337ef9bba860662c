"""Benchmark files, as `--decontaminate FILE` or `FILE:field` names them, read whole into items.

JSONL and JSON arrays are read like all other inputs. `.csv` and `.tsv` files are tables; if the field is a number, they
are read as having no header (MMLU's files have none). In a `.tsv`, a quotation mark is an ordinary character, as in
IANA's text/tab-separated-values, unless the first line contains one. All may be compressed by gzip or zstd.
"""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from instgen.errors import InputError
from instgen.formats.fields import RowError
from instgen.formats.items import Item, items_from, table
from instgen.lines import rows_of
from instgen.sources import check_source, open_source

_DELIMITERS = {".csv": ",", ".tsv": "\t"}


@dataclass(frozen=True, slots=True)
class Benchmark:
    """The items of one file."""

    name: str
    """The file's own name, without its folder."""
    items: tuple[Item, ...]
    fields: Mapping[str, int]
    """Number of rows by the field that their items were read from; shown to the user, as the field may be a guess."""


def benchmark(named: str) -> Benchmark:
    """The items of a file, given as `FILE` or `FILE:field`.

    Raises:
        InputError: it cannot be read, or a row has no text to compare with.
    """
    path, field = _path_and_field(named)
    name = Path(path).name
    items: list[Item] = []
    fields: Counter[str] = Counter()
    for number, row in _rows(path, headed=not (field or "").isdigit()):
        try:
            asked = items_from(row, f"{name}:{number}", field)
        except RowError as error:
            raise InputError(f"{path}:{number}", error.problem, error.hint) from error
        items += asked.items
        fields[asked.field] += 1
    if not items:
        what = f"`{next(iter(fields))}` is empty in every row" if fields else "is empty: there is no row in it"
        raise InputError(path, what, "name the field: FILE:field" if fields else "")
    return Benchmark(name, tuple(items), fields)


def _path_and_field(named: str) -> tuple[str, str | None]:
    """The parts of `FILE` or `FILE:field`; the name of an existing file is never split."""
    path, colon, field = named.rpartition(":")
    return (path, field) if colon and path and field and not Path(named).exists() else (named, None)


def _rows(path: str, *, headed: bool) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Each row of a file, with the number of the line on which it begins."""
    plain = Path(path).with_suffix("") if Path(path).suffix in {".gz", ".zst"} else Path(path)
    delimiter = _DELIMITERS.get(plain.suffix.lower())
    if delimiter is None:
        for row in rows_of([path]):
            yield int(row.where.rpartition(":")[2]), row.value
        return
    check_source(path)
    try:
        lines = _lines(path)
        first = next(lines, "")
        quoted = delimiter == "," or '"' in first
        for line in table(chain([first], lines), delimiter=delimiter, headed=headed, quoted=quoted):
            yield line.number, line.row
    except RowError as error:
        raise InputError(path, error.problem, error.hint) from error


def _lines(path: str) -> Iterator[str]:
    """The lines of a text file, each with its line feed, which is the only line end."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    rest = ""
    try:
        for block in open_source(path):
            *lines, rest = (rest + decoder.decode(block)).split("\n")
            yield from (f"{line}\n" for line in lines)
        rest += decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise InputError(path, "is not UTF-8", "`iconv -t utf-8` converts text") from error
    if rest:
        yield rest
