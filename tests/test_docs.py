"""What README and docs list is what there is; `tests/docs` runs the pages and the examples."""

from __future__ import annotations

import re
from pathlib import Path

from instgen.prompts.book import built_in
from instgen.teachers.find import known_providers
from tests.commands import commands
from tests.forked import Server
from tests.help_pages import COMMANDS, pages

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def section(title: str) -> str:
    return README.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_the_map_in_the_readme_is_what_is_on_the_disk() -> None:
    listed = set(re.findall(r"^      (\S+) ", section("The map"), re.MULTILINE))
    there = {
        path.name + "/" * path.is_dir()
        for path in (ROOT / "instgen").iterdir()
        if not path.name.startswith("_") and path.suffix in {"", ".py"} and path.name != "seeds"
    }
    assert listed == there
    for folder in re.findall(r"^    (\w+)/", section("The map"), re.MULTILINE):
        assert (ROOT / folder).is_dir()


def test_the_make_targets_in_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"make (\w[\w-]*)", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_reference_of_commands_is_up_to_date(server: Server) -> None:
    assert (ROOT / "docs" / "commands.md").read_text("utf-8") == pages(server), "run `make docs`"


def test_the_reference_has_every_command() -> None:
    listed = {command[:1] for command in COMMANDS if command}
    assert listed == {(name,) for name in commands()}


def test_every_teacher_is_documented() -> None:
    text = (ROOT / "docs" / "teachers.md").read_text("utf-8")
    for provider in known_providers():
        assert f"## {provider}\n" in text


def test_every_prompt_file_tells_what_it_is_for() -> None:
    for name, content in built_in().items():
        assert content.startswith("# "), name


def test_every_error_has_its_exit_code_in_the_readme() -> None:
    codes = re.findall(
        r"^    [├│└─ ]+\w+ +(\d+)(?:, (\d+))?", (ROOT / "instgen" / "errors.py").read_text("utf-8"), re.MULTILINE
    )
    told = set(re.findall(r"\b\d+\b", section("How it behaves").split("**Exit codes**", 1)[1]))
    assert {code for pair in codes for code in pair if code} - {"6"} <= told
