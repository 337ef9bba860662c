"""Preference rows: two answers to one prompt, or one answer with a label, as trainers' files have them.

Where the prompt stands under a name that we read anyway, such a row makes a record like any other, and the answers
ride along under their own keys (`chosen`, `rejected`, `rejected_response`, `label`); `stated` and `label_of` read them
there. Two further shapes have the prompt inside the answers' own objects (`chosen` and `rejected` as whole
conversations, and OpenAI's `preferred_output`): `read` takes the prompt out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from instgen.formats.fields import Object, RowError, fields, items, kind
from instgen.formats.record import from_row
from instgen.formats.turns import messages_of, with_our_keys
from instgen.records import Message, Record

_OPENAI = ("preferred_output", "non_preferred_output")
_SWIFT = "rejected_response"
_PROMPTS = ("prompt", "messages", "conversations", "instruction", "query", "question")


@dataclass(frozen=True, slots=True)
class Stated:
    """What a row says is better and what is worse; the prompt is there where the answers brought it along."""

    better: str
    worse: str
    prompt: tuple[Message, ...] = ()


def fits(row: Object) -> bool:
    """Whether the prompt is to be found nowhere but beside or inside the answers."""
    if any(row.get(name) for name in _PROMPTS):
        return False
    return _is_openai(row) or (isinstance(row.get("chosen"), list) and isinstance(row.get("rejected"), list))


def read(row: Object) -> tuple[Record, ...]:
    """The one record of a row: a conversation that waits for its answer, with the answers riding along.

    Raises:
        RowError: a value is not what its key promises.
    """
    if _is_openai(row):
        rest = {key: value for key, value in row.items() if key not in ("input", *_OPENAI)}
        chosen, rejected = (items(name, row.get(name)) for name in _OPENAI)
        turns = items("input.messages", fields("input", row["input"]).get("messages"))
        return (from_row(rest | {"messages": turns, "chosen": chosen, "rejected": rejected}),)
    chosen, rejected = items("chosen", row["chosen"]), items("rejected", row["rejected"])
    shared = _shared(messages_of(map(_turn, chosen)), messages_of(map(_turn, rejected)))
    rest = {key: value for key, value in row.items() if key not in ("chosen", "rejected")}
    turns = [_turn(turn) for turn in chosen[:shared]]
    return (from_row(rest | {"messages": turns, "chosen": chosen[shared:], "rejected": rejected[shared:]}),)


def _is_openai(row: Object) -> bool:
    return isinstance(row.get("input"), dict) and "preferred_output" in row


def stated(record: Record) -> Stated | None:
    """The preference that a row stated under keys of its own; None where it stated none.

    Raises:
        RowError: an answer is neither a string nor turns, or the two do not answer the same prompt.
    """
    row = record.extra
    if row.get("chosen") is not None and row.get("rejected") is not None:
        chosen, rejected = _conversation("chosen", row["chosen"]), _conversation("rejected", row["rejected"])
    elif row.get(_SWIFT) is not None:
        chosen, rejected = _conversation("output", record.output), _conversation(_SWIFT, row[_SWIFT])
    elif row.get("rejected_messages") is not None:
        chosen = _answered("messages", record.messages)
        rejected = _conversation("rejected_messages", row["rejected_messages"])
    else:
        return None
    if chosen[:-1] != rejected[:-1]:
        raise RowError("the better and the worse answer do not answer the same prompt")
    return Stated(chosen[-1].content, rejected[-1].content, chosen[:-1])


def label_of(record: Record) -> bool | None:
    """Whether a row says of its answer that it is good; None where it says nothing.

    Raises:
        RowError: the label is no boolean; a trainer would take 1 and 0 for no label at all.
    """
    label = record.extra.get("label")
    if label is not None and not isinstance(label, bool):
        raise RowError(f"`label` is {kind(label)}, not true or false")
    return label


def _conversation(name: str, value: object) -> tuple[Message, ...]:
    """An answer as turns of which the last one is the assistant's."""
    if isinstance(value, str):
        return (Message("assistant", value),)
    turns = [value] if isinstance(value, dict) else items(name, value)
    return _answered(name, messages_of(map(_turn, turns)))


def _answered(name: str, messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The turns, of which the last one is the assistant's."""
    if not messages or messages[-1].role != "assistant":
        raise RowError(f"`{name}` does not end with an answer of the assistant")
    return messages


def _turn(value: object) -> object:
    return with_our_keys(value) if isinstance(value, dict) else value


def _shared(chosen: Sequence[Message], rejected: Sequence[Message]) -> int:
    """How many turns two conversations begin with alike, an answer not counted."""
    pairs = zip(chosen[:-1], rejected[:-1], strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(chosen), len(rejected)) - 1)
