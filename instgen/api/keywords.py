"""Keywords as the command line would have them: checked by the same declarations, completed from the same settings.

The rule: an option is declared once, for the command line, and `cli.parsed` is all that is imported of it. What a
keyword does not say is looked for where the command line looks: an `INSTGEN_*` variable, `./instgen.toml`, the user's
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
    flags = flags_of(command)
    given = {**own, **shared}
    _check(command, given, [*own, *(name for name in Options.__annotations__ if name in flags)])
    told = parsed(command, given)
    asking = replace(_filled(Asking, told.values), explicit=told.explicit)
    return Said(SimpleNamespace(**{name: told.values[name] for name in own}), asking, _filled(Writing, told.values))


def _check(command: str, given: Mapping[str, object], known: Sequence[str]) -> None:
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(name, known, 1)
            raise UsageError(f"{command} has no option {name}", f"did you mean {close[0]}?" if close else "")


def _filled(group: type[Group], values: Mapping[str, Any]) -> Group:
    return group(**{each.name: values[each.name] for each in fields(group) if each.name in values})
