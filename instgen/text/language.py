"""The language of a text, according to py3langid's model, if the text has enough prose to tell.

Languages are two-letter codes (ISO 639-1). The model also knows dialects and small languages; these are excluded,
because they take rows from the large languages they resemble (one Chinese instruction in twenty was classified as Wu).

The rule: no answer rather than a doubtful one. Code and addresses do not count as prose. A text with fewer than 20
letters of prose is undecided, and so is one for which no language reaches a probability of 0.7. The model is loaded for
the first text, which takes 0.7 s and 100 MB.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Protocol

from instgen.text.scripts import WEIGHTY

LEAST_LETTERS = 20
"""Fewest letters of prose, counted by `letters`; our choice."""
DECIDED = 0.7
"""Lowest probability accepted: of 3,489 instructions in eight languages, 3 % were below it and none above was wrong."""
_MAX_CHARACTERS = 500
"""Characters of a text that are read; 2,000 decided one more of 1,998 English texts, at 1.5 times the cost."""
_CODE_SHARE = 0.3
"""A text with a larger share of lines that look like code counts as code, in no language; our choice."""
_NO_LANGUAGE = "zxx"
_ALIASES = {"nn": "no"}
"""Nynorsk counts as Norwegian; the model has no code `nb` for Bokmål."""

_MARKUP = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|https?://\S+|(?<![^\s`])[^\s`][^\s@`]*+@\S+", re.DOTALL)
"""An address must start where a word starts: a search from each letter would be quadratic in long words."""
_CODE_LINE = re.compile(
    r"[;{}]\s*$|^\s*(?:def|class|import|from|return|print|const|let|var|function|public|private|#include|using)\b.*[(:;.]"
    r"|^\s*[\w.\[\]]+\s*[-+*/]?=[^=]|^\s*[\w.]+\(.*\)\s*(?::\s*)?$|^\s*(?:for|if|elif|while|else|try|except)\b[^.]*:\s*$"
    r"|^\s*(?://|/\*|\"\"\"|>>>|</?\w)|^\s*(?:SELECT|INSERT|UPDATE|CREATE)\s"
)
_WEIGHTY = re.compile(f"[{WEIGHTY}]")


@dataclass(frozen=True, slots=True)
class Guess:
    """A language code and the model's probability for it."""

    code: str
    probability: float


class _Identifier(Protocol):
    """The part of py3langid's interface used here."""

    @property
    def labels(self) -> list[str]: ...

    def set_languages(self, langs: list[str]) -> None: ...

    def rank(self, text: str) -> list[tuple[str, float]]: ...


def language(text: str) -> Guess | None:
    """The language of a text, or None if it cannot be determined reliably."""
    return _language(text[:_MAX_CHARACTERS])


def known() -> frozenset[str]:
    """The codes of all languages that `language` can return."""
    return frozenset(_identifier().labels) - {_NO_LANGUAGE, *_ALIASES}


def prose(text: str) -> str:
    """The text without code spans and addresses; "" if it looks like a program."""
    text = _MARKUP.sub(" ", text)
    lines = [line for line in text.splitlines() if line.strip()]
    code = sum(1 for line in lines if _CODE_LINE.search(line))
    return "" if code > _CODE_SHARE * len(lines) else text


@lru_cache(maxsize=4096)
def _language(text: str) -> Guess | None:
    text = prose(text)
    if letters(text) < LEAST_LETTERS:
        return None
    (first, probability), *others = _identifier().rank(text)
    code = _ALIASES.get(first, first)
    probability += sum(share for other, share in others if _ALIASES.get(other, other) == code)
    return None if code == _NO_LANGUAGE or probability < DECIDED else Guess(code, round(probability, 3))


def letters(text: str) -> int:
    """The number of letters in a text; one of a script without spaces, or a Korean syllable, counts as three."""
    return sum(map(str.isalpha, text)) + (0 if text.isascii() else 2 * len(_WEIGHTY.findall(text)))


@cache
def _identifier() -> _Identifier:
    """The model, restricted to languages with two-letter codes. Imported here only, as it imports numpy."""
    langid = importlib.import_module("py3langid.langid")
    identifier: _Identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    identifier.set_languages([code for code in identifier.labels if len(code) == 2 or code == _NO_LANGUAGE])
    return identifier
