"""Fields that hold a stand-in for what should be there: "N/A", "<noinput>", "TODO", "[insert text here]"."""

from __future__ import annotations

import re

from instgen.filters.phrases import plain, search, spellings
from instgen.filters.rule import Hit, Rule, excerpt
from instgen.records import Record

_LONGEST = 40
"""Characters of a stand-in; ours."""
_AROUND = " \t\r\n\"'*_`.。!()[]{}<>（）【】《》「」"
_FILLER = re.compile(r"[.·_\-–—\s]{2,}|…+")


def bare(text: str) -> str:
    """A short text folded, without brackets and punctuation around it; "" for a long one."""
    return plain(text).strip(_AROUND) if len(text) <= _LONGEST else ""


def _stands_in(text: str, instruction: str) -> bool:
    """Whether the text is a stand-in that the instruction did not ask for ("… or None if there is none")."""
    word = bare(text)
    if word in spellings("placeholder"):
        return word not in plain(instruction)
    return bool(_FILLER.fullmatch(text.strip()))


def _fill_in(text: str) -> Hit | None:
    """A gap that somebody was to fill in before the text was used."""
    folded = plain(text)
    gap = search("fill-in", folded)
    return Hit(excerpt(folded, gap.start(), gap.end())) if gap else None


def _check(record: Record) -> Hit | None:
    output = record.output
    if len(output) <= _LONGEST and _stands_in(output, f"{record.instruction} {record.input}"):
        return Hit(excerpt(output))
    for text in (record.instruction, record.input):
        if ("[" in text or "<" in text or "【" in text) and (gap := _fill_in(text)):
            return gap
    return None


RULE = Rule(
    "placeholder",
    "placeholder",
    "The answer is a stand-in such as N/A or TODO, or the task has a gap such as [insert text here].",
    _check,
)
