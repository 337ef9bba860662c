"""What is scored of a record: the record itself or, where it has candidates, one view of it for each.

The rule: a score of an answer belongs to the candidate that gave it; a record without candidates is its own only face.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from instgen.records import Candidate, Message, Record

Scores = Mapping[str, float]


def faces(record: Record) -> tuple[Record, ...]:
    """The record with each of its candidates as its answer, and with its scores; itself where it has none."""
    return tuple(_with_answer(record, candidate) for candidate in record.candidates) or (record,)


def with_scores(record: Record, own: Scores, of_faces: Sequence[Scores]) -> Record:
    """The record with scores of its task, and of the answer of each face in order."""
    if not record.candidates:
        return replace(record, scores={**record.scores, **own, **of_faces[0]})
    pairs = zip(record.candidates, of_faces, strict=True)
    candidates = tuple(replace(candidate, scores={**candidate.scores, **new}) for candidate, new in pairs)
    return replace(record, scores={**record.scores, **own}, candidates=candidates)


def lacks(record: Record, names: Sequence[str], *, of_task: bool) -> tuple[bool, ...]:
    """For each face whether it has none of these scores; a record says it of its task once."""
    holders = (record,) if of_task else faces(record)
    return tuple(not any(name in holder.scores for name in names) for holder in holders)


def _with_answer(record: Record, candidate: Candidate) -> Record:
    messages = record.messages
    if messages:
        turns = messages[:-1] if messages[-1].role == "assistant" else messages
        messages = (*turns, Message("assistant", candidate.output))
    return replace(record, output=candidate.output, messages=messages, candidates=(), scores=candidate.scores)
