"""The LLaMA-Factory format: rows in its sharegpt formatting with OpenAI's role names, and their `dataset_info.json`.

LLaMA-Factory's `openai` formatting is not used because it adds a sentence of its own to every system text. All columns
and tags are declared, because declaring one resets all others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from instgen.export.columns import META
from instgen.export.format import CONVERSATION, LABELLED, PAIR, Exported, Format
from instgen.export.kinds import Kind

_TAGS = {
    "role_tag": "role",
    "content_tag": "content",
    "user_tag": "user",
    "assistant_tag": "assistant",
    "observation_tag": "tool",
    "function_tag": "function",
    "system_tag": "system",
}
_COLUMNS = {"messages": "messages", "chosen": "chosen", "rejected": "rejected", "label": "kto_tag"}
"""Our columns, mapped to LLaMA-Factory's names for them."""


def _side_files(exported: Exported) -> Mapping[str, str]:
    entries = {name_of(file.split): _entry(exported, file.name) for file in exported.files}
    return {"dataset_info.json": json.dumps(entries, indent=2) + "\n"}


def name_of(split: str) -> str:
    """A split's name in `dataset_info.json`, and in the `dataset` setting of a training config."""
    return f"instgen_{split}"


def _entry(exported: Exported, name: str) -> dict[str, Any]:
    entry: dict[str, Any] = {"file_name": name, "formatting": "sharegpt"}
    if exported.kind.compares:
        entry["ranking"] = True
    named = [column.name for column in exported.columns if column not in META]
    return entry | {"columns": {_COLUMNS[column]: column for column in named}, "tags": _TAGS}


def _notes(exported: Exported) -> Sequence[str]:
    names = ",".join(name_of(file.split) for file in exported.files)
    return [f"in the training config: dataset: {names}, and dataset_dir: this folder"]


FORMAT = Format(
    "llamafactory",
    "LLaMA-Factory, through its `dataset_dir`",
    {
        Kind.SFT: CONVERSATION,
        Kind.DPO: PAIR,
        Kind.RM: PAIR,
        Kind.KTO: LABELLED,
    },
    side_files=_side_files,
    notes=_notes,
)
