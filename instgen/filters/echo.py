"""Answers that only say again what was asked."""

from __future__ import annotations

from instgen.filters.rule import Hit, Rule, excerpt
from instgen.records import Record

_LEAST = 24
"""Characters below which a repetition may well be the answer ("Which is bigger, a cat or a whale?" "A whale")."""
_MOST_OF = 0.6


def _same_words(text: str) -> str:
    return " ".join(text.casefold().split())


def _check(record: Record) -> Hit | None:
    output, instruction = _same_words(record.output), _same_words(record.instruction)
    if not output or not instruction:
        return None
    if output == instruction or record.output.strip() == record.input.strip():
        return Hit(excerpt(record.output))
    if len(instruction) >= _LEAST and output.startswith(instruction):
        return Hit(excerpt(record.output, 0, len(instruction)))
    if len(output) >= max(_LEAST, _MOST_OF * len(instruction)) and output in instruction:
        return Hit(excerpt(record.output))
    return None


RULE = Rule(
    "echo",
    "echo",
    "The answer is the instruction, most of it or the input, or begins by repeating the instruction whole.",
    _check,
)
