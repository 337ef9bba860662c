"""The rules of C4 (Raffel et al. 2020, arXiv 1910.10683, section 2.2) that make sense for answers, in every script.

Omitted, because good answers fail them: at least three sentences per page and five words per line (many answers are a
word or a list), no curly brackets (code has them), the list of bad words, English only (see `--lang`). C4 drops lines
and keeps pages; here, a row is kept or rejected whole, never rewritten. A notice counts only if the task did not ask
for such a text.
"""

from __future__ import annotations

import re

from instgen.filters.rule import Check, Hit, Rule, excerpt, measuring
from instgen.filters.signs import constant
from instgen.records import Record
from instgen.text.scripts import STOPLESS
from instgen.text.tokens import words

_STOPS = ".!?。！？．…؟۔।॥።՞։᠃"
"""Sentence-ending marks: Latin, Greek and Cyrillic, East Asian, Arabic, Urdu, Indic, Ethiopic, Armenian, Mongolian. C4
has only the first three characters."""
_CLOSING = "\"'”’»›)]}」』】）］》〉*_`"
_WITHOUT_STOPS = re.compile(f"[{STOPLESS}]")


def _unstopped(least: float) -> Check:
    def check(record: Record) -> Hit | None:
        text = record.output.rstrip()
        if text.rstrip(_CLOSING).endswith(tuple(_STOPS)) or text.endswith(("```", "~~~")):
            return None
        last = text[text.rfind("\n") + 1 :]
        length = words(last)
        if length < least or _WITHOUT_STOPS.search(last):
            return None
        return Hit(excerpt(last, len(last) - 1), length)

    return check


UNSTOPPED = measuring(
    "terminal-punctuation",
    "no-terminal-punctuation",
    "The last line of the answer has at least this many words and ends without a full stop "
    "or its equivalent in any script.",
    _unstopped,
    5,
)
"""Five words make the shortest line that C4 keeps."""


def _lorem_ipsum(record: Record) -> Hit | None:
    for text in (record.input, record.output):
        start = text.casefold().find("lorem ipsum")
        if start >= 0:
            return Hit(excerpt(text, start, start + 11))
    return None


LOREM_IPSUM = Rule(
    "lorem-ipsum", "lorem-ipsum", "The input or the answer contains lorem ipsum.", _lorem_ipsum,
    sign=constant("lorem ipsum"),
)  # fmt: skip

_NOTICE = re.compile(
    r"\b(?:enable|activate|turn on|requires?|switch on|allow|without) javascript\b"
    r"|\bjavascript (?:is|must be|has been|should be|seems to be) (?:enabled|disabled|required|turned o|switched o)"
    r"|\b(?:use of cookies|uses? cookies|cookie policy|privacy policy|terms of (?:use|service))\b"
    r"|\[(?:edit|citation needed)\]",
    re.I,
)
_SUBJECT = re.compile(r"javascript|cookie|privacy|terms|website|wiki|citation|browser", re.I)


def _notice(record: Record) -> Hit | None:
    found = _NOTICE.search(record.output)
    if found is None or _SUBJECT.search(record.instruction) or _SUBJECT.search(record.input):
        return None
    return Hit(excerpt(record.output, found.start(), found.end()), found[0].casefold())


NOTICE = Rule(
    "web-notice",
    "web-notice",
    "The answer contains a web page's notice about JavaScript, cookies or its terms, or an encyclopedia's edit marks, "
    "and the task is not about such things.",
    _notice,
    sign=constant(r"javascript|cookies?\b|privacy policy|terms of (?:use|service)|\[edit\]|\[citation needed\]"),
)

C4_RULES: tuple[Rule, ...] = (UNSTOPPED, LOREM_IPSUM, NOTICE)
"""In the order in which they are applied."""
