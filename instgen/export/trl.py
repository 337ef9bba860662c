"""The TRL format: the columns of its conversational datasets, which Unsloth reads too.

As TRL's documentation recommends, DPO rows have the prompt in a separate column, and rows for a reward model have it in
both conversations.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from instgen.export.columns import Column, Holds, Row
from instgen.export.example import Example
from instgen.export.format import CONVERSATION, Format, Layout, answer, turns
from instgen.export.kinds import Kind


def _pair(example: Example) -> Row:
    return {
        "prompt": turns(example.prompt),
        "chosen": [answer(example.answer)],
        "rejected": [answer(example.worse)],
    }


def _whole_pair(example: Example) -> Row:
    prompt = turns(example.prompt)
    return {"chosen": [*prompt, answer(example.answer)], "rejected": [*prompt, answer(example.worse)]}


def _completion(example: Example) -> Row:
    return {"prompt": turns(example.prompt), "completion": [answer(example.answer)]}


LAYOUTS: Mapping[Kind, Layout] = MappingProxyType(
    {
        Kind.SFT: CONVERSATION,
        Kind.PROMPT_COMPLETION: Layout((Column("prompt", Holds.TURNS), Column("completion", Holds.TURNS)), _completion),
        Kind.DPO: Layout(
            (Column("prompt", Holds.TURNS), Column("chosen", Holds.TURNS), Column("rejected", Holds.TURNS)), _pair
        ),
        Kind.KTO: Layout(
            (Column("prompt", Holds.TURNS), Column("completion", Holds.TURNS), Column("label", Holds.FLAG)),
            lambda example: {**_completion(example), "label": example.label},
        ),
        Kind.RM: Layout((Column("chosen", Holds.TURNS), Column("rejected", Holds.TURNS)), _whole_pair, margins=True),
        Kind.PROMPT: Layout((Column("prompt", Holds.TURNS),), lambda example: {"prompt": turns(example.prompt)}),
    }
)

FORMAT = Format("trl", "TRL and Unsloth", LAYOUTS)
