"""Prompts for a judge: the rubric's text in a frame, and the record's texts as data between tags with a mark.

The rule: no shown text contains the mark, so that no row can close its own tags or open others.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from instgen.prompts.template import Template
from instgen.records import Prompt, Record
from instgen.scores.rubric import Of, Rubric, Scale, schema_of

MARK_BITS = 48
"""Random bits in the mark around a shown text: enough that no text contains it by chance or by guessing. Our choice."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A record as it is shown to a judge."""

    record: Record
    of: Of
    reference: str = ""
    """A correct answer to compare with; "" if there is none."""

    def fields(self) -> tuple[tuple[str, str], ...]:
        """The texts to show, each preceded by the name of the frame's block for it; only an answer may be empty."""
        record = self.record
        if record.messages:
            shown = list(_turns(record))
            if self.of == "task" and shown[-1][0] == "answer":
                shown.pop()
        else:
            shown = [("system text", record.system or ""), ("instruction", record.instruction), ("input", record.input)]
            shown += [] if self.of == "task" else [("answer", record.output)]
        shown.append(("reference", self.reference))
        return tuple((block, text) for block, text in shown if text or block == "answer")


@dataclass(frozen=True, slots=True)
class Comparison:
    """A question about variants of one task."""

    prompt: Prompt
    scales: tuple[Scale, ...]
    """One per variant, named like the variant in the prompt."""
    names: tuple[str, ...]
    """The variants' names in the order of the records."""


def asking(shown: Shown, rubric: Rubric, frame: Template, rng: random.Random) -> Prompt:
    """The prompt about one record."""
    fields = shown.fields()
    mark = drawn_mark(rng, (text for _, text in fields))
    data = "\n\n".join(frame.block(block, mark=mark, text=text) for block, text in fields)
    return _framed(frame, rubric, rubric.scales, mark, data)


def comparing(records: Sequence[Record], rubric: Rubric, frame: Template, rng: random.Random) -> Comparison:
    """The prompt about several variants, shown in random order and named a, b, c … in that order.

    So neither name nor position reveals which record came first; judges have preferences for both.
    """
    (scale,) = rubric.scales
    texts = [_task(record) for record in records]
    mark = drawn_mark(rng, texts)
    order = rng.sample(range(len(records)), len(records))
    scales = tuple(replace(scale, name=f"variant-{chr(ord('a') + place)}") for place in range(len(records)))
    shown = zip(scales, order, strict=True)
    data = "\n\n".join(frame.block("variant", key=each.name, mark=mark, text=texts[at]) for each, at in shown)
    names = tuple(scales[order.index(at)].name for at in range(len(records)))
    return Comparison(_framed(frame, rubric, scales, mark, data), scales, names)


def drawn_mark(rng: random.Random, texts: Iterable[str]) -> str:
    """A random mark in hexadecimal that none of the texts contains; it is redrawn until that is so."""
    everything = "\n".join(texts).casefold()
    while True:
        mark = f"{rng.getrandbits(MARK_BITS):0{MARK_BITS // 4}x}"
        if mark not in everything:
            return mark


def _framed(frame: Template, rubric: Rubric, scales: tuple[Scale, ...], mark: str, data: str) -> Prompt:
    prompt = frame.render(
        question=rubric.question,
        scores="\n".join(_scale_line(frame, scale) for scale in rubric.scales),
        mark=mark,
        data=data,
        form=frame.block("form", scores=", ".join(_form(frame, scale) for scale in scales)),
    )
    return replace(prompt, schema=schema_of(scales), sources=(rubric.source, *prompt.sources))


def _scale_line(frame: Template, scale: Scale) -> str:
    block = "score that may not apply" if scale.may_not_apply else "score"
    return frame.block(block, key=scale.name, least=str(scale.least), most=str(scale.most), means=scale.means)


def _form(frame: Template, scale: Scale) -> str:
    return frame.block("form of a score", key=scale.name, least=str(scale.least), most=str(scale.most))


def _turns(record: Record) -> Iterable[tuple[str, str]]:
    """The turns of a conversation with their blocks; only an answer in the last turn is the one judged."""
    last = len(record.messages) - 1
    for at, message in enumerate(record.messages):
        if message.role == "assistant":
            yield ("answer" if at == last else "earlier answer"), message.content
        else:
            yield ("system text" if message.role == "system" else "instruction"), message.content


def _task(record: Record) -> str:
    if record.messages:
        return "\n\n".join(message.content for message in record.messages if message.role == "user")
    return f"{record.instruction}\n\n{record.input}" if record.input else record.instruction
