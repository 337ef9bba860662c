"""The pages' blocks: what is indented by four spaces or fenced, told apart by how it begins, or by what its fence says.

A comment right before a block says what is unusual about it:

    <!-- not run: needs a GPU -->     it is not executed; its options are parsed all the same
    <!-- ends with 6 -->              the exit code of its last line

The rule: a block is a script, or it is data that is parsed, or it is something shown; there is nothing between.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
GENERATED = DOCS / "commands.md"
PROGRAMS = frozenset(("instgen", "cat", "cp", "echo", "export", "for", "head", "jq", "make", "mkdir", "pip", "python"))
PROGRAMS |= {"rm", "sed", "sh", "sort", "split", "timeout", "wc"}
"""What a block of commands begins with."""
PARSED = {"json": json.loads, "toml": tomllib.loads}
COMMENT = re.compile(r"<!-- (?:not run: (?P<reason>.+)|ends with (?P<code>\d+)) -->")
ASSIGNED = re.compile(r'(\[[a-z]|["\w-]+ = )')
VARIABLE = re.compile(r"[A-Z_]+=\S* |[a-z]+=\$")


@dataclass(frozen=True, slots=True)
class Block:
    """One block; `line` is where it begins."""

    page: str
    line: int
    kind: str
    text: str
    reason: str = ""
    """Why it is not run."""
    code: int = 0
    """What its last line ends with."""
    file: str = ""
    """The file that it is, as its fence says: ```toml mine.toml, or ```method.txt."""

    @property
    def place(self) -> str:
        """For people."""
        return f"{self.page}:{self.line}"


def pages() -> list[Path]:
    """All that a reader is led to: README.md, and the pages under docs/ that are not made by `--help`."""
    return [ROOT / "README.md", *sorted(page for page in DOCS.rglob("*.md") if page != GENERATED)]


def blocks(page: Path) -> list[Block]:
    """The blocks of a page, in their order."""
    name = page.relative_to(ROOT).as_posix() if page.is_relative_to(ROOT) else page.name
    return [_told(name, *found) for found in _blocks(page.read_text("utf-8").splitlines())]


def _blocks(rows: list[str]) -> Iterator[tuple[int, str, str, str]]:
    """Of each block its line, what its fence says, its text, and the comment before it."""
    at, before = 0, ""
    while at < len(rows):
        begin = at
        if rows[at].startswith("```"):
            at = rows.index("```", at + 1) + 1
            yield begin + 1, rows[begin][3:], "\n".join(rows[begin + 1 : at - 1]) + "\n", before
            before = ""
        elif rows[at].startswith("    ") and not before_is_prose(rows, at):
            while at < len(rows) and (rows[at].startswith("    ") or not rows[at].strip()):
                at += 1
            yield begin + 1, "", "\n".join(row[4:] for row in rows[begin:at]).rstrip() + "\n", before
            before = ""
        else:
            at += 1
            before = rows[begin] if rows[begin].strip() else before


def before_is_prose(rows: list[str], at: int) -> bool:
    """Whether an indented line goes on with the one before, as in a list."""
    return at > 0 and bool(rows[at - 1].strip()) and not COMMENT.fullmatch(rows[at - 1])


def _told(page: str, line: int, fence: str, text: str, before: str) -> Block:
    said = COMMENT.fullmatch(before)
    reason = (said["reason"] or "") if said else ""
    kind, _, file = fence.partition(" ")
    file = file or (kind if "." in kind else "")
    return Block(page, line, kind or kind_of(text), text, reason, int(said["code"] or 0) if said else 0, file)


def kind_of(text: str) -> str:
    """What a block without a word on its fence is."""
    first = text.split(maxsplit=1)[0]
    if first in PROGRAMS or VARIABLE.match(text):
        return "sh"
    if ASSIGNED.match(text):
        return "toml"
    if text.startswith("{") and "…" not in text:
        return "json"
    return "text"


def lines_of(script: str) -> list[str]:
    """A script's lines, with those that end in a backslash or a pipe joined to the next."""
    return re.sub(r"(\\|\|)\n\s*", lambda end: "| " if end[1] == "|" else "", script).splitlines()
