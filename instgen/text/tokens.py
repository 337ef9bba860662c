"""Tokens: the unit in which instgen counts and compares text, in every script.

Text is read without regard to case, compatibility forms or invisible characters (Unicode's NFKC casefolding). In a
script that puts spaces between words, a token is a word: a run of letters, digits and combining marks. In one that
does not (Han, kana, Thai, Lao, Khmer, Myanmar), each letter is a token, with its marks.

An apostrophe divides ("don't" is `don`, `t`): so an ASCII text has exactly the tokens of the tokeniser that the
published ROUGE-L thresholds were set with, and French or Italian elisions come apart as they should.
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
    """A token of folded text; compiled when the first text beyond ASCII comes, as it takes milliseconds."""
    word = f"[^\\W_{UNSPACED}]"
    return re.compile(f"[{UNSPACED}][{MARKS}]*|{word}+(?:[{MARKS}]+{word}*)*")


def fold(text: str) -> str:
    """The text without differences of case, width and composition, and without characters that show nothing."""
    if text.isascii():
        return text.lower()
    return normalize("NFKC", normalize("NFKC", _IGNORABLE.sub("", text)).casefold())


def tokens(text: str) -> list[str]:
    """The tokens of a text, folded, in their order."""
    return _ASCII_WORD.findall(text.lower()) if text.isascii() else _token().findall(fold(text))


def count(text: str) -> int:
    """How many tokens a text has."""
    return len(tokens(text))


def words(text: str) -> int:
    """About how many words a text has, so that one limit serves all scripts: two unspaced letters make a word."""
    found = tokens(text)
    if text.isascii():
        return len(found)
    unspaced = sum(1 for token in found if _UNSPACED.match(token))
    return len(found) - unspaced + unspaced // 2
