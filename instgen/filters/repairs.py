"""Repairs: a record in, the same record put right out. What cannot be put right is a rule's business.

A repair that finds nothing to do gives back the very record it was given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from instgen.filters.phrases import spellings
from instgen.filters.placeholder import bare
from instgen.records import Record


@dataclass(frozen=True, slots=True)
class Repair:
    """A change for the better with its name and one sentence that explains it."""

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


TRIM = Repair("trim", "White space around the three texts goes, and line breaks become line feeds.", _trim)

REPAIRS: tuple[Repair, ...] = (TRIM, NO_INPUT)


def repaired(record: Record) -> Record:
    """The record after all repairs, in their order."""
    for repair in REPAIRS:
        record = repair.apply(record)
    return record
