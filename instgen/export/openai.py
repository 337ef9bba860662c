"""The OpenAI format: fine-tuning files, which Azure and Together accept too; files with unknown keys are refused.

A turn that is excluded from training has `weight: 0`, as OpenAI's documentation specifies; other turns have no weight.
"""

from __future__ import annotations

from collections.abc import Sequence

from instgen.export.columns import Column, Holds, Row
from instgen.export.example import Example
from instgen.export.fitness import weights_of
from instgen.export.format import MESSAGES, Exported, Format, Layout, answer, turns
from instgen.export.kinds import Kind

LEAST_ROWS = 10
"""The minimum size of a training file, from OpenAI's documentation of fine-tuning."""


def _messages(example: Example) -> Row:
    weights = weights_of(example.record)
    rows = turns(example.conversation)
    for at, row in enumerate(rows):
        if weights.get(at) == 0:
            row["weight"] = 0
    return {"messages": rows}


def _preference(example: Example) -> Row:
    return {
        "input": {"messages": turns(example.prompt)},
        "preferred_output": [answer(example.answer)],
        "non_preferred_output": [answer(example.worse)],
    }


def _notes(exported: Exported) -> Sequence[str]:
    return [
        f"{file.name} has {file.rows} rows; OpenAI requires at least {LEAST_ROWS}"
        for file in exported.files
        if file.rows < LEAST_ROWS
    ]


FORMAT = Format(
    "openai",
    "fine-tuning at OpenAI, Azure, Together and others that accept its files",
    {
        Kind.SFT: Layout((MESSAGES,), _messages, alternating=False, weights=True),
        Kind.DPO: Layout(
            (
                Column("input", Holds.MESSAGES),
                Column("preferred_output", Holds.TURNS),
                Column("non_preferred_output", Holds.TURNS),
            ),
            _preference,
            alternating=False,
        ),
    },
    notes=_notes,
)
