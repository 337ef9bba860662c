"""A command's options parsed without running the command, for `api`, which gives them as keywords of a call.

The rule: options are read in one way. Types, ranges, variables, settings files and defaults are left to the parser of
the command line; a second implementation would differ from it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import typer

from instgen.cli.config import explicit_in
from instgen.cli.main import app
from instgen.errors import UsageError
from instgen.running.options import Explicit


@dataclass(frozen=True, slots=True)
class Parsed:
    """The options that a command would receive."""

    values: Mapping[str, Any]
    """The values of all options by name, including those that were not given."""
    explicit: Explicit


def flags_of(command: str) -> Mapping[str, str]:
    """The flag of each option of a command, by the option's name."""
    program, _ = _program()
    return {option.name: option.opts[-1] for option in program.commands[command].params if option.name}


def parsed(command: str, given: Mapping[str, Any]) -> Parsed:
    """All options of a command, given the values of some.

    Args:
        command: the command's name.
        given: values by option name; None leaves the option to the settings, False turns it off.

    Raises:
        UsageError: a value is invalid.
        InputError: the settings cannot be read.
    """
    program, root = _program()
    words = list(_words(given, flags_of(command)))
    try:
        context = program.commands[command].make_context(command, words, parent=root)
    except typer.BadParameter as problem:
        raise UsageError(f"{command}: {problem.format_message()}") from problem
    denied = {name: value for name, value in given.items() if value is False}
    return Parsed(context.params | denied, explicit_in(context))


@cache
def _program() -> tuple[Any, Any]:
    """The program with its commands, and the root context."""
    program = typer.main.get_command(app)
    return program, program.context_class(program, info_name="instgen")


def _words(given: Mapping[str, Any], flags: Mapping[str, str]) -> Iterator[str]:
    """The given options as words of a command line."""
    for name, value in given.items():
        if value is True:
            yield flags[name]
        elif value is not None and value is not False:
            many = isinstance(value, Sequence) and not isinstance(value, str)
            for each in value if many else [value]:
                yield from (flags[name], os.fspath(each) if isinstance(each, os.PathLike) else str(each))
