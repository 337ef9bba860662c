"""The reference of all commands, made from their `--help`: `make docs` writes it to docs/commands.md."""

from __future__ import annotations

import os
import subprocess
import sys

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
HEAD = "# Commands\n\nWhat `--help` says; made by `make docs`.\n"


def page(command: tuple[str, ...]) -> str:
    """One command's section."""
    line = [sys.executable, "-m", "instgen", *command, "--help"]
    plain = {**os.environ, "COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1"}
    text = subprocess.run(line, capture_output=True, text=True, check=True, env=plain).stdout
    title = " ".join(("instgen", *command))
    body = "\n".join(f"    {row}".rstrip() for row in text.strip().splitlines()).replace("python -m instgen", "instgen")
    return f"\n## {title}\n\n{body}\n"


def pages() -> str:
    """The whole reference."""
    return HEAD + "".join(page(command) for command in COMMANDS)


if __name__ == "__main__":
    sys.stdout.write(pages())
