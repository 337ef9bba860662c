"""Serializes rows as JSON lines; what JSONL readers cannot handle is replaced and counted, or at least recorded.

A lone surrogate makes a whole file fail to load, so it becomes U+FFFD. If every string in a column is a date, the
`datasets` library reads the column as timestamps whatever the card declares, even for columns inside turns. The file
cannot prevent that, so `dates` lists such columns for a message.
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
    """Serializes rows, and keeps track of replacements and of columns of dates."""

    replaced: int = 0
    """Rows in which a lone surrogate was replaced."""
    dates: list[str] | None = field(default=None)
    """The columns that held only dates in every row so far; None before the first row."""

    def line(self, row: Row) -> bytes:
        """The row as one line of valid UTF-8, with its newline."""
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
    """Every string in a row, with the dotted path of keys that leads to it."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, path)


def whole(value: object) -> object:
    """The same value with lone surrogates replaced by U+FFFD."""
    if isinstance(value, str):
        return HALF.sub("�", value)
    if isinstance(value, Mapping):
        return {whole(key): whole(item) for key, item in value.items()}
    return [whole(item) for item in value] if isinstance(value, list) else value
