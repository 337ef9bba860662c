"""ShareGPT rows: a conversation under `conversations`, each turn `{from, value}`.

Keys and roles are converted to those of `messages`, because a trainer that finds `human` where it expects `user`
silently trains on the wrong prompt. Turns that already have `role` and `content` are accepted too.
"""

from __future__ import annotations

from instgen.formats.fields import Object, fields
from instgen.formats.record import from_row
from instgen.formats.turns import with_our_keys
from instgen.records import Record


def read(row: Object) -> tuple[Record, ...]:
    """Read the single record of a row.

    Raises:
        RowError: a value has the wrong type.
    """
    originals = (fields(f"turn {number}", value) for number, value in enumerate(row["conversations"], 1))
    turns = [with_our_keys(turn) for turn in originals]
    rest = {key: value for key, value in row.items() if key != "conversations"}
    return (from_row(rest | {"messages": turns}),)
