"""Keywords of a call, validated like the options of its command and completed from the same settings.

The rule: an option is declared once, for the command line, of which only `cli.parsed` is imported. An option not given
as a keyword comes from where the command line takes it: an `INSTGEN_*` variable, `./instgen.toml`, the user's
own settings, the default.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from types import SimpleNamespace
from typing import Any, TypedDict, TypeVar

from instgen.cli.parsed import flags_of, parsed
from instgen.errors import UsageError
from instgen.running.options import Asking, Writing

Group = TypeVar("Group", Asking, Writing)
PathLike = str | os.PathLike[str]


class Options(TypedDict, total=False):
    """The keywords of every call that asks a teacher; docs/commands.md lists them with their defaults."""

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
class Arguments:
    """A call's arguments as its command's options."""

    own: Any
    """The options that only this command has, as attributes."""
    asking: Asking
    writing: Writing


def arguments(command: str, own: Mapping[str, object], shared: Mapping[str, Any]) -> Arguments:
    """The keywords of a call, parsed as options of its command.

    Args:
        command: the name of the command.
        own: the options that only this command has; None means not given.
        shared: the options that commands share (`Options`).

    Raises:
        UsageError: a keyword is unknown, or a value is invalid.
        InputError: a settings file cannot be read.
    """
    flags = flags_of(command)
    given = {**own, **shared}
    _check(command, given, [*own, *(name for name in Options.__annotations__ if name in flags)])
    found = parsed(command, given)
    asking = replace(_filled(Asking, found.values), explicit=found.explicit)
    only = SimpleNamespace(**{name: found.values[name] for name in own})
    return Arguments(only, asking, _filled(Writing, found.values))


def _check(command: str, given: Mapping[str, object], known: Sequence[str]) -> None:
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            raise UsageError(f"{command} has no option {name}", f"did you mean {close[0]}?" if close else "")


def _filled(group: type[Group], values: Mapping[str, Any]) -> Group:
    return group(**{each.name: values[each.name] for each in fields(group) if each.name in values})
