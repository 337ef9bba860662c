"""ShareGPT rows: a conversation under `conversations`, each turn `{from, value}`.

The turns become messages with our names for keys and roles: a trainer that meets `human` where it expects `user` trains
on the wrong prompt without a word. Turns that already say `role` and `content` are taken as well.
"""

from __future__ import annotations

from instgen.formats.fields import Object, fields
from instgen.formats.record import from_row
from instgen.formats.turns import with_our_keys
from instgen.records import Record


def read(row: Object) -> tuple[Record, ...]:
    """The one record of a row.

    Raises:
        RowError: a value is not what its key promises.
    """
    said = (fields(f"turn {number}", value) for number, value in enumerate(row["conversations"], 1))
    turns = [with_our_keys(turn) for turn in said]
    rest = {key: value for key, value in row.items() if key != "conversations"}
    return (from_row(rest | {"messages": turns}),)
