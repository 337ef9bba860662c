"""The bundled seed tasks: in the installed package, or else in the checkout that the code runs from."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

from instgen.errors import UsageError

LANGUAGES = {"en": "English", "zh": "简体中文", "es": "español", "fr": "français"}
"""The languages with bundled seed tasks: code and endonym."""
SEED_ID = re.compile(rf"(?:{'|'.join(LANGUAGES)})-\d{{3}}(?:#\d+)?\Z")
"""The ids of bundled seed tasks, such as `en-001`; if a task has several instances, `#` and a number follow."""


def seed_file(language: str) -> Path:
    """The JSONL file of a language's seed tasks.

    Raises:
        UsageError: there are no seed tasks in this language.
    """
    if language not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise UsageError(f"there are no seed tasks in {language!r}", f"name a file of your own, or one of: {known}")
    packaged = Path(str(resources.files("instgen"))) / "seeds" / f"{language}.jsonl"
    return packaged if packaged.is_file() else Path(__file__).parents[1] / "seeds" / f"{language}.jsonl"
