"""The ShareGPT format: `conversations` of `{from, value}`, as in FastChat; preferences are as in LLaMA-Factory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from instgen.export.columns import Column, Holds, Row
from instgen.export.format import Format, Layout
from instgen.export.kinds import Kind
from instgen.records import Message

_FROM: Mapping[str, str] = MappingProxyType({"user": "human", "assistant": "gpt", "system": "system"})


def _turn(message: Message) -> Row:
    return {"from": _FROM[message.role], "value": message.content}


def _turns(messages: Sequence[Message]) -> list[Row]:
    return [_turn(message) for message in messages]


def _answer(text: str) -> Row:
    return _turn(Message("assistant", text))


FORMAT = Format(
    "sharegpt",
    "FastChat and other readers of `conversations`; not for TRL, which would train on the wrong prompt",
    {
        Kind.SFT: Layout(
            (Column("conversations", Holds.SHAREGPT_TURNS),),
            lambda example: {"conversations": _turns(example.conversation)},
            alternating=False,
        ),
        Kind.DPO: Layout(
            (
                Column("conversations", Holds.SHAREGPT_TURNS),
                Column("chosen", Holds.SHAREGPT_TURN),
                Column("rejected", Holds.SHAREGPT_TURN),
            ),
            lambda example: {
                "conversations": _turns(example.prompt),
                "chosen": _answer(example.answer),
                "rejected": _answer(example.worse),
            },
        ),
        Kind.KTO: Layout(
            (Column("conversations", Holds.SHAREGPT_TURNS), Column("label", Holds.FLAG)),
            lambda example: {"conversations": _turns(example.conversation), "label": example.label},
        ),
    },
)
