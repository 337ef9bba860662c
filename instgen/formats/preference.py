"""Preference rows in trainers' files: two answers to one prompt, or one answer with a label.

If the prompt has a key that another shape reads, the row becomes a record like any other, and the answers are kept in
`extra` under their own keys (`chosen`, `rejected`, `rejected_response`, `label`), from which `stated` and `label_of`
read them. Two shapes need more, because the prompt is inside or beside the answers: `chosen` and `rejected` as whole
conversations, and OpenAI's `input` with `preferred_output`. For those, `read` extracts the prompt.
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
    """The better and the worse answer of a row; `prompt` is empty unless the answers were whole conversations."""

    better: str
    worse: str
    prompt: tuple[Message, ...] = ()


def fits(row: Object) -> bool:
    """Whether a preference row has its prompt only inside its answers, or under OpenAI's `input`."""
    if any(row.get(name) for name in _PROMPTS):
        return False
    return _is_openai(row) or (isinstance(row.get("chosen"), list) and isinstance(row.get("rejected"), list))


def read(row: Object) -> tuple[Record, ...]:
    """Read the single record of a row: a conversation without its answer, and both answers in `extra`.

    Raises:
        RowError: a value has the wrong type.
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
    """The preference given in the row's own keys; None if there is none.

    Raises:
        RowError: an answer is neither a string nor turns, or the two answer different prompts.
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
        raise RowError("the better and the worse answer are to different prompts")
    return Stated(chosen[-1].content, rejected[-1].content, chosen[:-1])


def label_of(record: Record) -> bool | None:
    """The row's own `label`, which is true for a good answer; None if there is no label.

    Raises:
        RowError: the label is not a boolean; trainers ignore the labels 1 and 0.
    """
    label = record.extra.get("label")
    if label is not None and not isinstance(label, bool):
        raise RowError(f"`label` is {kind(label)}, not true or false")
    return label


def _conversation(name: str, value: object) -> tuple[Message, ...]:
    """An answer as turns, the last of which must be the assistant's."""
    if isinstance(value, str):
        return (Message("assistant", value),)
    turns = [value] if isinstance(value, dict) else items(name, value)
    return _answered(name, messages_of(map(_turn, turns)))


def _answered(name: str, messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The same turns, if the last one is the assistant's; otherwise a `RowError` is raised."""
    if not messages or messages[-1].role != "assistant":
        raise RowError(f"`{name}` does not end with an assistant turn")
    return messages


def _turn(value: object) -> object:
    return with_our_keys(value) if isinstance(value, dict) else value


def _shared(chosen: Sequence[Message], rejected: Sequence[Message]) -> int:
    """The number of leading turns that two conversations share, not counting the last turn of either."""
    pairs = zip(chosen[:-1], rejected[:-1], strict=False)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(chosen), len(rejected)) - 1)
