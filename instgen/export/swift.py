"""The ms-swift format: `messages`, with the worse answer in `rejected_response` or a `label` in a separate column.

TRL's prompt and completion are not used, because ms-swift silently nests them into one message. ms-swift drops rows
that it considers invalid, such as those with two equal answers or an empty turn, with only a line in its log; export
rejects such rows beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from instgen.export.columns import Column, Holds, Row
from instgen.export.example import Example
from instgen.export.format import CONVERSATION, LABELLED, MESSAGES, Exported, Format, Layout, conversation, turns
from instgen.export.kinds import Kind


def _pair(example: Example) -> Row:
    return {**conversation(example), "rejected_response": example.worse}


def _notes(exported: Exported) -> Sequence[str]:
    return [f"swift … --dataset {exported.files[0].name}"] if exported.files else []


_PAIRS = Layout((MESSAGES, Column("rejected_response", Holds.TEXT)), _pair)
_REWARD = replace(_PAIRS, margins=True)

FORMAT = Format(
    "ms-swift",
    "ms-swift",
    {
        Kind.SFT: CONVERSATION,
        Kind.DPO: _PAIRS,
        Kind.RM: _REWARD,
        Kind.KTO: LABELLED,
        Kind.PROMPT: Layout((MESSAGES,), lambda example: {"messages": turns(example.prompt)}),
    },
    notes=_notes,
)
