"""The page on ranking leaves nothing out."""

from __future__ import annotations

import re
from pathlib import Path

from instgen.prompts.book import PromptBook
from instgen.recipes.rank import CRITERION
from instgen.recipes.rank_order import MARGINS
from tests.commands import commands, options_of

PAGE = (Path(__file__).parents[2] / "docs" / "rank.md").read_text("utf-8")


def test_every_option_of_its_own_is_on_the_page() -> None:
    shared = {name for option in commands()["journal"].commands["info"].params for name in option.opts}
    shared |= options_of("self-instruct")
    own = options_of("rank") - shared
    assert own == {"--by", "--criteria", "--ties", "--best"}
    assert {name for name in own if f"`{name}" not in PAGE} == set()


def test_every_criterion_and_every_level_is_on_the_page() -> None:
    for language in ("en", "zh"):
        blocks = [set(PromptBook(language).template(name).blocks) for name in ("rank-pair", "rank-list")]
        criteria = [{block for block in each if block.startswith(CRITERION)} for each in blocks]
        assert criteria[0] == criteria[1]
        for name in criteria[0]:
            assert f"`{name.removeprefix(CRITERION)}`" in PAGE
    for word, level in MARGINS.items():
        assert f"{level} {word}" in PAGE


def test_its_reasons_are_on_the_page() -> None:
    code = (Path(__file__).parents[2] / "instgen" / "recipes" / "rank.py").read_text("utf-8")
    reasons = set(re.findall(r"Verdict\(\s*\"([a-z-]+)\"", code)) | {"teacher-failed"}
    assert len(reasons) == 5
    assert {reason for reason in reasons if f"| `{reason}` |" not in PAGE} == set()
