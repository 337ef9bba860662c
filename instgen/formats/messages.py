"""OpenAI rows with a conversation under `messages`, and TRL rows with lists of turns in `prompt` and `completion`."""

from __future__ import annotations

from instgen.formats.fields import Object, items
from instgen.formats.record import from_row
from instgen.records import Record


def read(row: Object) -> tuple[Record, ...]:
    """Read the single record of a row with `messages`; keys that are not record fields go to `extra`.

    Raises:
        RowError: a value has the wrong type.
    """
    return (from_row(row),)


def read_prompt(row: Object) -> tuple[Record, ...]:
    """Read the single record of a row whose `prompt` is a list of turns; the turns of `completion`, if any, follow.

    Raises:
        RowError: a value has the wrong type.
    """
    turns = [*row["prompt"], *items("completion", row.get("completion"))]
    rest = {key: value for key, value in row.items() if key not in ("prompt", "completion")}
    return (from_row(rest | {"messages": turns}),)
