"""The IFD of records. Two texts are scored by the model for each answer: the answer with its task, and alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

import orjson

from instgen.prompts.template import Template
from instgen.recipes.flow import Flow, Outcome, ask_all, unusable
from instgen.records import Prompt, Record, Rejection, Step, Verdict
from instgen.scores.faces import faces, lacks, with_scores
from instgen.scores.free import COMMAND
from instgen.scores.ifd import NAME, ifd


@dataclass(frozen=True, slots=True)
class IfdSettings:
    """The settings for measuring IFD."""

    template: Template
    replace: bool = False
    """Whether existing scores are measured again."""
    seed: int = 0


def ifd_flow(record: Record, settings: IfdSettings) -> Flow:
    """The record with the missing scores of its answers, or a rejection if one of them cannot be measured."""
    shown = faces(record)
    wanted = [at for at, lacking in enumerate(lacks(record, (NAME,), of_task=False)) if lacking or settings.replace]
    if not wanted:
        return Outcome((record,))
    if not all(shown[at].output.strip() for at in wanted):
        return _without("no-answer", record)
    prompts = tuple(prompt for at in wanted for prompt in _prompts(shown[at], settings.template))
    replies = yield from ask_all(prompts)
    for reply in replies:
        if rejection := unusable(COMMAND, reply, record):
            return Outcome(rejections=(rejection,))
    of_faces: list[dict[str, float]] = [{} for _ in shown]
    for at, behind, alone in zip(wanted, replies[::2], replies[1::2], strict=True):
        value = ifd(orjson.loads(behind.text), orjson.loads(alone.text))
        if value is None:
            return _without("too-short", record)
        of_faces[at][NAME] = value
    step = Step(COMMAND, op=NAME, teacher=replies[0].teacher, prompts=prompts[0].sources, seed=settings.seed)
    return Outcome((replace(with_scores(record, {}, of_faces), origin=(*record.origin, step)),))


def _without(reason: str, record: Record) -> Outcome:
    return Outcome(rejections=(Rejection(COMMAND, Verdict(reason, NAME, evidence=record.output[:80]), record),))


def _prompts(record: Record, template: Template) -> tuple[Prompt, Prompt]:
    """Two prompts: the answer with its task, and the answer alone."""
    answer = record.output.strip()
    return template.render(task=_task(record, template), answer=answer), replace(template.defaults, text=answer)


def _task(record: Record, template: Template) -> str:
    if record.messages:
        before = "\n\n".join(message.content for message in record.messages[:-1])
        return template.block("task", instruction=before)
    if record.input:
        return template.block("task with input", instruction=record.instruction, input=record.input)
    return template.block("task", instruction=record.instruction)
