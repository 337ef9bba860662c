"""The nouns: what the parts of instgen say to one another.

Everything here is frozen, slotted and without behaviour that reaches outside: a recipe writes `Prompt`s and is sent
`Completion`s, makes `Record`s and `Rejection`s; a filter answers with a `Verdict`. This module imports nothing of ours.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Finish = Literal["stop", "length", "refusal", "failed"]
"""How a completion ended: whole, cut at the token limit, declined by the teacher, or never obtained."""

Role = Literal["teacher", "judge", "user"]
"""Who is asked: the teacher that writes data, the judge that checks it, or the user it simulates."""


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
    """What one command did to a record. A field that does not apply is left at its default and is not written."""

    command: str
    op: str = ""
    round: int | None = None
    root: str = ""
    parents: tuple[str, ...] = ()
    teacher: str = ""
    prompts: tuple[str, ...] = ()
    """`name@digest` of each prompt file used."""
    seed: int | None = None
    window: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One example to train on. Where `messages` is present it is the truth, and the three strings follow from it."""

    instruction: str
    input: str = ""
    output: str = ""
    id: str = ""
    """Given once, at birth (see `born`), and kept through every change."""
    system: str | None = None
    reasoning: str | None = None
    messages: tuple[Message, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    origin: tuple[Step, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Keys that we do not know, as they came."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question as a recipe wrote it, before any endpoint's dialect.

    Either `messages` (a chat; if the last one is the assistant's, the teacher goes on from its very end) or `text`
    (a bare document to be continued, for models that take one) is filled. `None` leaves a setting to the teacher.
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
    """JSON schema that the reply must satisfy: a help to servers that enforce it, never a guarantee."""
    sample: int = 0
    """Raised by a recipe that asks the same again on purpose: another sample number is another purchase."""
    sources: tuple[str, ...] = ()
    """`name@digest` of the prompt files it was rendered from; not part of its identity."""
    which: int = 0
    """Who is asked where a role has several teachers: 0 is its own, 1 the first of the others. The teacher's identity
    is part of the prompt's, this number is not."""
    seed: int | None = None
    """The sampling seed for the wire: the engine derives it from the prompt's key; recipes leave it alone."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one completion; `cached` is part of `prompt`, and `reasoning` is part of `completion`."""

    prompt: int = 0
    completion: int = 0
    cached: int = 0
    reasoning: int = 0
    estimated: bool = False
    """True where the server gave no figures and we counted ourselves."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What came back for a prompt: raw, as the journal keeps it."""

    text: str
    finish: Finish = "stop"
    reasoning: str = ""
    error: str = ""
    """One line that says why, where `finish` is "failed"."""
    usage: Usage = Usage()
    cost: float | None = None
    """US dollars; None where the price is not known, never a guess."""
    teacher: str = ""
    """`provider/model`, for the record's origin."""
    host: str = ""
    """Which server answered; "" for one in this process."""


@dataclass(frozen=True, slots=True)
class Near:
    """The row that another one is too close to."""

    id: str
    similarity: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule's finding against a record: `reason` is a stable slug that users count by."""

    reason: str
    rule: str = ""
    value: float | str | None = None
    threshold: float | str | None = None
    evidence: str = ""
    near: Near | None = None


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record, or a reply that made none (`text`), that is left out, with the verdict that did it."""

    stage: str
    verdict: Verdict
    record: Record | None = None
    text: str = ""


def content_hash(*parts: str) -> str:
    """BLAKE2b-128 of the parts, as 32 hex digits; a part's length goes in too, so ("ab", "c") is not ("a", "bc")."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "big"))
        digest.update(data)
    return digest.hexdigest()


def born(record: Record) -> Record:
    """The record with the id of its birth: the hash of its content."""
    turns = [part for message in record.messages for part in (message.role, message.content)]
    return replace(
        record, id=content_hash(record.instruction, record.input, record.output, record.system or "", *turns)
    )


def root_of(record: Record) -> str:
    """The id of the record that this one was evolved from, over all rounds; its own where it was not."""
    return next((step.root for step in record.origin if step.root), record.id)


JUDGING = frozenset({"score", "rank"})
"""Commands whose teacher writes nothing of a record."""


def writers(record: Record) -> frozenset[str]:
    """The teachers who wrote something of a record or its candidates; whoever only judged it is none."""
    steps = {step.teacher for step in record.origin if step.command not in JUDGING}
    return frozenset(steps | {candidate.teacher for candidate in record.candidates}) - {""}


def judges(record: Record) -> frozenset[str]:
    """The teachers who scored a record, or ordered its candidates."""
    return frozenset(step.teacher for step in record.origin if step.command in JUDGING) - {""}
