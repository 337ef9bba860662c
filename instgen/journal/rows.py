"""What the journal's file holds: its table, the statements on it, and completions as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import orjson

from instgen.journal.failures import Damaged
from instgen.records import Completion, Usage

T = TypeVar("T")
SCHEMA_VERSION = 1
ROWS = 64
"""Maximum number of rows that one statement reads or writes; SQLite keeps 128 statements compiled."""
COLUMNS = frozenset(("key", "at", "finish", "completion"))
TABLE = """
CREATE TABLE IF NOT EXISTS completions (
    key BLOB NOT NULL PRIMARY KEY, at REAL NOT NULL, finish TEXT NOT NULL, completion BLOB NOT NULL
)
"""
"""A rowid table, so that rows are stored in order of arrival. Older journals have one WITHOUT ROWID, ordered by key, in
which each row of 1.5 KB dirties a page or two of its own (40 µs more a row). The same statements work on both."""
BOUGHT = """
SELECT teacher, count(*), CASE WHEN count(*) = count(tokens) THEN sum(tokens) END,
    CASE WHEN count(*) = count(cost) THEN sum(cost) END
FROM (
    SELECT json_extract(completion, '$.teacher') AS teacher, json_extract(completion, '$.cost') AS cost,
        json_extract(completion, '$.usage.prompt') + json_extract(completion, '$.usage.completion') AS tokens
    FROM (SELECT CAST(completion AS TEXT) AS completion FROM completions)
) GROUP BY teacher ORDER BY teacher
"""
"""One row per teacher; the tokens are NULL if any completion lacks its usage, the cost if any lacks its own."""
FIND = "SELECT key, at, finish, completion FROM completions WHERE key IN (?)"
ROW = "(?, ?, ?, ?)"
INSERT = "INSERT INTO completions VALUES (?, ?, ?, ?) ON CONFLICT (key) DO NOTHING"
INSERT_OVER_FAILED = """INSERT INTO completions VALUES (?, ?, ?, ?) ON CONFLICT (key)
DO UPDATE SET at = excluded.at, finish = excluded.finish, completion = excluded.completion WHERE finish = 'failed'"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row as `instgen journal export` shows it; `at` is in seconds since 1970."""

    key: str
    at: float
    completion: Completion


@dataclass(frozen=True, slots=True)
class Bought:
    """Totals for one teacher; `cost` is in US dollars, None if any price is unknown."""

    teacher: str
    completions: int
    tokens: int
    cost: float | None


def completion_to_json(completion: Completion) -> bytes:
    """The JSON that the journal stores for a completion."""
    return orjson.dumps(completion)


def completion_from_json(data: bytes) -> Completion:
    """The completion that `completion_to_json` stored.

    Raises:
        Damaged: the data is not a completion's JSON.
    """
    try:
        row = orjson.loads(data)
        return Completion(**{**row, "usage": Usage(**row["usage"])})
    except (ValueError, TypeError, KeyError) as problem:
        raise Damaged(str(problem)) from problem


def parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """The items in slices of at most ROWS, as many as one statement takes."""
    return (items[at : at + ROWS] for at in range(0, len(items), ROWS))


def repeated(statement: str, place: str, items: Sequence[object]) -> str:
    """A statement for one item, with its placeholder repeated for each of the items."""
    return statement.replace(place, ", ".join([place] * len(items)))
