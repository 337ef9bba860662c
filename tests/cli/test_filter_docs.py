"""The page on filtering leaves nothing out."""

from __future__ import annotations

import re
from pathlib import Path

from instgen.filters.presets import PRESETS
from instgen.filters.rulebook import STANDING_ALONE
from tests.commands import options_of

PAGE = (Path(__file__).parents[2] / "docs" / "filter.md").read_text("utf-8")


def test_every_option_is_on_the_page() -> None:
    names = options_of("filter")
    elsewhere = {"--output", "--quiet", "--verbose", "--config", "--help"}
    assert {name for name in names - elsewhere if f"{name}" not in PAGE} == set()


def test_every_preset_is_on_the_page() -> None:
    assert re.findall(r"^\| `([a-z0-9]+)` \| ", PAGE, re.MULTILINE) == list(PRESETS)


def test_the_rules_about_a_task_alone_are_on_the_page() -> None:
    assert all(f"`{name}`" in PAGE for name in STANDING_ALONE)
