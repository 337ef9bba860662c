"""The pages hang together: each is linked, each link leads somewhere, and what they list is what the code has."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from instgen.cli.config import USERS_ONLY
from instgen.filters import ADMISSION
from instgen.prompts.book import built_in
from instgen.prompts.template import _HEADER, CHAT_PARTS
from instgen.recipes import classic, flow, parts, pool
from instgen.running.named_schema import NamedTeacher
from instgen.running.options import Asking
from tests.commands import commands
from tests.docs.blocks import DOCS, GENERATED, ROOT, pages
from tests.help_pages import BLOCK, with_tables

EVERY = [*pages(), GENERATED]
INDEX = DOCS / "README.md"
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([\w-]+))?\)")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def text(page: Path) -> str:
    return page.read_text("utf-8")


def anchors(page: Path) -> set[str]:
    """What headings can be reached by, as GitHub makes it of them."""
    titles = re.findall(r"^#+ (.+)$", FENCED.sub("", text(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", EVERY, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    for target, anchor in LINK.findall(FENCED.sub("", text(page))):
        if target.startswith("http"):
            continue
        there = (page.parent / target).resolve() if target else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there), f"{target}#{anchor}"


def test_every_page_is_linked_from_the_index() -> None:
    linked = {(DOCS / target).resolve() for target, _ in LINK.findall(text(INDEX)) if not target.startswith("http")}
    own = {page.resolve() for page in EVERY if page != INDEX and "decisions" not in page.parts}
    lacking = own - linked
    assert lacking == set()
    assert (DOCS / "decisions").resolve() in linked


def test_every_command_has_a_page_with_the_options_of_its_own() -> None:
    groups = {name for name, command in commands().items() if hasattr(command, "commands")}
    told = {name for page in EVERY for name in re.findall(r"^<!-- options ([\w-]+) -->$", text(page), re.MULTILINE)}
    assert told == commands().keys() - groups
    assert all((DOCS / f"{name}.md").exists() for name in (commands().keys() - {"stats"}))
    for page in DOCS.rglob("*.md"):
        for name in BLOCK.findall(text(page)):
            assert page.stem == name[1] or name[1] == "stats"


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_the_tables_of_options_are_up_to_date(page: Path) -> None:
    assert text(page) == with_tables(text(page)), "run `make docs`"


def test_every_recipe_is_made_alike() -> None:
    wanted = ["What comes out", "What to look at", "What can go wrong"]
    for page in (DOCS / "recipes").glob("*.md"):
        titles = re.findall(r"^## (.+)$", FENCED.sub("", text(page)), re.MULTILINE)
        assert [title for title in titles if title in wanted] == wanted, page.name
        assert re.match(r"# .+\n\nYou get\b", text(page)), page.name


def test_every_reason_of_self_instruct_is_on_its_page() -> None:
    page = text(DOCS / "self-instruct.md")
    table = page.split("## What is left out\n")[1].split("\n## ")[0]
    told = set(re.findall(r"`([a-z-]+)`", "".join(re.findall(r"^\| (`.*?) \| ", table, re.MULTILINE))))
    code = "".join(Path(str(module.__file__)).read_text("utf-8") for module in (classic, pool))
    used = set(re.findall(r"Verdict\(\"([a-z-]+)\"", code)) | set(get_args(parts.Reason))
    used |= {flow.TEACHER_FAILED, "refusal"}
    assert told == used
    assert {rule.reason for rule in ADMISSION}.isdisjoint(used - {"refusal"})


def test_the_variables_and_tables_of_settings_are_on_their_page() -> None:
    page = text(DOCS / "config.md")
    told = {name for name in USERS_ONLY if f"`{name.replace('_', '-')}`" in page or f"`[{name}]`" in page}
    assert told == USERS_ONLY
    keys = {field.alias or name for name, field in NamedTeacher.model_fields.items()}
    assert {name for name in keys if f"`{name}`" not in page} == set()
    options = [option for command in ("respond", "filter") for option in commands()[command].params]
    said = [option.envvar for option in options if option.envvar]
    variables = {name for each in said for name in ([each] if isinstance(each, str) else each)}
    named = set(re.findall(r"`(INSTGEN_[A-Z_]+)`", page))
    assert {"INSTGEN_TEACHER", "INSTGEN_CONFIG"} <= named <= variables
    asking = {each.name for each in fields(Asking)} - {"dry_run"}
    assert {option.name for option in options if option.name in asking and not option.envvar} == set()


def test_the_parts_of_prompt_files_are_on_their_page() -> None:
    page = text(DOCS / "prompts.md")
    assert all(f"`{name}`" in page for name in _HEADER)
    assert all(f"`[[{name}]]`" in page for name in CHAT_PARTS)
    told = [name.replace("*", "") for name in re.findall(r"`([a-z-]+\*?)`", page)]
    names = {name.partition("/")[2] for name in built_in()}
    assert {name for name in names if not any(name.startswith(stem) for stem in told if len(stem) > 2)} == set()
