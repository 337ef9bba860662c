"""The axolotl format: rows for its chat_template strategies, and the section of a config file that refers to them.

axolotl has no strategy for turns in KTO, so KTO rows are strings and cannot represent conversations or system texts.
Rows for its reward model are strings too, with a column for the system text but none for earlier turns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from instgen.export.columns import Column, Holds, Row
from instgen.export.example import Example
from instgen.export.format import CONVERSATION, PAIR, DataFile, Exported, Format, Layout
from instgen.export.kinds import Kind

_CHATML = (
    "    type:",
    "      field_prompt: prompt",
    "      field_completion: completion",
    "      field_label: label",
    '      prompt_format: "<|im_start|>user\\n{prompt}<|im_end|>\\n<|im_start|>assistant\\n"',
    '      completion_format: "{completion}<|im_end|>"',
)
_TYPES: Mapping[Kind, Sequence[str]] = {
    Kind.SFT: ("    type: chat_template", "    field_messages: messages"),
    Kind.DPO: (
        "    type: chat_template.default",
        "    field_messages: messages",
        "    field_chosen: chosen",
        "    field_rejected: rejected",
    ),
    Kind.KTO: (
        "    # ChatML, because axolotl's KTO has no chat_template: replace the markers with those of your model",
        *_CHATML,
    ),
    Kind.RM: ("    type: bradley_terry.chat_template",),
}
_TRAINING: Mapping[Kind, Sequence[str]] = {
    Kind.SFT: (),
    Kind.DPO: ("rl: dpo",),
    Kind.KTO: ("rl: kto", "remove_unused_columns: false"),
    Kind.RM: ("reward_model: true",),
}


def _last_prompt(example: Example) -> str:
    return example.prompt[-1].content


def _system(example: Example) -> str:
    return next((message.content for message in example.prompt if message.role == "system"), "")


def _reward_row(example: Example) -> Row:
    return {
        "system": _system(example),
        "input": _last_prompt(example),
        "chosen": example.answer,
        "rejected": example.worse,
    }


def _side_files(exported: Exported) -> Mapping[str, str]:
    return {"axolotl.yml": "\n".join(_config(exported)) + "\n"}


def _config(exported: Exported) -> Iterator[str]:
    yield "# The part of an axolotl config that refers to this data. Paths are relative to where axolotl is started."
    yield from _TRAINING[exported.kind]
    first, *others = exported.files
    yield "datasets:"
    yield from _dataset(first, exported.kind)
    if others:
        yield "test_datasets:"
        for file in others:
            yield from _dataset(file, exported.kind)


def _dataset(file: DataFile, kind: Kind) -> Iterator[str]:
    yield f"  - path: {file.name}"
    yield "    ds_type: json"
    yield "    split: train"
    yield from _TYPES[kind]


FORMAT = Format(
    "axolotl",
    "axolotl",
    {
        Kind.SFT: CONVERSATION,
        Kind.DPO: PAIR,
        Kind.KTO: Layout(
            (Column("prompt", Holds.TEXT), Column("completion", Holds.TEXT), Column("label", Holds.FLAG)),
            lambda example: {"prompt": _last_prompt(example), "completion": example.answer, "label": example.label},
            conversations=False,
            system=False,
        ),
        Kind.RM: Layout(
            tuple(Column(name, Holds.TEXT) for name in ("system", "input", "chosen", "rejected")),
            _reward_row,
            conversations=False,
        ),
    },
    side_files=_side_files,
)
