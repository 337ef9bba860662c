"""Which of the languages that our prompts are written in goes with a text.

The rule: Chinese where half of the words or more are Han letters and no kana is among them, English for all others.
"""

from __future__ import annotations

import re
from collections.abc import Container

from instgen.text.scripts import HAN, KANA
from instgen.text.tokens import tokens

LANGUAGES = ("en", "zh")
"""`en` serves every text whose own language has no prompts."""

_HAN = re.compile(f"[{HAN}]")
_KANA = re.compile(f"[{KANA}]")


def language_for(text: str, languages: Container[str] = LANGUAGES) -> str:
    """The language of the prompts around a text, of those that there are."""
    found = tokens(text)
    han = sum(1 for token in found if _HAN.match(token))
    is_chinese = 2 * han >= len(found) > 0 and not _KANA.search(text)
    return "zh" if is_chinese and "zh" in languages else "en"
