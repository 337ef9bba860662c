"""Tokens: the unit in which instgen counts and compares text, in every script.

Case, compatibility forms and invisible characters are ignored (Unicode's NFKC casefolding). In a script with spaces
between words, a token is a word: a run of letters, digits and combining marks. In a script without (Han, kana, Thai,
Lao, Khmer, Myanmar), each letter with its marks is a token.

An apostrophe separates tokens ("don't" is `don`, `t`). So an ASCII text has exactly the tokens of the tokenizer for
which the published ROUGE-L thresholds were set, and French and Italian elisions are split as they should be.
"""

from __future__ import annotations

import re
from functools import cache
from unicodedata import normalize

from instgen.text.scripts import IGNORABLE, MARKS, UNSPACED

_ASCII_WORD = re.compile(r"[a-z0-9]+")
_IGNORABLE = re.compile(f"[{IGNORABLE}]+")
_UNSPACED = re.compile(f"[{UNSPACED}]")


@cache
def _token() -> re.Pattern[str]:
    """The pattern of a token in folded text; compiled on first use, for non-ASCII text, as that takes milliseconds."""
    word = f"[^\\W_{UNSPACED}]"
    return re.compile(f"[{UNSPACED}][{MARKS}]*|{word}+(?:[{MARKS}]+{word}*)*")


def fold(text: str) -> str:
    """The text casefolded and NFKC-normalized, without invisible characters."""
    if text.isascii():
        return text.lower()
    return normalize("NFKC", normalize("NFKC", _IGNORABLE.sub("", text)).casefold())


def tokens(text: str) -> list[str]:
    """The tokens of a text, folded, in order."""
    return _ASCII_WORD.findall(text.lower()) if text.isascii() else _token().findall(fold(text))


def count(text: str) -> int:
    """The number of tokens in a text."""
    return len(tokens(text))


def words(text: str) -> int:
    """The approximate number of words; two letters of an unspaced script count as one, so that one limit fits all."""
    found = tokens(text)
    if text.isascii():
        return len(found)
    unspaced = sum(1 for token in found if _UNSPACED.match(token))
    return len(found) - unspaced + unspaced // 2
