"""Instructions that begin with something that no sentence begins with, in any script."""

from __future__ import annotations

from unicodedata import category

from instgen.filters.rule import Hit, Rule, excerpt
from instgen.filters.signs import Sign
from instgen.records import Record

_OPENING = frozenset("\"'¿¡‚„`")


def _begins_a_sentence(char: str) -> bool:
    """Letters, digits, marks, opening quotes (brackets serve as such in East Asia) and currency signs ("$18 is …")."""
    kind = category(char)
    return kind[0] in "LNM" or kind in {"Pi", "Sc"} or char in _OPENING or (kind == "Ps" and not char.isascii())


def _check(record: Record) -> Hit | None:
    first = record.instruction.lstrip()[:1]
    return Hit(excerpt(record.instruction), first) if first and not _begins_a_sentence(first) else None


RULE = Rule(
    "start",
    "bad-start",
    "The instruction begins with neither a letter, a digit nor an opening quotation mark of any script.",
    _check,
    sign=Sign(lambda ascii_only: r"\A\s*[^\sa-z0-9\"'`$]" if ascii_only else r"\A"),
)
