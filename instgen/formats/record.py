"""instgen's own row shape: one JSON object with the keys of `KEYS` in that order, followed by unknown keys.

If a record cannot represent a row's `id` (a number) or `messages` (turns with a name or a weight), the original value
is kept in `extra` under the same key. It is written back only while it still agrees with the record. So `extra` never
contradicts the record, and an unchanged row is written as it was read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from instgen.formats.fields import Object, RowError, fields, items, numbers, only, spelled, text, texts, whole
from instgen.formats.turns import Strings, decorated, messages_of, strings_of, turns_of
from instgen.records import Candidate, Near, Record, Rejection, Step, Verdict, born

KEYS = (
    "id",
    "instruction",
    "input",
    "output",
    "system",
    "reasoning",
    "messages",
    "candidates",
    "scores",
    "origin",
)

_CANDIDATE = {"output": text, "teacher": text, "scores": numbers, "rank": whole}
_STEP = {
    "command": text,
    "op": text,
    "round": whole,
    "root": text,
    "parents": texts,
    "teacher": text,
    "prompts": texts,
    "seed": whole,
    "window": whole,
}


def to_row(record: Record) -> dict[str, Any]:
    """The record as a row; messages, if any, determine its strings, and otherwise the best candidate its output."""
    strings = _strings(record)
    row: dict[str, Any] = {
        "id": _identity(record),
        "instruction": strings.instruction,
        "input": "" if record.messages else record.input,
        "output": strings.output,
    }
    if strings.system:
        row["system"] = strings.system
    if record.reasoning:
        row["reasoning"] = record.reasoning
    if record.messages:
        row["messages"] = turns_of(record.messages, record.extra.get("messages", ()))
    if record.candidates:
        row["candidates"] = [_candidate_row(candidate) for candidate in record.candidates]
    if record.scores:
        row["scores"] = dict(record.scores)
    if record.origin:
        row["origin"] = [_step_row(step) for step in record.origin]
    row |= {key: value for key, value in record.extra.items() if key not in KEYS}
    return row


def from_row(row: Object) -> Record:
    """The record in a row of instgen's own shape, of which only an instruction is required.

    If there are `messages`, they take precedence: the row's strings are ignored, except for `system` if the
    conversation has no system turn. A row without an id gets one from its content (`born`).

    Raises:
        RowError: a value has the wrong type, or there is no instruction.
    """
    turns = _turns(row)
    messages = messages_of(turns)
    strings = strings_of(messages) if messages else _own_strings(row)
    if not strings.instruction.strip():
        raise RowError("the first user turn is empty or missing" if messages else "the instruction is empty")
    record = Record(
        id=spelled(row.get("id")),
        instruction=strings.instruction,
        input="" if messages else text("input", row.get("input")),
        output=strings.output,
        system=strings.system or None,
        reasoning=text("reasoning", row.get("reasoning")) or None,
        messages=messages,
        candidates=_candidates(row),
        scores=numbers("scores", row.get("scores")),
        origin=_origin(row),
        extra=_extra(row, turns_of(messages, turns)),
    )
    if record.candidates and not messages and record.output != record.candidates[0].output:
        raise RowError(
            "`output` is not the output of the first candidate", "remove `candidates`, or make the two agree"
        )
    return record if record.id else born(record)


def rejection_row(rejection: Rejection) -> dict[str, Any]:
    """The row of a rejects file: the record's row, or the reply's text, with the stage and verdict under `rejected`.

    A `rejected` that the row already had (a preference's worse answer, an earlier verdict) is kept inside it as `was`.
    """
    row = to_row(rejection.record) if rejection.record else {"text": rejection.text}
    was = {"was": row["rejected"]} if "rejected" in row else {}
    return row | {"rejected": {"stage": rejection.stage} | _verdict_row(rejection.verdict) | was}


def _strings(record: Record) -> Strings:
    if record.messages:
        return strings_of(record.messages)
    best = record.candidates[0].output if record.candidates else record.output
    return Strings(record.instruction, best, record.system)


def _own_strings(row: Object) -> Strings:
    output = text("output", row.get("output"))
    if not output and (candidates := _candidates(row)):
        output = candidates[0].output
    return Strings(text("instruction", row.get("instruction")), output, text("system", row.get("system")))


def _identity(record: Record) -> object:
    original = record.extra.get("id")
    return original if original is not None and spelled(original) == record.id else record.id


def _turns(row: Object) -> list[Any]:
    """The turns of a row's conversation; a separate system string becomes the first turn if there is no system turn."""
    turns = items("messages", row.get("messages"))
    system = text("system", row.get("system"))
    if turns and system and strings_of(messages_of(turns)).system is None:
        return [{"role": "system", "content": system}, *turns]
    return turns


def _extra(row: Object, turns: list[dict[str, Any]]) -> dict[str, Any]:
    extra = {key: value for key, value in row.items() if key not in KEYS}
    if decorated(turns):
        extra["messages"] = turns
    if row.get("id") is not None and not isinstance(row["id"], str):
        extra["id"] = row["id"]
    return extra


def _known(name: str, value: object, readers: Mapping[str, Any]) -> dict[str, Any]:
    """The checked values of an object in which unknown keys are an error; nulls are omitted."""
    found = fields(name, value)
    only(name, found, readers)
    return {key: readers[key](f"{name}.{key}", item) for key, item in found.items() if item is not None}


def _candidates(row: Object) -> tuple[Candidate, ...]:
    return tuple(
        _candidate(f"candidates[{at}]", value) for at, value in enumerate(items("candidates", row.get("candidates")))
    )


def _candidate(name: str, value: object) -> Candidate:
    values = _known(name, value, _CANDIDATE)
    if "output" not in values:
        raise RowError(f"`{name}` has no output")
    return Candidate(**values)


def _candidate_row(candidate: Candidate) -> dict[str, Any]:
    row: dict[str, Any] = {"output": candidate.output}
    if candidate.teacher:
        row["teacher"] = candidate.teacher
    if candidate.scores:
        row["scores"] = dict(candidate.scores)
    if candidate.rank is not None:
        row["rank"] = candidate.rank
    return row


def _origin(row: Object) -> tuple[Step, ...]:
    return tuple(_step(f"origin[{at}]", value) for at, value in enumerate(items("origin", row.get("origin"))))


def _step(name: str, value: object) -> Step:
    values = _known(name, value, _STEP)
    if "command" not in values:
        raise RowError(f"`{name}` has no command", "if `origin` holds something of your own, rename it")
    return Step(**values)


def _step_row(step: Step) -> dict[str, Any]:
    row: dict[str, Any] = {"command": step.command}
    for key in _STEP:
        value = getattr(step, key)
        if value or value == 0:
            row[key] = list(value) if isinstance(value, tuple) else value
    return row


def _verdict_row(verdict: Verdict) -> dict[str, Any]:
    row: dict[str, Any] = {"reason": verdict.reason}
    if verdict.rule:
        row["rule"] = verdict.rule
    if verdict.value is not None:
        row["value"] = verdict.value
    if verdict.threshold is not None:
        row["threshold"] = verdict.threshold
    if verdict.evidence:
        row["evidence"] = verdict.evidence
    if verdict.near:
        row["near"] = _near_row(verdict.near)
    return row


def _near_row(near: Near) -> dict[str, Any]:
    row: dict[str, Any] = {"id": near.id, "similarity": near.similarity}
    return row | {"text": near.text} if near.text else row
