"""The program as a group of commands, each imported only when it is used.

The rule: whatever only lists commands (help, completion, the error for an unknown command) uses the table in
`commands`; a command's module is imported only for that command.
"""

from __future__ import annotations

import os
from collections import UserDict
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand

from instgen.cli.commands import COMMANDS, Command
from instgen.cli.config import make_settable
from instgen.cli.help import Grouped, Listed

COMPLETING = "_INSTGEN_COMPLETE"
"""The variable by which a shell asks for completions."""


class Loading(UserDict[str, Any]):
    """Commands by name, each imported at its first lookup; iterating over the names imports nothing."""

    def __init__(self) -> None:
        """Start with the table's entries, not imported."""
        super().__init__()
        self.data |= {each.name: each for each in COMMANDS}

    def __getitem__(self, name: str) -> Any:
        """The command, imported if it has not been."""
        found = self.data[name]
        if isinstance(found, Command):
            found = self.data[name] = loaded(found)
        return found


class Program(Listed):
    """All commands, in the groups of the table."""

    def __init__(self, **more: Any) -> None:
        """Create the program with the commands of the table."""
        super().__init__(**more)
        self.commands = Loading()

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of all commands."""
        del ctx
        return list(self.commands)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """A stand-in for a command with its line for lists; imports nothing."""
        del ctx
        return next((TyperCommand(cmd_name, short_help=each.about) for each in COMMANDS if each.name == cmd_name), None)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The called command's name, the command, and the remaining arguments."""
        name, shown, rest = super().resolve_command(ctx, args)
        return name, shown and self.commands[str(name)], rest

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write each command's line of the table, grouped."""
        del ctx
        wide = max(len(each.name) for each in COMMANDS)
        for panel in dict.fromkeys(each.panel for each in COMMANDS):
            with formatter.section(panel):
                rows = [(f"{each.name:{wide}}", each.about) for each in COMMANDS if each.panel == panel]
                formatter.write_dl(rows)


def loaded(command: Command) -> Any:
    """Import a command of the table."""
    module, _, attribute = command.where.partition(":")
    found = getattr(import_module(f"instgen.cli.{module}"), attribute)
    finish = import_module("instgen.cli.completing").completed if COMPLETING in os.environ else _as_it_is
    alone = typer.Typer(rich_markup_mode=None, add_completion=False)
    if isinstance(found, typer.Typer):
        for each in found.registered_commands:
            each.cls = Grouped
        alone.add_typer(found, name=command.name, cls=Listed)
        around: Any = typer.main.get_command(alone)
        group = around.commands[command.name]
        for each in group.commands.values():
            finish(make_settable(each))
        return group
    alone.command(command.name, cls=Grouped, short_help=command.about, epilog=command.example)(found)
    return finish(make_settable(typer.main.get_command(alone), command.name))


def _as_it_is(command: Any) -> Any:
    return command
