"""`instgen config`: show each setting with its value and origin, or create a settings file.

The rule: settings are resolved by the same code as for a command; no key is shown, and whatever looks like one is
hidden.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from instgen import console
from instgen.cli.commands import SETTABLE
from instgen.cli.config import (
    Setting,
    config_option,
    said_in_words,
    setting_of,
    settings_of,
    variable_of,
)
from instgen.running.settings import tables_of, users_file

if TYPE_CHECKING:
    from collections.abc import Mapping

config = typer.Typer(help="Show settings, or create a settings file.", no_args_is_help=True, rich_markup_mode=None)

NEW_FILE, NEW_FOLDER = 0o600, 0o700

HEAD = """\
# Settings for instgen. Every line shows a default; to change it, remove the # in front. A line with nothing after the =
# has no default.
# Flags override variables (INSTGEN_SEED=1), which override ./instgen.toml, which overrides this file.
# Settings in a table such as [self-instruct] apply to that command only.
"""

TAIL = """
# A teacher with its own address and key, for -t NAME, --judge NAME or --with NAME:
#
#     [teachers.big]
#     teacher = "openai/MODEL"
#     base_url = "http://127.0.0.1:8000/v1"
#     api_key_env = "NAME_OF_A_VARIABLE"
#     price = { prompt = 0.2, completion = 0.8 }
#
# Prices in US dollars per million tokens, to override the built-in list:
#
#     [prices]
#     "openai/MODEL" = { prompt = 0.2, completion = 0.8, cached = 0.1 }
"""

FileOption = Annotated[Path | None, config_option()]


@dataclass(frozen=True, slots=True)
class InForce:
    """One setting as a command would receive it; `value` is plain JSON data, or None if unset."""

    name: str
    value: Any
    origin: str


@config.command("show")
def show(
    context: typer.Context,
    command: Annotated[str | None, typer.Argument(metavar="COMMAND", help="Command whose settings to show.")] = None,
    origin: Annotated[bool, typer.Option("--origin", help="Show where each value comes from.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one setting per line.")] = False,
    file: FileOption = None,
) -> None:
    """Show each setting and its value; without a command, those that commands share."""
    import orjson

    for setting in tuple(_settings(context, command, file)):
        if as_json:
            row = {"name": setting.name, "value": setting.value} | ({"origin": setting.origin} if origin else {})
            console.show_json(orjson.dumps(row))
        else:
            console.show(f"{setting.name:<18} {_words(setting.value):<24} {setting.origin if origin else ''}".rstrip())


@config.command("path")
def path() -> None:
    """Print where your settings file is, or would be."""
    console.show(str(users_file(None)))


@config.command("init")
def init(
    context: typer.Context,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Create your settings file, with every option at its default, and print its path."""
    from instgen.errors import UsageError
    from instgen.jsonl import translated

    file = users_file(None)
    if file.exists() and not force:
        raise UsageError(f"{file}: exists already", "--force overwrites it")
    with translated(str(file)):
        file.parent.mkdir(mode=NEW_FOLDER, parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, NEW_FILE)
        with open(descriptor, "w", encoding="utf-8") as out:
            os.fchmod(descriptor, NEW_FILE)
            out.write(_example(context))
    console.show(str(file))


def _settings(context: typer.Context, name: str | None, file: Path | None) -> Iterator[InForce]:
    """The settings of a command; without a name, the shared ones, then the user's own teachers."""
    from typer.core import TyperCommand

    from instgen.errors import UsageError

    commands = _commands(context)
    if name is not None and name not in SETTABLE:
        raise UsageError(f"{name} is not a command with settings", f"known: {', '.join(SETTABLE)}")
    command = commands[name] if name else TyperCommand("", params=list(_shared(commands).values()))
    asked = typer.Context(command, parent=context.find_root(), info_name=name or "")
    found = settings_of(asked, file)
    asked.params["config"] = file
    asked.default_map = {key: each.value for key, each in found.items()}
    for option in _options(command):
        value, source = option.consume_value(asked, {})
        asked.set_parameter_source(option.name, source)
        origin = {
            "ENVIRONMENT": variable_of(option),
            "DEFAULT_MAP": option.name in found and _short(found[option.name]),
        }
        with said_in_words(asked):
            plain = _plain(option.process_value(asked, value))
        yield InForce(setting_of(option), plain, origin.get(source.name) or "default")
    if not name:
        yield from _teachers(users_file(file))


def _teachers(file: Path) -> Iterator[InForce]:
    """The settings of the teachers that the user's file defines."""
    from instgen.running.named import named_teacher

    for name in tables_of(file).get("teachers", {}) if file.is_file() else ():
        if found := named_teacher(name, file):
            for key, value in found.model_dump(mode="json", by_alias=True, exclude_unset=True).items():
                yield InForce(f"teachers.{name}.{key}", _plain(value), _short(Setting(value, file)))


def _example(context: typer.Context) -> str:
    """The text of a settings file in which every option is commented out."""
    commands = _commands(context)
    shared = _shared(commands)
    parts = [HEAD, *map(_line, shared.values())]
    for name in SETTABLE:
        own = [option for option in _options(commands[name]) if not _is_like(option, shared)]
        parts += [f"#[{name}]\n", *map(_line, own)] if own else []
    return "\n".join(parts) + TAIL


def _line(option: Any) -> str:
    value = option.default.value if isinstance(option.default, Enum) else option.default
    return f"# {' '.join(option.help.split())}\n#{setting_of(option)} = {_toml(value)}".rstrip() + "\n"


def _toml(value: Any) -> str:
    """A default in TOML; "" if there is none."""
    import orjson

    return "" if value is None else orjson.dumps(value, default=str).decode()


def _commands(context: typer.Context) -> Mapping[str, Any]:
    """All commands, by name."""
    root: Any = context.find_root().command
    commands: Mapping[str, Any] = root.commands
    return commands


def _shared(commands: Mapping[str, Any]) -> dict[str, Any]:
    """The options that come from a group, by name; they are the same for all commands that have them."""
    from instgen.cli.options import GROUPS

    names = {name for options in GROUPS.values() for name in options}
    found: dict[str, Any] = {}
    for command in SETTABLE:
        found |= {
            option.name: option
            for option in _options(commands[command])
            if option.name in names and option.name not in found
        }
    return found


def _is_like(option: Any, shared: Mapping[str, Any]) -> bool:
    """Whether an option is a shared one with the same default, so that its entry need not be repeated."""
    return option.name in shared and option.default == shared[option.name].default


def _options(command: Any) -> list[Any]:
    return [each for each in command.params if each.param_type_name == "option" and setting_of(each) != "config"]


def _plain(value: Any) -> Any:
    """The value as plain JSON data, with anything that looks like a key hidden."""
    from instgen.teachers.endpoint import shown

    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, Enum):
        return value.value
    return shown(str(value), "") if isinstance(value, str | Path) else value


def _words(value: Any) -> str:
    """The value as text for a person."""
    if value in (None, "", []):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{key} {each}" for key, each in value.items())
    return " ".join(value) if isinstance(value, list) else str(value)


def _short(setting: Setting) -> str:
    """The place of a setting, shortened with `~` if it is in the home folder."""
    home = Path.home()
    return f"~/{Path(setting.where).relative_to(home)}" if setting.file.is_relative_to(home) else setting.where
