"""The page on answering leaves nothing out."""

from __future__ import annotations

import re
from pathlib import Path

from instgen.filters import ANSWER_RULES
from instgen.recipes.respond import DUPLICATE
from instgen.running.named import named_teacher
from tests.commands import options_of

PAGE = (Path(__file__).parents[2] / "docs" / "respond.md").read_text("utf-8")
SETTINGS = [line[4:] for line in PAGE.splitlines() if re.match(r"    (?:\[teachers|\w+ = )", line)]


def test_the_settings_on_the_page_are_understood(folder: Path) -> None:
    (folder / "mine.toml").write_text("\n".join(SETTINGS))
    found = named_teacher("big", folder / "mine.toml")
    assert found
    assert (found.teacher, found.price is not None) == ("openai/Qwen/Qwen3-235B-A22B", True)


def test_every_option_of_its_own_is_on_the_page() -> None:
    shared = options_of("evolve")
    own = options_of("respond") - shared
    assert {"--with", "--samples"} <= own
    assert {name for name in own if f"`{name}" not in PAGE and f" {name} " not in PAGE} == set()


def test_its_reasons_are_on_the_page() -> None:
    reasons = re.findall(r"^\| `([a-z][a-z-]+)` \|", PAGE, re.MULTILINE)
    assert reasons == ["truncated", "refusal", DUPLICATE, "teacher-failed"]
    assert "refusal" in {rule.reason for rule in ANSWER_RULES}
    assert "empty-output" in {rule.reason for rule in ANSWER_RULES}
