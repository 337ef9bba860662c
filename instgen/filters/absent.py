"""Tasks about material that is missing: a text "below" that never comes, an attached file, the page behind a link."""

from __future__ import annotations

import re

from instgen.filters.phrases import LANGUAGES, MARK, any_word, plain, search, section
from instgen.filters.rule import Hit, Rule, excerpt
from instgen.filters.signs import Sign, in_instruction
from instgen.records import Record

_MATERIAL = re.compile(r":\s*\S|[\"'`“«「『《【\[{(<|=\d]|\n[^\S\n]*\S|,\s*\w+\s*,|\s[-–—]\s")
"""Signs that an instruction contains its material: a colon with text after it, a quotation, digits, a list, a dash,
another line."""

_OTHER_SENTENCE = re.compile(r"[.!?。؟]")
"""The end of a sentence: another sentence may be the material too."""

_LINK_ALONE = re.compile(
    r"\W{0,3}(?:[^\W\d_]{1,12}(?: [^\W\d_]{1,12}){0,3}\s?[:：]\s*)?(?:https?://|www\.)\S+\s*\Z"
    r"|[\[(<]\s*(?:a |the )?(?:link|url)\b[^\])>\n]{0,60}[\])>]\s*\Z",
    re.I,
)


def _contains_material(instruction: str, start: int, end: int) -> bool:
    """Whether anything around `instruction[start:end]`, the words that refer to a text, may be that text."""
    around = (instruction[:start], instruction[end:].rstrip(" .!?。؟"))
    return any(_MATERIAL.search(part) or _OTHER_SENTENCE.search(part) for part in around)


def _missing_input(record: Record) -> Hit | None:
    if record.input.strip():
        return None
    folded = plain(record.instruction)
    pointer = search("missing", folded)
    if (
        pointer is None
        or search("missing-unless", folded)
        or _contains_material(folded, pointer.start(), pointer.end())
    ):
        return None
    return Hit(excerpt(folded, pointer.start(), pointer.end()))


MISSING_INPUT = Rule(
    "missing-input",
    "input-missing",
    "The instruction refers to a text that is given or follows, and there is none.",
    _missing_input,
    sign=Sign(lambda ascii_only: in_instruction(any_word("missing", ascii_only)) + rf"[^{MARK}]*{MARK}\s*{MARK}"),
)


def _about_links(instruction: str) -> bool:
    """Whether the task is about the URL itself, not about the page behind it."""
    return any(word in instruction for code in LANGUAGES for word in section(code, "about-links").phrases)


def _missing_attachment(record: Record) -> Hit | None:
    link = _LINK_ALONE.match(record.input.strip())
    folded = plain(record.instruction)
    if link:
        return None if _about_links(folded) else Hit(excerpt(record.input))
    if record.input.strip():
        return None
    pointer = search("attachment", folded)
    return Hit(excerpt(folded, pointer.start(), pointer.end())) if pointer else None


MISSING_ATTACHMENT = Rule(
    "missing-attachment",
    "attachment-missing",
    "The task is about an attached file or a web page, and nothing but the link is given.",
    _missing_attachment,
    sign=Sign(lambda ascii_only: f"https?://|www\\.|\\b(?:link|url)\\b|{any_word('attachment', ascii_only)}"),
)
