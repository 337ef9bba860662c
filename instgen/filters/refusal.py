"""Answers that refuse the task, and answers that identify themselves as a language model's."""

from __future__ import annotations

from instgen.filters.phrases import opens, plain, search
from instgen.filters.rule import Check, Hit, Rule, excerpt, measuring
from instgen.filters.signs import of_words
from instgen.records import Record
from instgen.text.tokens import words

_OPENING = 400
"""Characters at the beginning of an answer within which the refusing phrase must begin and end."""


def _refuses_within(limit: float) -> Check:
    def check(record: Record) -> Hit | None:
        opening = plain(record.output[:_OPENING].lstrip())
        phrase = opens("refusal", opening)
        if phrase is None:
            return None
        length = words(record.output)
        return Hit(excerpt(opening, 0, phrase.end()), length) if length <= limit else None

    return check


REFUSAL = measuring(
    "refusal",
    "refusal",
    "The answer begins with a refusal, and has no more words than this.",
    _refuses_within,
    80,
    sign=of_words("refusal"),
)
"""80 words, as in WizardLM (section 3.2, elimination condition 2): longer answers go on to say something useful."""


def _speaks_of_itself(record: Record) -> Hit | None:
    folded = plain(record.output)
    phrase = search("self", folded)
    return Hit(excerpt(folded, phrase.start(), phrase.end())) if phrase else None


SELF_IDENTIFICATION = Rule(
    "self-identification",
    "self-identification",
    "The answer says that it comes from a language model.",
    _speaks_of_itself,
    sign=of_words("self"),
)
