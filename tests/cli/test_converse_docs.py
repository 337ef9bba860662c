"""The page on conversations is executed, and leaves nothing out."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from instgen.prompts.book import PromptBook
from instgen.recipes.converse_turns import INTENTS, MARKER, MOST
from tests.cli.conftest import settings
from tests.commands import options_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "converse.md").read_text("utf-8")
LINES = [line.strip() for line in PAGE.splitlines() if line.startswith("    instgen ")]
RULES: tuple[dict[str, object], ...] = (
    {"when": "What the next message is for", "reply": "And what of {{words 8}}?"},
    {"reply": "That is {{words 14}}."},
)


@pytest.mark.parametrize("line", LINES)
def test_every_line_of_the_page_runs(folder: Path, line: str) -> None:
    roles = ("user", "assistant")
    texts = ("Hello there", "Good day to you!", "How long is the Nile?", "It is about 6,650 kilometres long, they say.")
    turns = [{"role": roles[number % 2], "content": text} for number, text in enumerate(texts)]
    files: dict[str, Sequence[dict[str, object]]] = {
        "data": [{"instruction": f"Name tree number {number}."} for number in range(4)],
        "talks": [{"messages": turns}],
        "rules": RULES,
    }
    for name, some in files.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in some))
    command = f"{shlex.quote(sys.executable)} -m instgen "
    done = subprocess.run(
        line.replace("instgen ", command), shell=True, env=settings(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    made = (folder / line.rpartition(" ")[2]).read_text().splitlines()
    assert len(made) >= (1 if "talks" in line else 4)
    assert all(json.loads(row)["messages"] for row in made)


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
        assert f"one of {len(people)} people" in PAGE
    assert f"`{MARKER}`" in PAGE
    assert f"at most {MOST}" in PAGE


def test_its_reasons_are_on_the_page() -> None:
    files = (ROOT / "instgen" / "recipes").glob("converse*.py")
    code = "".join(file.read_text("utf-8") for file in files)
    reasons = set(re.findall(r"Verdict\(\s*\"([a-z-]+)\"", code)) | {"truncated", "refusal", "teacher-failed"}
    assert len(reasons) >= 10
    assert {reason for reason in reasons if f"| `{reason}` |" not in PAGE} == set()
