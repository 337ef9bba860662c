"""Answers that are empty or incomplete."""

from __future__ import annotations

import re

from instgen.filters.phrases import MARK
from instgen.filters.rule import Hit, Rule, excerpt
from instgen.filters.signs import Sign, constant
from instgen.records import Record
from instgen.text.scripts import STOPLESS
from instgen.text.tokens import words

_FENCE = re.compile(r"^[ \t>]*(?:[-*+]\s+|\d{1,3}[.)]\s+)?(`{3,}|~{3,})([^`\n]*)$", re.M)


def _empty(record: Record) -> Hit | None:
    return None if record.output.strip() else Hit(excerpt(record.instruction))


EMPTY = Rule(
    "empty-output",
    "empty-output",
    "The answer is empty.",
    _empty,
    sign=Sign(lambda ascii_only: rf"{MARK}[^!-~]*\z" if ascii_only else rf"{MARK}\W*\z"),
)


def _announces(record: Record) -> Hit | None:
    text = record.output.rstrip()
    return Hit(excerpt(text, len(text) - 1)) if text.endswith((":", "：")) else None


COLON = Rule(
    "ends-with-colon",
    "ends-with-colon",
    "The answer ends with a colon, and what it announces is missing (Self-Instruct's post-processing).",
    _announces,
    sign=constant(r":\W*\z"),
)


def _open_fence(record: Record) -> Hit | None:
    """As in CommonMark (section 4.5), a closing fence has the same mark, at least its length, and no info string."""
    if "```" not in record.output and "~~~" not in record.output:
        return None
    opened: re.Match[str] | None = None
    for fence in _FENCE.finditer(record.output):
        if opened is None:
            opened = fence
        elif fence[1].startswith(opened[1]) and not fence[2].strip():
            opened = None
    return Hit(excerpt(record.output, opened.start(1), opened.end())) if opened else None


FENCE = Rule(
    "unclosed-code",
    "unclosed-code",
    "The answer opens a code fence and does not close it.",
    _open_fence,
    sign=constant("```|~~~"),
)


_COMMAS = (",", "，", "、", "،", ";", "；")
_NO_FULL_STOP = re.compile(rf"[{STOPLESS}]\Z")
_SENTENCE_END = re.compile(r"(?<!\d)[.!?؟।][\"'”’»)\]*]*(?=\s|\Z)|[。！？…]")
_NO_PROSE = re.compile(
    r"\s*(?:[-*•·#>|+=–—]|\d{1,3}[.)、:]|[a-zA-Z][.)]\s|https?://)|.*(?:\b\d[.)]\s|://|[{}=<>\\`|@]|\s#)"
)
"""A line of a list, a table, a heading, a quotation or code, or one that ends in a URL or a tag."""
_LEAST_TO_BREAK = 12
"""Fewest words of a text that must end in a full stop; our choice."""
_LONG_LINE = 12
"""A last line without a complete sentence, if this long, is not a title, a sign-off or a line of verse; our choice."""


def _ends_in_prose(text: str) -> bool:
    """Whether a text uses full stops, so that the last line should have one at its end."""
    *lines, last = (line for line in text.splitlines() if line.strip())
    if _NO_PROSE.match(last):
        return False
    if _SENTENCE_END.search(last):
        return True
    stopped = sum(1 for line in lines if _SENTENCE_END.search(line[-3:]))
    return stopped > len(lines) / 2 and words(last) >= _LONG_LINE


def _cut_off(record: Record) -> Hit | None:
    text = record.output.rstrip()
    if not text.endswith(_COMMAS) and not (text and text[-1].isalpha()):
        return None
    last = text.split()[-1]
    if text[-1].isalpha() and last[0].isupper():
        return None
    if "```" in text or _NO_FULL_STOP.search(text) or words(text) < _LEAST_TO_BREAK or not _ends_in_prose(text):
        return None
    return Hit(excerpt(text, len(text) - 1))


CUT_OFF = Rule(
    "cut-off",
    "cut-off",
    "The answer is prose that stops in the middle of a sentence; not applied to lists, code, titles and the like.",
    _cut_off,
    sign=Sign(lambda ascii_only: r"[a-z,;]\s*\z" if ascii_only else rf"[^{MARK} -+\-.-@\[-`{{-~]\s*\z"),
)
