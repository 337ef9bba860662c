"""Instructions that are too short or too long, in words of any script."""

from __future__ import annotations

from instgen.filters.rule import Check, Hit, excerpt, measuring
from instgen.records import Record
from instgen.text.tokens import words


def _fewer_than(limit: float) -> Check:
    def check(record: Record) -> Hit | None:
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
"""Two words, as "Define osmosis" is a good task; in Chinese, four characters. The published code of Self-Instruct and
Alpaca drops three words and fewer, and with them two of its own seeds."""

LONGEST = measuring(
    "max-words",
    "instruction-too-long",
    "The instruction has more words than this; two characters of a script without spaces count as one word.",
    _more_than,
    150,
)
"""150 words in the published code of Self-Instruct and Alpaca."""
