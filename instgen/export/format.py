"""A format: for each kind of training data the columns and the row, and the files that stand beside them.

Others may add one: an entry point in the group `instgen.formats` that names a `Format`. Ours are such objects too.
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
    """How one kind of example stands in a file, and what it has no place for."""

    columns: Columns
    row: Callable[[Example], Row]
    """Exactly the columns, in their order."""
    conversations: bool = True
    """Whether more than one question and its answer fit in."""
    system: bool = True
    alternating: bool = True
    """Whether user and assistant must take turns."""
    weights: bool = False
    """Whether a turn can be left out of training."""
    margins: bool = False
    """Whether the trainer heeds a column `margin`."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file of rows that was written."""

    split: str
    name: str
    """Its path inside the folder."""
    rows: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Exported:
    """What side files are made of."""

    kind: Kind
    columns: Columns
    files: Sequence[DataFile]
    title: str = ""
    licence: str = "unknown"


SideFiles = Callable[[Exported], Mapping[str, str]]


def _none(exported: Exported) -> Mapping[str, str]:
    del exported
    return {}


def _no_notes(exported: Exported) -> Sequence[str]:
    del exported
    return ()


@dataclass(frozen=True, slots=True)
class Format:
    """What `instgen export NAME` writes."""

    name: str
    for_whom: str
    layouts: Mapping[Kind, Layout]
    """The kinds it can hold; the first is meant where the data are of none of them."""
    side_files: SideFiles = _none
    """Names and contents of the files beside the rows."""
    notes: Callable[[Exported], Sequence[str]] = _no_notes
    """What the user should hear in the end."""
    file: str = "{split}.jsonl"
    """Where a split's rows are."""
    parquet: bool = False
    card: bool = False
    """Whether a card belongs to it."""


def turn(message: Message) -> Row:
    """A turn as most trainers want it."""
    return {"role": message.role, "content": message.content}


def turns(messages: Sequence[Message]) -> list[Row]:
    """Turns as most trainers want them."""
    return [turn(message) for message in messages]


def answer(text: str) -> Row:
    """A turn of the assistant."""
    return {"role": "assistant", "content": text}


def conversation(example: Example) -> Row:
    """The prompt with its answer, in one column."""
    return {"messages": turns(example.conversation)}


def pair(example: Example) -> Row:
    """The prompt in one column, and each answer in one of its own."""
    return {
        "messages": turns(example.prompt),
        "chosen": answer(example.answer),
        "rejected": answer(example.worse),
    }


def labelled(example: Example) -> Row:
    """The prompt with its answer, and whether the answer is a good one."""
    return {**conversation(example), "label": example.label}


MESSAGES = Column("messages", Holds.TURNS)
"""Where most trainers look for a conversation."""

CONVERSATION = Layout((MESSAGES,), conversation)
PAIR = Layout((MESSAGES, Column("chosen", Holds.TURN), Column("rejected", Holds.TURN)), pair)
LABELLED = Layout((MESSAGES, Column("label", Holds.FLAG)), labelled)
"""What several trainers want; the others write their own."""
