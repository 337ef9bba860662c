"""The seed tasks that come with instgen: in the installed package, else in the checkout it runs from."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

from instgen.errors import UsageError

LANGUAGES = {"en": "English", "zh": "简体中文", "es": "español", "fr": "français"}
"""The languages that have seed tasks, by code, with the name each gives itself."""
SEED_ID = re.compile(rf"(?:{'|'.join(LANGUAGES)})-\d{{3}}(?:#\d+)?\Z")
"""What the seed tasks are called; one of several instances has its number behind `#`."""


def seed_file(language: str) -> Path:
    """The JSONL file of a language's seed tasks.

    Raises:
        UsageError: there are none in this language.
    """
    if language not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise UsageError(f"there are no seed tasks in {language!r}", f"name a file of your own, or one of: {known}")
    packaged = Path(str(resources.files("instgen"))) / "seeds" / f"{language}.jsonl"
    return packaged if packaged.is_file() else Path(__file__).parents[1] / "seeds" / f"{language}.jsonl"
