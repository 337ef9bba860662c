"""A command's options, read as its command line is, without the command: what `api` makes of the keywords of a call.

The rule: one reading. Types, ranges, variables, settings files and defaults are the parser's matter, here as in the
program, and a second account of them could only differ.
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
    """What a command would be told."""

    values: Mapping[str, Any]
    """All its options, by name, those that were not given too."""
    explicit: Explicit


def flags_of(command: str) -> Mapping[str, str]:
    """The flag of each option of a command, by the option's name."""
    program, _ = _program()
    return {option.name: option.opts[-1] for option in program.commands[command].params if option.name}


def parsed(command: str, given: Mapping[str, Any]) -> Parsed:
    """The options of a command, of which some are given.

    Args:
        command: its name.
        given: values by the options' names; None leaves one to the settings, False says no.

    Raises:
        UsageError: a value that cannot be.
        InputError: settings that cannot be read.
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
    """The commands as they are declared, and the context that stands above each of them."""
    program = typer.main.get_command(app)
    return program, program.context_class(program, info_name="instgen")


def _words(given: Mapping[str, Any], flags: Mapping[str, str]) -> Iterator[str]:
    """The options as words of a command line; what is not said is left out."""
    for name, value in given.items():
        if value is True:
            yield flags[name]
        elif value is not None and value is not False:
            many = isinstance(value, Sequence) and not isinstance(value, str)
            for each in value if many else [value]:
                yield from (flags[name], os.fspath(each) if isinstance(each, os.PathLike) else str(each))
