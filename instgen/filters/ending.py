"""Answers that are empty or break off."""

from __future__ import annotations

import re

from instgen.filters.rule import Hit, Rule, excerpt
from instgen.records import Record

_FENCE = re.compile(r"^[ \t>]*(?:[-*+]\s+|\d{1,3}[.)]\s+)?(`{3,}|~{3,})([^`\n]*)$", re.M)


def _empty(record: Record) -> Hit | None:
    return None if record.output.strip() else Hit(excerpt(record.instruction))


EMPTY = Rule("empty-output", "empty-output", "The answer is empty.", _empty)


def _announces(record: Record) -> Hit | None:
    text = record.output.rstrip()
    return Hit(excerpt(text, len(text) - 1)) if text.endswith((":", "：")) else None


COLON = Rule(
    "ends-with-colon",
    "ends-with-colon",
    "The answer ends with a colon: what it announces does not come (Self-Instruct's post-processing).",
    _announces,
)


def _open_fence(record: Record) -> Hit | None:
    """A fence closes with the same mark, at least as long and bare, as in CommonMark (section 4.5)."""
    if "```" not in record.output and "~~~" not in record.output:
        return None
    opened: re.Match[str] | None = None
    for fence in _FENCE.finditer(record.output):
        if opened is None:
            opened = fence
        elif fence[1].startswith(opened[1]) and not fence[2].strip():
            opened = None
    return Hit(excerpt(record.output, opened.start(1), opened.end())) if opened else None


FENCE = Rule("unclosed-code", "unclosed-code", "The answer opens a code fence that it does not close.", _open_fence)
