"""Instructions that begin with a character that begins no sentence in any script."""

from __future__ import annotations

import re
from unicodedata import category

from instgen.filters.rule import Hit, Rule, excerpt
from instgen.filters.signs import Sign
from instgen.records import Record

_OPENING = frozenset("\"'¿¡‚„`")
_ASIDE = re.compile(r"\s*[(\[]\s*\w[^)\]\n]*[)\]]\s*\S")
"""Words in brackets before the text, such as "(CNN) -- Cuba will …" or "[Question] Given …"."""


def _begins_a_sentence(char: str) -> bool:
    """Letters, digits, marks, opening quotation marks (in East Asia also brackets) and currency signs ("$18 is …")."""
    kind = category(char)
    return kind[0] in "LNM" or kind in {"Pi", "Sc"} or char in _OPENING or (kind == "Ps" and not char.isascii())


def _check(record: Record) -> Hit | None:
    first = record.instruction.lstrip()[:1]
    if not first or _begins_a_sentence(first) or (first in "([" and _ASIDE.match(record.instruction)):
        return None
    return Hit(excerpt(record.instruction), first)


RULE = Rule(
    "start",
    "bad-start",
    "The instruction begins with neither a letter, a digit, an opening quotation mark of any script nor a bracket.",
    _check,
    sign=Sign(lambda ascii_only: r"\A\s*[^\sa-z0-9\"'`$]" if ascii_only else r"\A"),
)
