"""Answers that only repeat the question."""

from __future__ import annotations

from instgen.filters.rule import Hit, Rule, excerpt
from instgen.records import Record

_LEAST = 24
"""Fewest characters of a repetition; a shorter one may well be the answer ("Which is bigger, a cat or a whale?" "A
whale"). This and the values below are our choice."""
_MOST_OF = 0.6
"""An answer that is part of the instruction counts as a repetition from this share of its length."""
_SUBJECT = 5
"""An instruction of fewer words may be the subject of the answer's first sentence ("low-maintenance houseplants":
"Low-maintenance houseplants are …")."""


def _repeats(output: str, instruction: str) -> bool:
    """Whether the answer equals the instruction or, if that is long enough, begins with all of it."""
    if output[:_LEAST].casefold() != instruction[:_LEAST].casefold():
        return False
    output, instruction = (" ".join(text.casefold().split()) for text in (output, instruction))
    if output == instruction:
        return True
    begins = len(instruction) >= _LEAST and output.startswith(instruction)
    return begins and not (_continues(output[len(instruction) :]) and instruction.count(" ") < _SUBJECT - 1)


def _continues(rest: str) -> bool:
    """Whether the rest continues the sentence: a word follows without punctuation in between."""
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
    "The answer is the instruction, most of it or the input, or begins by repeating the whole instruction.",
    _check,
)
