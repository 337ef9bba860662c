"""The page on conversations leaves nothing out."""

from __future__ import annotations

import re
from pathlib import Path

from instgen.prompts.book import PromptBook
from instgen.recipes.converse_turns import INTENTS, MARKER, MOST
from tests.commands import options_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "converse.md").read_text("utf-8")


def test_every_option_of_its_own_is_on_the_page() -> None:
    shared = options_of("self-instruct")
    own = options_of("converse") - shared
    assert own == {"--turns", "--split-tokens"}
    assert {name for name in own if f"`{name}" not in PAGE} == set()


def test_intents_and_people_are_as_the_page_says() -> None:
    parts = sum(INTENTS.values())
    for intent, weight in INTENTS.items():
        assert f"| `{intent}` | {weight * 10 / parts:g} of 10 |" in PAGE
    for language in ("en", "zh"):
        people = PromptBook(language).template("converse-personas").text.splitlines()
        assert f"one of {len(people)} personas" in PAGE
    assert f"`{MARKER}`" in PAGE
    assert f"at most {MOST}" in PAGE


def test_its_reasons_are_on_the_page() -> None:
    files = (ROOT / "instgen" / "recipes").glob("converse*.py")
    code = "".join(file.read_text("utf-8") for file in files)
    reasons = set(re.findall(r"Verdict\(\s*\"([a-z-]+)\"", code)) | {"truncated", "refusal", "teacher-failed"}
    assert len(reasons) >= 10
    assert {reason for reason in reasons if f"| `{reason}` |" not in PAGE} == set()
