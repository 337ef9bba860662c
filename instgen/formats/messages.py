"""OpenAI rows: a conversation under `messages`, or TRL's under `prompt` and `completion`, each a list of turns."""

from __future__ import annotations

from instgen.formats.fields import Object, items
from instgen.formats.record import from_row
from instgen.records import Record


def read(row: Object) -> tuple[Record, ...]:
    """The one record of a row with `messages`; its other keys are a record's or ride along.

    Raises:
        RowError: a value is not what its key promises.
    """
    return (from_row(row),)


def read_prompt(row: Object) -> tuple[Record, ...]:
    """The one record of a row whose `prompt` is a list of turns; those of `completion`, if any, follow.

    Raises:
        RowError: a value is not what its key promises.
    """
    turns = [*row["prompt"], *items("completion", row.get("completion"))]
    rest = {key: value for key, value in row.items() if key not in ("prompt", "completion")}
    return (from_row(rest | {"messages": turns}),)
