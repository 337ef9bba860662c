"""Self-Instruct seed tasks: an instruction with a list of `instances`, each of which is one record.

`name`, `is_classification` and whatever else a task or an instance says ride along. The first instance has the task's
own id, the others that id with `#2`, `#3` … behind it. A task without instances is one record with nothing filled in.
"""

from __future__ import annotations

from typing import Any

from instgen.formats.fields import Object, fields, items, spelled
from instgen.formats.record import from_row
from instgen.records import Record


def read(row: Object) -> tuple[Record, ...]:
    """One record an instance.

    Raises:
        RowError: a value is not what its key promises.
    """
    instances = items("instances", row["instances"]) or [{}]
    return tuple(from_row(_instance(row, number, value)) for number, value in enumerate(instances, 1))


def _instance(row: Object, number: int, value: object) -> dict[str, Any]:
    task = {key: item for key, item in row.items() if key != "instances"}
    if number > 1 and spelled(task.get("id")):
        task["id"] = f"{spelled(task['id'])}#{number}"
    return task | dict(fields(f"instances[{number - 1}]", value))
