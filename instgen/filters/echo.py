"""Answers that only say again what was asked."""

from __future__ import annotations

from instgen.filters.rule import Hit, Rule, excerpt
from instgen.records import Record

_LEAST = 24
"""Characters below which a repetition may well be the answer ("Which is bigger, a cat or a whale?" "A whale"); ours, as
those below."""
_MOST_OF = 0.6
"""Share of the instruction that an answer must have to be a repetition of a part of it."""
_SUBJECT = 5
"""Words below which an instruction without a verb may be what the answer's first sentence is about ("low-maintenance
houseplants": "Low-maintenance houseplants are …")."""


def _repeats(output: str, instruction: str) -> bool:
    """Whether the answer is the instruction or, where that is long enough to tell, begins with all of it."""
    if output[:_LEAST].casefold() != instruction[:_LEAST].casefold():
        return False
    output, instruction = (" ".join(text.casefold().split()) for text in (output, instruction))
    if output == instruction:
        return True
    begins = len(instruction) >= _LEAST and output.startswith(instruction)
    return begins and not (_goes_on(output[len(instruction) :]) and instruction.count(" ") < _SUBJECT - 1)


def _goes_on(rest: str) -> bool:
    """Whether the sentence does: no punctuation comes first."""
    return rest.lstrip()[:1].isalpha() and not rest[:1].isalpha()


def _check(record: Record) -> Hit | None:
    output, instruction = record.output.strip(), record.instruction.strip()
    if not output or not instruction:
        return None
    alike = output[0].casefold()[0] == instruction[0].casefold()[0]
    if output == record.input.strip() or (alike and _repeats(output, instruction)):
        return Hit(excerpt(output))
    if len(output) >= max(_LEAST, _MOST_OF * len(instruction)) and output in instruction:
        return Hit(excerpt(record.output))
    return None


RULE = Rule(
    "echo",
    "echo",
    "The answer is the instruction, most of it or the input, or begins by repeating the instruction whole.",
    _check,
)
