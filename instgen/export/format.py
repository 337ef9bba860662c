"""The contract of an export format: columns and rows for each kind of training data, and accompanying files.

A plugin adds a format with an entry point in the group `instgen.formats` that names a `Format` object. The built-in
formats are such objects too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from instgen.export.columns import Column, Columns, Holds, Row
from instgen.export.example import Example
from instgen.export.kinds import Kind
from instgen.records import Message


@dataclass(frozen=True, slots=True)
class Layout:
    """The rows for one kind of training data, and what they cannot represent."""

    columns: Columns
    row: Callable[[Example], Row]
    """Makes the row of an example: exactly the columns, in their order."""
    conversations: bool = True
    """Whether rows can represent more than one question and its answer."""
    system: bool = True
    """Whether rows can represent a system text."""
    alternating: bool = True
    """Whether user and assistant turns must alternate."""
    weights: bool = False
    """Whether a turn can be excluded from training."""
    margins: bool = False
    """Whether the trainer uses a column `margin`."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """A written file of rows."""

    split: str
    name: str
    """Its path relative to the output folder."""
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Exported:
    """What is known when the side files and notes are made."""

    kind: Kind
    columns: Columns
    files: Sequence[DataFile]
    title: str = ""
    license: str = "unknown"


SideFiles = Callable[[Exported], Mapping[str, str]]


def _none(exported: Exported) -> Mapping[str, str]:
    del exported
    return {}


def _no_notes(exported: Exported) -> Sequence[str]:
    del exported
    return ()


@dataclass(frozen=True, slots=True)
class Format:
    """An export format: what `instgen export NAME` writes."""

    name: str
    for_whom: str
    """The tools that read it, for messages."""
    layouts: Mapping[Kind, Layout]
    """The supported kinds; the first is the default if the data is of none of them."""
    side_files: SideFiles = _none
    """Makes the accompanying files: their contents by name."""
    notes: Callable[[Exported], Sequence[str]] = _no_notes
    """Makes messages for the user, printed at the end of the run."""
    file: str = "{split}.jsonl"
    """The path of a split's rows."""
    parquet: bool = False
    """Whether the rows are written as Parquet instead of JSON lines."""
    card: bool = False
    """Whether a dataset card is always written."""


def turn(message: Message) -> Row:
    """A message as the object that most trainers expect."""
    return {"role": message.role, "content": message.content}


def turns(messages: Sequence[Message]) -> list[Row]:
    """Messages as a list of the objects that most trainers expect."""
    return [turn(message) for message in messages]


def answer(text: str) -> Row:
    """An assistant turn with this text."""
    return {"role": "assistant", "content": text}


def conversation(example: Example) -> Row:
    """The row with the prompt and its answer in one column."""
    return {"messages": turns(example.conversation)}


def pair(example: Example) -> Row:
    """The row with the prompt in one column, and each answer in a column of its own."""
    return {
        "messages": turns(example.prompt),
        "chosen": answer(example.answer),
        "rejected": answer(example.worse),
    }


def labelled(example: Example) -> Row:
    """The row with the prompt and its answer in one column, and the label in another."""
    return {**conversation(example), "label": example.label}


MESSAGES = Column("messages", Holds.TURNS)
"""The column in which most trainers expect a conversation."""

CONVERSATION = Layout((MESSAGES,), conversation)
PAIR = Layout((MESSAGES, Column("chosen", Holds.TURN), Column("rejected", Holds.TURN)), pair)
LABELLED = Layout((MESSAGES, Column("label", Holds.FLAG)), labelled)
"""These three layouts are shared by several formats; other formats define their own."""
