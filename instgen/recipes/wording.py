"""Choose the language of the prompts for a text.

The rule: Chinese if at least half of the tokens are Han characters and there is no kana; English for all others.
"""

from __future__ import annotations

import re
from collections.abc import Container

from instgen.text.scripts import HAN, KANA
from instgen.text.tokens import tokens

LANGUAGES = ("en", "zh")
"""The languages that have built-in prompts; `en` is used for texts in any other."""

_HAN = re.compile(f"[{HAN}]")
_KANA = re.compile(f"[{KANA}]")


def language_for(text: str, languages: Container[str] = LANGUAGES) -> str:
    """The language of the prompts to use with a text, from those given."""
    found = tokens(text)
    han = sum(1 for token in found if _HAN.match(token))
    is_chinese = 2 * han >= len(found) > 0 and not _KANA.search(text)
    return "zh" if is_chinese and "zh" in languages else "en"
