"""Settings from files: the user's own, then `./instgen.toml`; flags and `INSTGEN_*` variables beat both.

A file holds the names of options (`teacher = "openai/gpt-…"`, dashes or underscores), for every command or in a table
of one (`[self-instruct]`). A project's file may not say where requests go, where keys come from or where the journal
lies: data repositories are cloned from strangers, and must not redirect a key.
"""

from __future__ import annotations

from collections.abc import Set
from pathlib import Path
from typing import Any

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


def load_config(context: typer.Context, path: Path | None) -> Path | None:
    """Make the settings files' values the defaults of a command's options; typer calls this before it reads the others.

    Raises:
        InputError: a file that is missing, malformed, or says what it may not.
    """
    import platformdirs

    users = path or platformdirs.user_config_path("instgen") / "config.toml"
    known = {option.name for option in context.command.params if option.name}
    several = {option.name for option in context.command.params if getattr(option, "multiple", False)}
    settings: dict[str, Any] = {}
    if path or users.is_file():
        settings |= _read(users, context, known)
    if PROJECT_FILE.is_file() and PROJECT_FILE.resolve() != users.resolve():
        ours = _read(PROJECT_FILE, context, known)
        if forbidden := USERS_ONLY & {*ours, *_toml(PROJECT_FILE)}:
            hint = "say it in your own settings file, a variable or a flag: a project must not redirect keys"
            raise InputError(str(PROJECT_FILE), f"{min(forbidden)} cannot be set here", hint)
        settings |= ours
    settings = {key: [value] if key in several and isinstance(value, str) else value for key, value in settings.items()}
    context.default_map = {**(context.default_map or {}), **settings}
    return path


def _read(path: Path, context: typer.Context, known: Set[str]) -> dict[str, Any]:
    """One file's values for a command, by parameter name."""
    command = context.info_name or ""
    content = _toml(path)
    everywhere = {key: value for key, value in content.items() if not isinstance(value, dict)}
    here = content.get(command, {})
    if not isinstance(here, dict):
        raise InputError(str(path), f"{command} is a table of settings: [{command}]")
    values = {key.replace("-", "_"): value for key, value in (everywhere | here).items()}
    if unknown := {key.replace("-", "_") for key in everywhere} - _of_any_command(context):
        raise InputError(str(path), f"no command has an option {min(unknown).replace('_', '-')}")
    if wrong := {key.replace("-", "_") for key in here} - known:
        raise InputError(str(path), f"{command} has no option {min(wrong).replace('_', '-')}")
    return {key: value for key, value in values.items() if key in known}


def _toml(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise InputError(str(path), f"not TOML: {problem}") from problem
    except OSError as problem:
        raise InputError(str(path), f"cannot be read: {problem.strerror}") from problem


def _of_any_command(context: typer.Context) -> set[str]:
    """The parameters of all commands: what stands at the top of a file may be for another one."""
    commands = getattr(context.find_root().command, "commands", {}).values()
    return {option.name for command in commands for option in command.params if option.name}
