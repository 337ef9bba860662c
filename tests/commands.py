"""What the commands take, as typer tells it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import typer

from instgen.cli.main import app


@functools.cache
def commands() -> Mapping[str, Any]:
    """The commands by name; a group has commands of its own."""
    group: Any = typer.main.get_command(app)
    found: Mapping[str, Any] = group.commands
    return found


def options_of(command: str) -> set[str]:
    """The long names of a command's options."""
    return {name for option in commands()[command].params for name in option.opts if name.startswith("--")}
