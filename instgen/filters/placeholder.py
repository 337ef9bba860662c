"""Fields with a placeholder instead of content: "N/A", "<noinput>", "TODO", "[insert text here]"."""

from __future__ import annotations

import re

from instgen.filters.phrases import plain, search, spellings
from instgen.filters.rule import Hit, Rule, excerpt
from instgen.records import Record

_LONGEST = 40
"""Most characters of a placeholder; our choice."""
_AROUND = " \t\r\n\"'*_`.。!()[]{}<>（）【】《》「」"
_FILLER = re.compile(r"[.·_\-–—\s]{2,}|…+")


def bare(text: str) -> str:
    """A short text, folded and without surrounding brackets and punctuation; "" for a long one."""
    return plain(text).strip(_AROUND) if len(text) <= _LONGEST else ""


def _is_placeholder(text: str, instruction: str) -> bool:
    """Whether the text is a placeholder that the instruction does not mention ("… or None if there is none")."""
    word = bare(text)
    if word in spellings("placeholder"):
        return word not in plain(instruction)
    return bool(_FILLER.fullmatch(text.strip()))


def _fill_in(text: str) -> Hit | None:
    """A gap in the text that its author was meant to fill in."""
    folded = plain(text)
    gap = search("fill-in", folded)
    return Hit(excerpt(folded, gap.start(), gap.end())) if gap else None


def _check(record: Record) -> Hit | None:
    output = record.output
    if len(output) <= _LONGEST and _is_placeholder(output, f"{record.instruction} {record.input}"):
        return Hit(excerpt(output))
    for text in (record.instruction, record.input):
        if ("[" in text or "<" in text or "【" in text) and (gap := _fill_in(text)):
            return gap
    return None


RULE = Rule(
    "placeholder",
    "placeholder",
    "The answer is a placeholder such as N/A or TODO, or the task has a gap such as [insert text here].",
    _check,
)
