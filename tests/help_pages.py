"""What the docs say of options, made from the commands themselves: `make docs` writes it.

docs/commands.md is what `--help` says. A page that has the lines

    <!-- options evolve -->
    <!-- /options -->

gets a table of that command's own options between them; what commands share is in docs/commands.md alone.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import typer

from tests.commands import commands
from tests.forked import Server

DOCS = Path(__file__).parents[1] / "docs"

COMMANDS = (
    (),
    ("self-instruct",),
    ("evolve",),
    ("respond",),
    ("converse",),
    ("score",),
    ("rank",),
    ("filter",),
    ("export",),
    ("report",),
    ("stats",),
    ("teachers", "list"),
    ("teachers", "check"),
    ("prompts", "list"),
    ("prompts", "show"),
    ("prompts", "export"),
    ("journal", "info"),
    ("journal", "export"),
    ("journal", "prune"),
    ("config", "show"),
    ("config", "path"),
    ("config", "init"),
)
BLOCK = re.compile(r"(<!-- options ([\w-]+) -->\n).*?(<!-- /options -->\n)", re.DOTALL)
CHOICES = re.compile(r"<(?:list\[)?([\w-]+(?:\|[\w-]+)*)\]?>$")
TYPES = {"str", "path", "Path"}
DEFAULT = re.compile(r"\s*\[default: (.*?)\]")
HEAD = "# Commands\n\nWhat `--help` says; made by `make docs`.\n"


def page(command: tuple[str, ...], server: Server) -> str:
    """One command's section."""
    plain = {**os.environ, "COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1"}
    done = server.run((*command, "--help"), b"", plain)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stderr.decode()}")
    title = " ".join(("instgen", *command))
    body = "\n".join(f"    {row}".rstrip() for row in done.stdout.decode().strip().splitlines())
    return f"\n## {title}\n\n{body}\n"


def pages(server: Server) -> str:
    """The whole reference."""
    return HEAD + "".join(page(command, server) for command in COMMANDS)


def table(name: str) -> str:
    """A command's own options: how they are written, what holds without them, what they do."""
    own = [each for each in commands()[name].params if each.param_type_name == "option" and not panel(each)]
    rows = [f"| {_written(each)} | {_default(each)} | {_what(each)} |" for each in own]
    link = f"All others, such as `-o`: [commands.md](commands.md#instgen-{name})."
    return "\n".join(("| option | default | what it does |", "|---|---|---|", *rows, "", link, ""))


def with_tables(page: str) -> str:
    """A page with its tables as they are now."""
    return BLOCK.sub(lambda found: found[1] + table(found[2]) + found[3], page)


def panel(option: Any) -> str:
    """The group that help shows an option in; "" for a command's own."""
    return getattr(option, "rich_help_panel", None) or ""


def _written(option: Any) -> str:
    """The option with the values that it takes, where these are named."""
    names = ", ".join(f"`{each}`" for each in option.opts)
    written = option.get_help_record(typer.Context(typer.core.TyperCommand("")))[0]
    if (found := CHOICES.search(written)) and found[1] not in TYPES:
        return f"{names}: {', '.join(f'`{choice}`' for choice in found[1].split('|'))}"
    if option.metavar:
        return f"{names[:-1]} {option.metavar}`".replace("|", "\\|")
    return names


def _default(option: Any) -> str:
    if said := DEFAULT.search(option.help or ""):
        return said[1]
    value = getattr(option.default, "value", option.default)
    return "" if value is None or value is False or value == () else str(value)


def _what(option: Any) -> str:
    return DEFAULT.sub("", option.help or "").replace("|", "\\|")


if __name__ == "__main__":
    with closing(Server()) as running:
        (DOCS / "commands.md").write_text(pages(running), "utf-8")
    for file in sorted(DOCS.rglob("*.md")):
        file.write_text(with_tables(file.read_text("utf-8")), "utf-8")
    sys.stdout.write("docs: the options are as the commands have them\n")
