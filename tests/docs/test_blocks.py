"""Every block of every page is run, or parsed, or says why not."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.commands import commands
from tests.docs.blocks import DOCS, PARSED, ROOT, Block, blocks, kind_of, lines_of, pages
from tests.docs.program import Programs
from tests.docs.shelf import environment, fill, write_settings

KINDS = {"sh", "python", "json", "toml", "text"}
PYTHON_PAGES = {"docs/api.md": "tests/test_api.py", "docs/plugins.md": "tests/test_plugins.py"}
"""Where blocks of Python are run."""
NOT_RUN = {"needs a server that gives log-probabilities", "installs packages"}
"""All reasons there are for not running a block."""

ALL = [block for page in pages() for block in blocks(page)]
BY_PAGE = {page: [block for block in blocks(page) if block.kind == "sh"] for page in pages()}


SHELL = """\
trap 'export -p > .exports' EXIT
if [ -e .exports ]; then . ./.exports; fi
{script}"""
"""What is exported by one script is there in the next, as in a reader's shell."""


@pytest.mark.parametrize(
    "page", [page for page, some in BY_PAGE.items() if some], ids=lambda page: page.relative_to(ROOT).as_posix()
)
def test_the_scripts_of_a_page_run_one_after_the_other(page: Path, tmp_path: Path, programs: Programs) -> None:
    fill(tmp_path, blocks(page))
    found = environment(tmp_path, programs.folder)
    for block in BY_PAGE[page]:
        if block.reason:
            continue
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", SHELL.format(script=block.text.replace("=…", "=no-key"))],
            cwd=tmp_path,
            env=found,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=300,
        )
        if "config init" in block.text:
            write_settings(tmp_path, blocks(page))
        assert done.returncode == block.code, (
            f"{block.place}\n{block.text}\n{done.stdout[-1000:]}\n{done.stderr[-3000:]}"
        )


def instgen_lines(script: str) -> Iterator[list[str]]:
    """The words of each call of the program in a script."""
    for line in lines_of(script):
        words = shlex.split(line, comments=True)
        for at, word in enumerate(words):
            if word == "instgen":
                rest = words[at + 1 :]
                ends = [place for place, each in enumerate(rest) if each in {"|", ">", "<", "&&", "&", ";", ">>"}]
                yield rest[: min(ends, default=len(rest))]


def parse(words: list[str]) -> None:
    """Read a call's options as the program does, and do nothing."""
    command, rest = commands()[words[0]], words[1:]
    if hasattr(command, "commands"):
        command, rest = command.commands[rest[0]], rest[1:]
    command.make_context(words[0], rest)


@pytest.mark.parametrize("block", [block for block in ALL if block.reason], ids=lambda block: block.place)
def test_what_is_not_run_says_why_and_is_understood(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert block.reason in NOT_RUN
    monkeypatch.chdir(tmp_path)
    for words in instgen_lines(block.text):
        parse(words)


def test_no_reason_for_not_running_is_idle() -> None:
    assert {block.reason for block in ALL if block.reason} == NOT_RUN


def test_every_block_is_of_a_kind() -> None:
    assert {block.place: block.kind for block in ALL if block.kind not in KINDS and not block.file} == {}
    assert {block.page for block in ALL if block.kind == "python"} == PYTHON_PAGES.keys()


@pytest.mark.parametrize("block", [block for block in ALL if block.kind in PARSED], ids=lambda block: block.place)
def test_data_can_be_read(block: Block) -> None:
    for part in block.text.splitlines() if block.kind == "json" else [block.text]:
        PARSED[block.kind](part)


def test_what_is_shown_is_no_command_in_disguise() -> None:
    hidden = [
        block.place for block in ALL if block.kind == "text" and re.search(r"^instgen [a-z]", block.text, re.MULTILINE)
    ]
    assert hidden == []


def test_what_is_installed_exists() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for block in ALL:
        for line in block.text.splitlines() if block.kind == "sh" else ():
            if line.startswith("pip install"):
                named = re.findall(r"\[(\w+)\]", line)
                assert set(named) <= extras.keys(), block.place
                assert all((ROOT / path).exists() for path in re.findall(r"\./[\w/-]+", line)), block.place


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("instgen stats\n", "sh"),
        ("INSTGEN_SEED=1 instgen stats\n", "sh"),
        ('[teachers.big]\nteacher = "x"\n', "toml"),
        ('{"a": 1}\n', "json"),
        ("filter: 3 rows kept\n", "text"),
    ],
)
def test_kinds_are_told_by_how_a_block_begins(text: str, kind: str) -> None:
    assert kind_of(text) == kind


def test_blocks_are_found_wherever_they_stand(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A\n\n    instgen stats\n\nWords\n    that go on.\n\n"
        "<!-- ends with 6 -->\n    instgen rank\n\n    instgen score\n\n"
        "- a list\n\n<!-- not run: installs packages -->\n```sh\npip install x\n```\n```toml mine.toml\na = 1\n```\n"
    )
    found = [(block.line, block.kind, block.text, block.code, block.reason, block.file) for block in blocks(page)]
    assert found == [
        (3, "sh", "instgen stats\n", 0, "", ""),
        (9, "sh", "instgen rank\n\ninstgen score\n", 6, "", ""),
        (16, "sh", "pip install x\n", 0, "installs packages", ""),
        (19, "toml", "a = 1\n", 0, "", "mine.toml"),
    ]
    assert DOCS / "filter.md" in pages()


def test_calls_are_found_in_scripts() -> None:
    script = "export A=b\ninstgen respond x |\n    instgen rank > y\nfor n in 1 2; do instgen stats $n & done; wait\n"
    assert list(instgen_lines(script)) == [["respond", "x"], ["rank"], ["stats", "$n"]]
