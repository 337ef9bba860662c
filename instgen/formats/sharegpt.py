"""ShareGPT rows: a conversation under `conversations`, each turn `{from, value}`.

The turns become messages with our names for keys and roles: a trainer that meets `human` where it expects `user` trains
on the wrong prompt without a word. Turns that already say `role` and `content` are taken as well.
"""

from __future__ import annotations

from typing import Any

from instgen.formats.fields import Object, fields
from instgen.formats.record import from_row
from instgen.records import Record

_NAMES = {"from": "role", "value": "content"}


def read(row: Object) -> tuple[Record, ...]:
    """The one record of a row."""
    turns = [_turn(number, value) for number, value in enumerate(row["conversations"], 1)]
    rest = {key: value for key, value in row.items() if key != "conversations"}
    return (from_row(rest | {"messages": turns}),)


def _turn(number: int, value: object) -> dict[str, Any]:
    return {_NAMES.get(key, key): item for key, item in fields(f"turn {number}", value).items()}
