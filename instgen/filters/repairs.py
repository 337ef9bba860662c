"""Repairs: a record in, the repaired record out. What cannot be repaired is left to the rules.

The rule: a repair with nothing to do returns the same object.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from instgen.filters.phrases import spellings
from instgen.filters.placeholder import bare
from instgen.records import Record


@dataclass(frozen=True, slots=True)
class Repair:
    """A repair: its name, one sentence that explains it, and the function that applies it."""

    name: str
    what: str
    apply: Callable[[Record], Record]


def _no_input(record: Record) -> Record:
    return replace(record, input="") if record.input and bare(record.input) in spellings("no-input") else record


NO_INPUT = Repair("no-input", 'Every spelling of "no input" becomes an empty input.', _no_input)


def _trim(record: Record) -> Record:
    texts = (record.instruction, record.input, record.output)
    trimmed = [(text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text).strip() for text in texts]
    return (
        record
        if tuple(trimmed) == texts
        else replace(record, instruction=trimmed[0], input=trimmed[1], output=trimmed[2])
    )


TRIM = Repair("trim", "White space around the three texts is removed, and line breaks become line feeds.", _trim)

REPAIRS: tuple[Repair, ...] = (TRIM, NO_INPUT)


def repaired(record: Record) -> Record:
    """The record after all repairs, in order."""
    for repair in REPAIRS:
        record = repair.apply(record)
    return record
