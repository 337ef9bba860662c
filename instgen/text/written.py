"""The script of a text, according to the Unicode names of its letters."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from instgen.text.tokens import tokens

SCRIPTS = (
    *("latin", "cyrillic", "greek", "armenian", "georgian", "hebrew", "arabic", "ethiopic"),
    *("devanagari", "bengali", "gurmukhi", "gujarati", "oriya", "tamil", "telugu", "kannada", "malayalam", "sinhala"),
    *("thai", "lao", "khmer", "myanmar", "tibetan", "mongolian", "hangul", "han", "kana"),
)
"""The names that `script` can return. Japanese text is `kana`, whatever its share of Han characters."""
_OWN_NAMES: Mapping[str, str] = MappingProxyType(
    {"cjk": "han", "ideographic": "han", "hiragana": "kana", "katakana": "kana"}
)
_JAPANESE = 0.1
"""Share of kana among Han and kana above which a text is Japanese; Chinese text has hardly any."""


def script(text: str) -> str:
    """The script of more than half of the tokens that begin with a letter; "" if there is no such script."""
    found = Counter(map(_script, tokens(text)))
    del found[""]
    both = found["han"] + found["kana"]
    if found["kana"] > _JAPANESE * both:
        found["kana"], found["han"] = both, 0
    name, most = max(found.items(), key=lambda pair: pair[1], default=("", 0))
    return name if 2 * most > found.total() else ""


def _script(token: str) -> str:
    return _of_letter(token[0])


@cache
def _of_letter(letter: str) -> str:
    name = unicodedata.name(letter, "").split(" ")[0].split("-")[0].lower() if letter.isalpha() else ""
    name = _OWN_NAMES.get(name, name)
    return name if name in SCRIPTS else ""
