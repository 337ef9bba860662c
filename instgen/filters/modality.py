"""Instructions that cannot be fulfilled with text: to make an image or a recording, or to look at one.

Words alone prove nothing ("file a complaint", "map the causes", a film's plot), so the rule looks for a request: a verb
that asks for such a thing, or a given thing to look at. A request for code or for a described picture does not count.
"""

from __future__ import annotations

from instgen.filters.phrases import any_word, plain, search
from instgen.filters.rule import Hit, Rule, excerpt
from instgen.filters.signs import Sign, in_instruction
from instgen.records import Record


def _check(record: Record) -> Hit | None:
    folded = plain(record.instruction)
    request = search("modality", folded)
    if request is None or search("modality-unless", folded):
        return None
    return Hit(excerpt(folded, request.start(), request.end()))


RULE = Rule(
    "modality",
    "not-a-text-task",
    "The instruction asks for an image, a drawing, sound or video, or refers to one to be looked at.",
    _check,
    sign=Sign(lambda ascii_only: in_instruction(any_word("modality", ascii_only))),
)
