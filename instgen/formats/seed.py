"""Self-Instruct seed tasks: an instruction with a list of `instances`, each of which becomes one record.

`name`, `is_classification` and all other keys of a task or instance go to `extra`. The first instance has the task's
own id, the others that id with the suffix `#2`, `#3` and so on. A task without instances is one record without input
and output.
"""

from __future__ import annotations

from typing import Any

from instgen.formats.fields import Object, fields, items, spelled
from instgen.formats.record import from_row
from instgen.records import Record


def read(row: Object) -> tuple[Record, ...]:
    """Read one record per instance.

    Raises:
        RowError: a value has the wrong type.
    """
    instances = items("instances", row["instances"]) or [{}]
    return tuple(from_row(_instance(row, number, value)) for number, value in enumerate(instances, 1))


def _instance(row: Object, number: int, value: object) -> dict[str, Any]:
    task = {key: item for key, item in row.items() if key != "instances"}
    if number > 1 and spelled(task.get("id")):
        task["id"] = f"{spelled(task['id'])}#{number}"
    return task | dict(fields(f"instances[{number - 1}]", value))
