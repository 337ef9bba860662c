"""Words of the prompt that leaked into a teacher's completion."""

from __future__ import annotations

from instgen.filters.phrases import plain, search
from instgen.filters.rule import Hit, TextRule, excerpt
from instgen.filters.signs import of_words


def _find(text: str) -> Hit | None:
    folded = plain(text)
    found = search("scaffold", folded)
    return Hit(excerpt(folded, found.start(), found.end())) if found else None


RULE = TextRule(
    "scaffold",
    "prompt-scaffold",
    "A field contains marker words of a rewriting prompt, such as #Given Prompt# (WizardLM, elimination condition 4).",
    _find,
    of_words("scaffold"),
)
