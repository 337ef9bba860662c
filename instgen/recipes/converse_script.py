"""Which script a text is written in, as far as its letters tell.

The rule: a text is in a script where more than half of its letters are; a text with few letters is in none.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from unicodedata import name

from instgen.text.language import prose

LEAST_LETTERS = 10
"""Letters that it takes; one of Han, kana or Hangul counts as three."""
ENOUGH = 1000
"""Characters that are looked at."""

_ASIAN = {"CJK": "Han", "HIRAGANA": "kana", "KATAKANA": "kana", "HANGUL": "Hangul"}


@lru_cache(maxsize=4096)
def _script_of_letter(letter: str) -> str:
    if letter.isascii():
        return "Latin"
    word = name(letter, "?").split()[0]
    return _ASIAN.get(word, word.capitalize())


def script_of(text: str) -> str:
    """The script of most letters of a text's prose; "" where there are too few. Japanese counts as kana."""
    counts = Counter(_script_of_letter(char) for char in prose(text)[:ENOUGH] if char.isalpha())
    if counts["kana"]:
        counts["kana"] += counts.pop("Han", 0)
    weighed = {script: count * (3 if script in _ASIAN.values() else 1) for script, count in counts.items()}
    script, most = max(weighed.items(), key=lambda item: item[1], default=("", 0))
    return script if most >= LEAST_LETTERS and 2 * most > sum(weighed.values()) else ""
