"""Settings from files: the user's own, then `./instgen.toml`; flags and `INSTGEN_*` variables beat both.

A file holds the names of options (`teacher = "openai/gpt-…"`, dashes or underscores), for every command or in a table
of one (`[self-instruct]`). A project's file may not say where requests go, where keys come from or where the journal
lies: data repositories are cloned from strangers, and must not redirect a key.
"""

from __future__ import annotations

from collections.abc import Set
from contextvars import ContextVar
from dataclasses import dataclass, replace
from keyword import iskeyword
from pathlib import Path
from typing import Any, Literal

import typer

from instgen.errors import InputError

PROJECT_FILE = Path("instgen.toml")
TABLES = frozenset({"teachers", "prices"})
"""Tables that hold no command's settings (see `named`)."""
USERS_ONLY = frozenset(
    {
        "base_url",
        "api_key_env",
        "api_key_file",
        "embed_url",
        "embed_key_env",
        "allow_http",
        "journal",
        "config",
        "output",
        "force",
        "rejects",
        "summary",
        *TABLES,
    }
)


_running: ContextVar[typer.Context | None] = ContextVar("running", default=None)
"""The command whose options are being read, or were."""


@dataclass(frozen=True, slots=True)
class Said:
    """A value, and the file that says it."""

    value: Any
    file: Path


def load_config(context: typer.Context, path: Path | None) -> Path | None:
    """Make the settings files' values the defaults of a command's options; typer calls this before it reads the others.

    Raises:
        InputError: a file that is missing, malformed, or says what it may not.
    """
    _running.set(context)
    said = settings_of(context, path)
    context.default_map = {**(context.default_map or {}), **{name: each.value for name, each in said.items()}}
    return path


def said_by(option: str) -> Literal["flag", "variable"] | None:
    """Whether the command line or a variable says an option of the command that runs; None for files and defaults."""
    context = _running.get()
    source = context.get_parameter_source(option) if context else None
    if source is None or source.name not in {"COMMANDLINE", "ENVIRONMENT"}:
        return None
    return "flag" if source.name == "COMMANDLINE" else "variable"


def users_file(config: Path | None) -> Path:
    """The user's own settings file, or the one that `--config` names; it need not be there."""
    if config is not None:
        return config
    import platformdirs

    return platformdirs.user_config_path("instgen") / "config.toml"


def settings_of(context: typer.Context, path: Path | None) -> dict[str, Said]:
    """What the files say of a command's options, by parameter name.

    Raises:
        InputError: a file that is missing, malformed, or says what it may not.
    """
    users = users_file(path)
    several = {option.name for option in context.command.params if getattr(option, "multiple", False)}
    settings: dict[str, Said] = {}
    if path or users.is_file():
        settings |= _read(users, context)
    if PROJECT_FILE.is_file() and PROJECT_FILE.resolve() != users.resolve():
        ours = _read(PROJECT_FILE, context)
        if forbidden := USERS_ONLY & {*ours, *tables_of(PROJECT_FILE)}:
            hint = "say it in your own settings file, a variable or a flag: a project must not redirect keys"
            raise InputError(str(PROJECT_FILE), f"{min(forbidden)} cannot be set here", hint)
        settings |= ours
    return {
        name: replace(said, value=[said.value]) if name in several and isinstance(said.value, str) else said
        for name, said in settings.items()
    }


def _read(path: Path, context: typer.Context) -> dict[str, Said]:
    """One file's values for a command, by parameter name."""
    content = tables_of(path)
    commands = _commands(context)
    known = {option.name for option in context.command.params if option.name}
    command = context.info_name if context.info_name in commands else None
    everywhere = {key: value for key, value in content.items() if not isinstance(value, dict)}
    here = content.get(command, {}) if command else {}
    if not isinstance(here, dict):
        raise InputError(str(path), f"{command} is a table of settings: [{command}]")
    if strange := content.keys() - everywhere.keys() - commands - TABLES:
        raise InputError(str(path), f"[{min(strange)}]: there is no such command")
    values = {parameter_of(key): value for key, value in (everywhere | here).items()}
    if unknown := {parameter_of(key) for key in everywhere} - _of_any_command(context):
        raise InputError(str(path), f"no command has an option {setting_of(min(unknown))}")
    if wrong := {parameter_of(key) for key in here} - known:
        raise InputError(str(path), f"{command} has no option {setting_of(min(wrong))}")
    return {key: Said(value, path) for key, value in values.items() if key in known}


def parameter_of(setting: str) -> str:
    """The parameter that a name in a file is for; one that is a word of Python ends in a line."""
    name = setting.replace("-", "_")
    return f"{name}_" if iskeyword(name) else name


def setting_of(parameter: str) -> str:
    """A parameter's name as files have it, and options."""
    return parameter.rstrip("_").replace("_", "-")


def tables_of(path: Path) -> dict[str, Any]:
    """All that a settings file holds.

    Raises:
        InputError: it cannot be read, or is not TOML.
    """
    import tomllib

    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise InputError(str(path), f"not TOML: {problem}") from problem
    except OSError as problem:
        raise InputError(str(path), f"cannot be read: {problem.strerror}") from problem


def _commands(context: typer.Context) -> Set[str]:
    """The names of all commands."""
    return getattr(context.find_root().command, "commands", {}).keys()


def _of_any_command(context: typer.Context) -> set[str]:
    """The parameters of all commands: what stands at the top of a file may be for another one."""
    commands = getattr(context.find_root().command, "commands", {}).values()
    return {option.name for command in commands for option in command.params if option.name}
