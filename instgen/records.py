"""The data types that the parts of instgen exchange.

A recipe yields `Prompt`s, is sent `Completion`s, and makes `Record`s and `Rejection`s; a filter returns a `Verdict`.
The rule: everything here is frozen, slotted and free of side effects, and this module imports no other of instgen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Finish = Literal["stop", "length", "refusal", "failed"]
"""How a completion ended: complete, cut off at the token limit, refused by the teacher, or never obtained."""

Role = Literal["teacher", "judge", "user"]
"""The part a model plays: the teacher that writes data, the judge that checks it, or the simulated user."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of several answers to a record's instruction; `rank` counts from 1, best first."""

    output: str
    teacher: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)
    rank: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What one command did to a record. A field that does not apply keeps its default and is not written."""

    command: str
    op: str = ""
    round: int | None = None
    root: str = ""
    parents: tuple[str, ...] = ()
    teacher: str = ""
    prompts: tuple[str, ...] = ()
    """The `name@digest` of each prompt file used."""
    seed: int | None = None
    window: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One training example. If `messages` is given, it is authoritative, and the three strings derive from it."""

    instruction: str
    input: str = ""
    output: str = ""
    id: str = ""
    """Assigned once, when the record is created (see `born`), and kept through every change."""
    system: str | None = None
    reasoning: str | None = None
    messages: tuple[Message, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    origin: tuple[Step, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Unknown keys of the row that was read, unchanged."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt as a recipe wrote it, before it is translated for any API.

    Either `messages` is filled (a chat; if the last message is the assistant's, the teacher continues from its very
    end) or `text` (a bare document to be continued, for models that accept one). `None` leaves a setting to the
    teacher.
    """

    messages: tuple[Message, ...] = ()
    text: str = ""
    role: Role = "teacher"
    temperature: float | None = None
    top_p: float | None = None
    presence_penalty: float | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    schema: Mapping[str, Any] | None = None
    """JSON schema for the reply. Servers that support it enforce it; it is never a guarantee."""
    sample: int = 0
    """Incremented by a recipe that deliberately asks the same again: each sample number is a separate purchase."""
    sources: tuple[str, ...] = ()
    """The `name@digest` of the prompt files it was rendered from; not part of the prompt's key."""
    which: int = 0
    """The teacher to ask if there are several: 0 is the one of the role, 1 the first of the others. The teacher's
    identity is part of the prompt's key, this number is not."""
    seed: int | None = None
    """The sampling seed sent to the server: `Calls` derives it from the prompt's key; recipes leave it alone."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts of one completion; `prompt` includes `cached`, and `completion` includes `reasoning`."""

    prompt: int = 0
    completion: int = 0
    cached: int = 0
    reasoning: int = 0
    estimated: bool = False
    """Whether the counts are our own estimate, because the server gave none."""


@dataclass(frozen=True, slots=True)
class Completion:
    """A teacher's reply to a prompt: raw, as the journal stores it."""

    text: str
    finish: Finish = "stop"
    reasoning: str = ""
    error: str = ""
    """The reason in one line if `finish` is "failed"; else ""."""
    usage: Usage = Usage()
    cost: float | None = None
    """US dollars; None if the price is unknown, never a guess."""
    teacher: str = ""
    """`provider/model`, for the record's origin."""
    host: str = ""
    """The server that answered, as `host:port`; "" for a model in this process."""


@dataclass(frozen=True, slots=True)
class Near:
    """The existing row that a record is too similar to."""

    id: str
    similarity: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule's objection to a record; `reason` is a stable slug for counting."""

    reason: str
    rule: str = ""
    value: float | str | None = None
    threshold: float | str | None = None
    evidence: str = ""
    near: Near | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """A rejected record, or a reply that made no record (`text`), with the verdict against it."""

    stage: str
    verdict: Verdict
    record: Record | None = None
    text: str = ""


def content_hash(*parts: str) -> str:
    """BLAKE2b-128 of the parts, as 32 hex digits; lengths are hashed too, so ("ab", "c") and ("a", "bc") differ."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()


def born(record: Record) -> Record:
    """The record with its id set to the hash of its content; called once, when a record is created."""
    turns = [part for message in record.messages for part in (message.role, message.content)]
    return replace(
        record, id=content_hash(record.instruction, record.input, record.output, record.system or "", *turns)
    )


def root_of(record: Record) -> str:
    """The id of the record from which this one was first evolved, over all rounds; its own id if it was not evolved."""
    return next((step.root for step in record.origin if step.root), record.id)


JUDGING = frozenset({"score", "rank"})
"""Commands whose teacher only judges a record and writes none of its text."""


def writers(record: Record) -> frozenset[str]:
    """The teachers that wrote any text of a record or its candidates; judges do not count."""
    steps = {step.teacher for step in record.origin if step.command not in JUDGING}
    return frozenset(steps | {candidate.teacher for candidate in record.candidates}) - {""}


def judges(record: Record) -> frozenset[str]:
    """The teachers that scored a record or ranked its candidates."""
    return frozenset(step.teacher for step in record.origin if step.command in JUDGING) - {""}
