"""The most common row read the short way: Alpaca's three strings, perhaps an id, and keys that we do not know.

The rule: a record that is read here is the one that `records_from` reads in four times the time; all other rows are
left to that.
"""

from __future__ import annotations

from instgen.formats.alpaca import COLUMNS
from instgen.formats.fields import Object
from instgen.formats.record import KEYS
from instgen.records import Record, content_hash

_OWN = frozenset({"id", "instruction", "input", "output"})
_MEANING_MORE = frozenset(
    {*KEYS, "instances", "conversations", *(name for names in COLUMNS.values() for name in names)} - _OWN
)


def quick_record(row: Object, *, named: bool = True) -> Record | None:
    """The one record of a plain row; None for a row that is not plain.

    Args:
        row: of any shape.
        named: whether the record must have an id where the row has none; to make one takes a third of the time.
    """
    instruction, given, output = row.get("instruction"), row.get("input", ""), row.get("output", "")
    if not (isinstance(instruction, str) and isinstance(given, str) and isinstance(output, str)):
        return None
    identity = row.get("id", "")
    if not isinstance(identity, str) or not _MEANING_MORE.isdisjoint(row) or not instruction.strip():
        return None
    extra = {key: value for key, value in row.items() if key not in _OWN}
    if named and not identity:
        identity = content_hash(instruction, given, output, "")
    return Record(instruction, given, output, identity, extra=extra)
