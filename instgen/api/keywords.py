"""Keywords as the command line would have them: checked by the same declarations, completed from the same settings.

The rule: an option is declared once, in `cli/`. What a keyword does not say is looked for where the command line looks:
an `INSTGEN_*` variable, `./instgen.toml`, the user's own settings, the default.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from types import SimpleNamespace
from typing import Any, TypedDict, TypeVar

import typer

from instgen.cli.main import app
from instgen.cli.options import Asking, Writing
from instgen.errors import UsageError

Group = TypeVar("Group", Asking, Writing)
PathLike = str | os.PathLike[str]


class Options(TypedDict, total=False):
    """What every call takes that asks a teacher; docs/commands.md has them all, with their defaults."""

    teacher: str
    judge: str | None
    base_url: str | Sequence[str] | None
    api_key_env: str | None
    api_key_file: PathLike | None
    allow_http: bool
    concurrency: int | None
    timeout: float
    tries: int
    rpm: float | None
    tpm: float | None
    grace: float | None
    temperature: float | None
    top_p: float | None
    max_tokens: int | None
    seed: int
    max_requests: int | None
    max_total_tokens: int | None
    max_cost: float | None
    max_failures: str
    journal: PathLike | None
    no_journal: bool
    retry_failed: bool
    prompts: PathLike | None
    config: PathLike | None
    quiet: bool


@dataclass(frozen=True, slots=True)
class Said:
    """What a call says, as its command would be told."""

    own: Any
    """The command's own options, by name."""
    asking: Asking
    writing: Writing


def said(command: str, own: Mapping[str, object], shared: Mapping[str, Any]) -> Said:
    """The keywords of a call, read as options of its command.

    Args:
        command: its name.
        own: options of the command alone; None leaves one to the settings.
        shared: options of how a teacher is asked.

    Raises:
        UsageError: a keyword that is not known, or a value that cannot be.
        InputError: settings that cannot be read.
    """
    program, root = _program()
    declared = program.commands[command]
    flags = {option.name: option.opts[-1] for option in declared.params if option.name}
    given = {**own, **shared}
    _check(command, given, [*own, *(name for name in Options.__annotations__ if name in flags)])
    try:
        context = declared.make_context(command, list(_argv(given, flags)), parent=root)
    except typer.BadParameter as problem:
        raise UsageError(f"{command}: {problem.format_message()}") from problem
    values = context.params | {name: value for name, value in given.items() if value is False}
    return Said(
        SimpleNamespace(**{name: values[name] for name in own}), _filled(Asking, values), _filled(Writing, values)
    )


@cache
def _program() -> tuple[Any, Any]:
    """The commands as they are declared, and the context that stands above each of them."""
    program = typer.main.get_command(app)
    return program, program.context_class(program, info_name="instgen")


def _check(command: str, given: Mapping[str, object], known: Sequence[str]) -> None:
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            raise UsageError(f"{command} has no option {name}", f"did you mean {close[0]}?" if close else "")


def _argv(given: Mapping[str, Any], flags: Mapping[str, str]) -> Iterator[str]:
    """The options as words of a command line; what is not said is left out."""
    for name, value in given.items():
        if value is True:
            yield flags[name]
        elif value is not None and value is not False:
            many = isinstance(value, Sequence) and not isinstance(value, str)
            for each in value if many else [value]:
                yield from (flags[name], os.fspath(each) if isinstance(each, os.PathLike) else str(each))


def _filled(group: type[Group], values: Mapping[str, Any]) -> Group:
    return group(**{each.name: values[each.name] for each in fields(group) if each.name in values})
