"""The reference of all commands, made from their `--help`: `make docs` writes it to docs/commands.md."""

from __future__ import annotations

import os
import sys

from tests.forked import Server

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


def page(command: tuple[str, ...], server: Server) -> str:
    """One command's section."""
    plain = {**os.environ, "COLUMNS": "100", "TERMINAL_WIDTH": "100", "NO_COLOR": "1"}
    done = server.run((*command, "--help"), b"", plain)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stderr.decode()}")
    title = " ".join(("instgen", *command))
    body = "\n".join(f"    {row}".rstrip() for row in done.stdout.decode().strip().splitlines())
    return f"\n## {title}\n\n{body}\n"


def pages() -> str:
    """The whole reference."""
    server = Server()
    try:
        return HEAD + "".join(page(command, server) for command in COMMANDS)
    finally:
        server.close()


if __name__ == "__main__":
    sys.stdout.write(pages())
