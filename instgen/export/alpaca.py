"""The Alpaca format: the columns `instruction`, `input` and `output`, and no others."""

from __future__ import annotations

from instgen.export.columns import Column, Holds, Row
from instgen.export.example import Example
from instgen.export.format import Format, Layout
from instgen.export.kinds import Kind


def _row(example: Example) -> Row:
    record = example.record
    return {"instruction": record.instruction, "input": record.input, "output": example.answer}


FORMAT = Format(
    "alpaca",
    "Stanford Alpaca's scripts and the like, axolotl's `type: alpaca`, LLaMA-Factory's alpaca files",
    {
        Kind.SFT: Layout(
            tuple(Column(name, Holds.TEXT) for name in ("instruction", "input", "output")),
            _row,
            conversations=False,
            system=False,
        )
    },
)
