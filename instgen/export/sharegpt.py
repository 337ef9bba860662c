"""ShareGPT: `conversations` of `{from, value}`, and FastChat's; preferences as LLaMA-Factory has them in this shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from instgen.export.columns import Column, Holds, Row
from instgen.export.format import Format, Layout
from instgen.export.kinds import Kind
from instgen.records import Message

_FROM: Mapping[str, str] = MappingProxyType({"user": "human", "assistant": "gpt", "system": "system"})


def _said(message: Message) -> Row:
    return {"from": _FROM[message.role], "value": message.content}


def _all(messages: Sequence[Message]) -> list[Row]:
    return [_said(message) for message in messages]


def _answer(text: str) -> Row:
    return _said(Message("assistant", text))


FORMAT = Format(
    "sharegpt",
    "FastChat and whatever reads `conversations`; not TRL, which would train on the wrong prompt",
    {
        Kind.SFT: Layout(
            (Column("conversations", Holds.SAIDS),),
            lambda example: {"conversations": _all(example.conversation)},
            alternating=False,
        ),
        Kind.DPO: Layout(
            (Column("conversations", Holds.SAIDS), Column("chosen", Holds.SAID), Column("rejected", Holds.SAID)),
            lambda example: {
                "conversations": _all(example.prompt),
                "chosen": _answer(example.answer),
                "rejected": _answer(example.worse),
            },
        ),
        Kind.KTO: Layout(
            (Column("conversations", Holds.SAIDS), Column("label", Holds.FLAG)),
            lambda example: {"conversations": _all(example.conversation), "label": example.label},
        ),
    },
)
