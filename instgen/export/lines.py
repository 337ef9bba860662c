"""Rows as lines: what the readers of JSONL trip over is put right and counted, or at least told of.

Half a character (a lone surrogate) ends a whole file's loading, so it becomes U+FFFD. A column in which every string is
a date, inside of turns too, is read as a column of times by the `datasets` library, whatever the card says: nothing can
be done about that in the file, so `dates` names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import orjson

from instgen.export.columns import Row

HALF = re.compile("[\ud800-\udfff]")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?)?\Z")


@dataclass(slots=True)
class Lines:
    """Makes lines of rows, and remembers what it met."""

    replaced: int = 0
    """Rows in which half a character was replaced."""
    dates: list[str] | None = field(default=None)
    """The columns in which every row so far had dates and nothing else; None before the first row."""

    def line(self, row: Row) -> bytes:
        """The row as one line, which is always whole UTF-8."""
        if self.dates is None or self.dates:
            self._look_for_dates(row)
        try:
            return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)
        except TypeError:
            self.replaced += 1
            return orjson.dumps(whole(row), option=orjson.OPT_APPEND_NEWLINE)

    def _look_for_dates(self, row: Row) -> None:
        others = {path for path, text in _texts(row) if not _DATE.match(text)}
        seen = self.dates if self.dates is not None else dict.fromkeys(path for path, _ in _texts(row))
        self.dates = [path for path in seen if path not in others]


def _texts(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Every string of a row, with the names of the keys that lead to it."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, path)


def whole(value: object) -> object:
    """The same value with half characters replaced."""
    if isinstance(value, str):
        return HALF.sub("�", value)
    if isinstance(value, Mapping):
        return {whole(key): whole(item) for key, item in value.items()}
    return [whole(item) for item in value] if isinstance(value, list) else value
