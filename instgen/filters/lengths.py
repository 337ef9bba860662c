"""Instructions that are too short or too long, in words of any script."""

from __future__ import annotations

import re
from math import ceil

from instgen.filters.rule import Check, Hit, excerpt, measuring
from instgen.records import Record
from instgen.text.tokens import words

_WORD = "[A-Za-z0-9]+"
"""A word of an ASCII text, as `words` counts it."""


def _fewer_than(limit: float) -> Check:
    enough = re.compile(rf"[^A-Za-z0-9]*(?:{_WORD}[^A-Za-z0-9]+){{{max(0, ceil(limit) - 1)}}}{_WORD}")

    def check(record: Record) -> Hit | None:
        if record.instruction.isascii() and enough.match(record.instruction):
            return None
        found = words(record.instruction)
        return Hit(excerpt(record.instruction), found) if found < limit else None

    return check


def _more_than(limit: float) -> Check:
    def check(record: Record) -> Hit | None:
        if len(record.instruction) <= limit:
            return None
        found = words(record.instruction)
        return Hit(excerpt(record.instruction), found) if found > limit else None

    return check


SHORTEST = measuring(
    "min-words",
    "instruction-too-short",
    "The instruction has fewer words than this; two characters of a script without spaces count as one word.",
    _fewer_than,
    2,
)
"""Two words, because "Define osmosis" is a good task; in Chinese, four characters. The published code of Self-Instruct
and Alpaca drops instructions of up to three words, including two of its own seed tasks."""

LONGEST = measuring(
    "max-words",
    "instruction-too-long",
    "The instruction has more words than this; two characters of a script without spaces count as one word.",
    _more_than,
    1000,
)
"""Good instructions can be long if they include a passage or a program: of the 300 questions in a set of chat
preferences, a limit of 150 words, as below, would reject 36, one of 1,000 words rejects one."""

PUBLISHED_LONGEST = 150
"""The limit in the published code of Self-Instruct and Alpaca."""
