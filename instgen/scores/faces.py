"""The faces of a record: the views of it that are scored, one per candidate.

The rule: a score of an answer belongs to the candidate with that answer. A record without candidates has one face:
itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from instgen.records import Candidate, Message, Record

Scores = Mapping[str, float]


def faces(record: Record) -> tuple[Record, ...]:
    """One view per candidate, with that candidate's output and scores; the record itself if it has no candidates."""
    return tuple(_with_answer(record, candidate) for candidate in record.candidates) or (record,)


def with_scores(record: Record, own: Scores, of_faces: Sequence[Scores]) -> Record:
    """The record with new scores: `own` for its task, `of_faces` for the answers, in the order of `faces`."""
    if not record.candidates:
        return replace(record, scores={**record.scores, **own, **of_faces[0]})
    pairs = zip(record.candidates, of_faces, strict=True)
    candidates = tuple(replace(candidate, scores={**candidate.scores, **new}) for candidate, new in pairs)
    return replace(record, scores={**record.scores, **own}, candidates=candidates)


def lacks(record: Record, names: Sequence[str], *, of_task: bool) -> tuple[bool, ...]:
    """Whether each face has none of the named scores; with `of_task`, a single value for the record's own scores."""
    holders = (record,) if of_task else faces(record)
    return tuple(not any(name in holder.scores for name in names) for holder in holders)


def _with_answer(record: Record, candidate: Candidate) -> Record:
    messages = record.messages
    if messages:
        turns = messages[:-1] if messages[-1].role == "assistant" else messages
        messages = (*turns, Message("assistant", candidate.output))
    return replace(record, output=candidate.output, messages=messages, candidates=(), scores=candidate.scores)
