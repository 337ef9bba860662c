"""Which language a text is in, by py3langid's model, where there is enough prose in it to tell.

A language is a two-letter code (ISO 639-1). The model knows dialects and small languages too; they are left out, as
they take rows away from the large ones that they resemble (one Chinese instruction in twenty came out as Wu).

The rule: no answer rather than a doubtful one. Code, addresses and names of things are not prose; a text with fewer
than 20 letters of prose is undecided, and so is one in which the model gives no language a probability of 0.7. The
model is loaded when the first text comes: that takes 0.7 s and 100 MB.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Protocol

from instgen.text.scripts import WEIGHTY

LEAST_LETTERS = 20
"""Of prose, ours; a letter of a script without spaces, and a Korean syllable, counts as three."""
DECIDED = 0.7
"""The least probability: of 3,489 instructions in eight languages 3 % fell below it, and none above it was wrong."""
_ENOUGH = 500
"""Characters after which more tell nothing new: 2,000 decided one more of 1,998 English texts, and cost half again."""
_CODE_SHARE = 0.3
"""Share of lines that look like code above which a text is code and in no language; ours."""
_NO_LANGUAGE = "zxx"
_SAME = {"nn": "no"}
"""The two ways to write Norwegian; `nb` is not among the model's codes."""

_MARKUP = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|https?://\S+|(?<![^\s`])[^\s`][^\s@`]*+@\S+", re.DOTALL)
"""An address is looked for where a word begins, and not from each of its letters: long words would take for ever."""
_CODE_LINE = re.compile(
    r"[;{}]\s*$|^\s*(?:def|class|import|from|return|print|const|let|var|function|public|private|#include|using)\b.*[(:;.]"
    r"|^\s*[\w.\[\]]+\s*[-+*/]?=[^=]|^\s*[\w.]+\(.*\)\s*(?::\s*)?$|^\s*(?:for|if|elif|while|else|try|except)\b[^.]*:\s*$"
    r"|^\s*(?://|/\*|\"\"\"|>>>|</?\w)|^\s*(?:SELECT|INSERT|UPDATE|CREATE)\s"
)
_WEIGHTY = re.compile(f"[{WEIGHTY}]")


@dataclass(frozen=True, slots=True)
class Guess:
    """A language's code, and how sure the model is of it."""

    code: str
    probability: float


class _Identifier(Protocol):
    """What we use of py3langid."""

    @property
    def labels(self) -> list[str]: ...

    def set_languages(self, langs: list[str]) -> None: ...

    def rank(self, text: str) -> list[tuple[str, float]]: ...


def language(text: str) -> Guess | None:
    """The language of a text, if it can be told."""
    return _language(text[:_ENOUGH])


def known() -> frozenset[str]:
    """The codes of all languages that can be told."""
    return frozenset(_identifier().labels) - {_NO_LANGUAGE, *_SAME}


def prose(text: str) -> str:
    """What of a text may be prose: nothing, where it looks like a program."""
    text = _MARKUP.sub(" ", text)
    lines = [line for line in text.splitlines() if line.strip()]
    code = sum(1 for line in lines if _CODE_LINE.search(line))
    return "" if code > _CODE_SHARE * len(lines) else text


@lru_cache(maxsize=4096)
def _language(text: str) -> Guess | None:
    said = prose(text)
    if letters(said) < LEAST_LETTERS:
        return None
    (first, probability), *others = _identifier().rank(said)
    code = _SAME.get(first, first)
    probability += sum(share for other, share in others if _SAME.get(other, other) == code)
    return None if code == _NO_LANGUAGE or probability < DECIDED else Guess(code, round(probability, 3))


def letters(text: str) -> int:
    """How many letters a text has; one of a script without spaces, or a Korean syllable, counts as three."""
    return sum(map(str.isalpha, text)) + (0 if text.isascii() else 2 * len(_WEIGHTY.findall(text)))


@cache
def _identifier() -> _Identifier:
    """The model, among whose languages only those with two letters are left. Its import brings numpy: only here."""
    langid = importlib.import_module("py3langid.langid")
    identifier: _Identifier = langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True)
    identifier.set_languages([code for code in identifier.labels if len(code) == 2 or code == _NO_LANGUAGE])
    return identifier
