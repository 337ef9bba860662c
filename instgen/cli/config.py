"""Settings from files: the user's own, then `./instgen.toml`; flags and `INSTGEN_*` variables override both.

A file sets options by name (`teacher = "openai/gpt-…"`, with dashes or underscores), at the top for every command or in
a table for one (`[self-instruct]`). A project's file may not say where requests go, where keys come from or where the
journal is: data repositories are cloned from strangers, and must not redirect a key.

The rule: every option of a pipeline command can also be set in a file or by a variable; an error in a setting names the
variable, or the file and line.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from instgen.cli.commands import SETTABLE
from instgen.errors import InputError, UsageError
from instgen.running.options import Explicit
from instgen.running.settings import tables_of, users_file

PROJECT_FILE = Path("instgen.toml")
TABLES = frozenset({"teachers", "prices"})
"""Tables that are not settings of a command (see `running/named.py`)."""
USERS_ONLY = frozenset(
    {
        "base-url",
        "api-key-env",
        "api-key-file",
        "embed-url",
        "embed-key-env",
        "allow-http",
        "journal",
        "output",
        "force",
        "rejects",
        "summary",
        "save-method",
        *TABLES,
    }
)
MODELS, MODEL_FILES = frozenset({"teacher", "judge", "with", "embed"}), ("local/", "static/")
"""Options that name a model, and the prefixes of models that are loaded from a file, by parsers written in C."""
PREFIX = "INSTGEN_"
KEY_ENDINGS = ("_KEY", "_TOKEN")
CLOSE_VARIABLE = 0.85
"""Similarity from which a variable is suggested for an unknown one; the prefix, which all share, is part of it."""

_running: ContextVar[typer.Context | None] = ContextVar("running", default=None)
"""The context of the command whose options were read last."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and the place where it is set: the file, and the line (0 if unknown)."""

    value: Any
    file: Path
    line: int = 0

    @property
    def where(self) -> str:
        """`file:line`, or the file alone if the line is unknown."""
        return _at(self.file, self.line)


def config_option(**more: Any) -> Any:
    """The declaration of `--config`."""
    about = "Settings file to use instead of your own."
    return typer.Option("--config", help=about, envvar="INSTGEN_CONFIG", show_envvar=False, **more)


def load_config(context: typer.Context, path: Path | None) -> Path | None:
    """Make the values in settings files the defaults of a command's options; typer calls this before it reads those.

    Raises:
        InputError: a file is missing or malformed, or has a setting that is not allowed there.
    """
    _running.set(context)
    found = settings_of(context, path)
    context.default_map = {**(context.default_map or {}), **{name: each.value for name, each in found.items()}}
    return path


def explicit() -> Explicit:
    """Which options of the running command were set by flags, and which by variables."""
    context = _running.get()
    return explicit_in(context) if context else Explicit()


def explicit_in(context: typer.Context) -> Explicit:
    """Which options of a command whose parameters were read were set by flags, and which by variables."""
    sources = {name: source.name for name in context.params if (source := context.get_parameter_source(name))}

    def set_by(how: str) -> frozenset[str]:
        return frozenset(name for name, source in sources.items() if source == how)

    return Explicit(set_by("COMMANDLINE"), set_by("ENVIRONMENT"))


def make_settable(command: Any, name: str = "") -> Any:
    """The command, with its options also set by variables and settings files.

    Args:
        command: the command as typer makes it.
        name: the name of a pipeline command; other commands have no variables of their own, only those of the options
            that they share with pipeline commands.
    """
    options = [each for each in command.params if each.param_type_name == "option"]
    for each in options if name else ():
        each.envvar = [_variable(name, setting_of(each)), *([each.envvar] if each.envvar else [])]
        each.show_envvar = False  # help names the pattern once, for all options
    if any(each.envvar for each in options) and not any(setting_of(each) == "config" for each in options):
        command.params.append(_config_param())
    return command


def variable_of(option: Any) -> str:
    """The variable that sets an option now, or else the first one that can."""
    names: list[str] = [option.envvar] if isinstance(option.envvar, str) else option.envvar or [""]
    return next((name for name in names if os.environ.get(name)), names[0])


def unknown_variables(context: Any) -> Iterator[str]:
    """A warning for each `INSTGEN_*` variable that sets no option of any command.

    A variable that holds a key (`--api-key-env INSTGEN_KEY`) is not warned about.
    """
    found = sorted(name for name in os.environ if name.startswith(PREFIX) and not name.endswith(KEY_ENDINGS))
    if all(name in _variables(context.command) for name in found):
        return
    commands = getattr(context.find_root().command, "commands", {})
    known = {variable for name in SETTABLE for variable in _variables(commands[name])}
    for name in found:
        if name not in known:
            yield f"{name} sets nothing: no command has such an option{_meant_variable(name, known)}"


def _variables(command: Any) -> set[str]:
    """All variables that set an option of a command."""
    named = [option.envvar or [] for option in command.params]
    return {name for names in named for name in ([names] if isinstance(names, str) else names)}


def _meant_variable(name: str, known: Iterable[str]) -> str:
    """A suggestion of the variable that is probably meant; "" if none is close."""
    import difflib

    option = name.removeprefix(PREFIX)
    own = [_variable(command, option) for command in SETTABLE]
    close = [each for each in own if each in known] or difflib.get_close_matches(name, sorted(known), 1, CLOSE_VARIABLE)
    return f"; did you mean {close[0]}?" if close else ""


@contextlib.contextmanager
def said_in_words(context: Any) -> Iterator[None]:
    """Attribute an invalid value to the variable or file that sets it; typer reports those of the command line.

    Raises:
        UsageError: the value of a variable is invalid.
        InputError: the value of a setting in a file is invalid.
    """
    try:
        yield
    except typer.BadParameter as problem:
        problem.message = _plainly(problem.message)
        option: Any = problem.param
        source = context.get_parameter_source(option.name) if option else None
        if source is not None and source.name == "ENVIRONMENT":
            raise UsageError(f"{variable_of(option)}: {problem.message}") from problem
        if source is not None and source.name == "DEFAULT_MAP":
            setting = settings_of(context, context.params.get("config"))[option.name]
            raise InputError(setting.where, f"{setting_of(option)}: {problem.message}") from problem
        raise


_PLAINLY = (
    ("Value error, ", ""),
    ("Input should be a valid integer, unable to parse string as an integer", "not a whole number"),
    ("Input should be a valid number, unable to parse string as a number", "not a number"),
    ("Input should be greater than or equal to", "must be at least"),
    ("Input should be less than or equal to", "must be at most"),
)
"""Pydantic's messages about a value (as of 2.14), and ours."""


def _plainly(message: str) -> str:
    for theirs, ours in _PLAINLY:
        message = message.replace(theirs, ours)
    return message


def settings_of(context: typer.Context, path: Path | None) -> dict[str, Setting]:
    """The settings of a command's options in the files, by parameter name.

    Raises:
        InputError: a file is missing or malformed, or has a setting that is not allowed there.
    """
    users = users_file(path)
    found: dict[str, Setting] = {}
    if path or users.is_file():
        found |= _read(users, context)
    if PROJECT_FILE.is_file() and PROJECT_FILE.resolve() != users.resolve():
        ours = _read(PROJECT_FILE, context)
        if forbidden := USERS_ONLY & {*ours, *tables_of(PROJECT_FILE)}:
            hint = "set it in your own settings file, a variable or a flag: a project must not redirect keys"
            name = min(forbidden)
            where = ours[name].where if name in ours else _place(PROJECT_FILE, name)
            raise InputError(where, f"{name} cannot be set here", hint)
        if loaded := [name for name in MODELS & ours.keys() if _names_model_file(ours[name].value)]:
            hint = "set it in your own settings file, a variable or a flag: a project must not have its files loaded"
            raise InputError(ours[loaded[0]].where, f"{loaded[0]} cannot name a model file here", hint)
        found |= ours
    known = {setting_of(option): option for option in _options(context.command)}
    return {known[name].name: _fitting(setting, known[name]) for name, setting in found.items()}


def _names_model_file(value: Any) -> bool:
    """Whether a setting's value, or one in its list, is a model that is loaded from a file."""
    each = value if isinstance(value, list) else [value]
    return any(isinstance(one, str) and one.startswith(MODEL_FILES) for one in each)


def _fitting(setting: Setting, option: Any) -> Setting:
    """The setting, with a single value made a list if the option is repeatable.

    Raises:
        InputError: the value is a table, or a list although the option takes one value.
    """
    each = setting.value if isinstance(setting.value, list) else [setting.value]
    if (not option.multiple and each is setting.value) or any(isinstance(one, list | dict) for one in each):
        form = "one value or a list" if option.multiple else "one value"
        raise InputError(setting.where, f"{setting_of(option)}: must be {form}, as on the command line")
    return Setting(each, setting.file, setting.line) if option.multiple else setting


def _read(path: Path, context: typer.Context) -> dict[str, Setting]:
    """The settings of one file that apply to a command, by name."""
    content = tables_of(path)
    command = context.info_name if context.parent is context.find_root() and context.info_name in SETTABLE else ""
    everywhere = {key: value for key, value in content.items() if not isinstance(value, dict)}
    here = content.get(command, {}) if command else {}
    if not isinstance(here, dict):
        raise InputError(_place(path, "", command), f"{command} is a table of settings: [{command}]")
    for name in content.keys() - everywhere.keys() - {*SETTABLE} - TABLES:
        raise InputError(_place(path, name), f"[{name}]: there is no such command{_meant(name, SETTABLE)}")
    known = {setting_of(option) for option in _options(context.command)}
    strange = [key for key in everywhere if _dashed(key) not in known]
    if strange and (unknown := [key for key in strange if _dashed(key) not in (every := _of_any_command(context))]):
        problem = f"no command has an option {_dashed(unknown[0])}{_meant(unknown[0], every)}"
        raise InputError(_place(path, "", unknown[0]), problem)
    if wrong := [key for key in here if _dashed(key) not in known]:
        problem = f"{command} has no option {_dashed(wrong[0])}{_meant(wrong[0], known)}"
        raise InputError(_place(path, command, wrong[0]), problem)
    found = {_dashed(key): Setting(value, path, _line(path, "", key)) for key, value in everywhere.items()}
    found |= {_dashed(key): Setting(value, path, _line(path, command, key)) for key, value in here.items()}
    return {name: setting for name, setting in found.items() if name in known}


def setting_of(option: Any) -> str:
    """An option's name in settings files: its longest flag, without the leading dashes."""
    return str(max(option.opts, key=len)).lstrip("-")


def _options(command: Any) -> list[Any]:
    """The options that files can set: all of a pipeline command, and of other commands those with a variable."""
    options = [each for each in command.params if each.param_type_name == "option" and setting_of(each) != "config"]
    return options if command.name in {"", *SETTABLE} else [each for each in options if each.envvar]


def _of_any_command(context: typer.Context) -> set[str]:
    """The options of all pipeline commands: a setting at the top of a file may be meant for another command."""
    commands = getattr(context.find_root().command, "commands", {})
    return {setting_of(option) for name in SETTABLE for option in _options(commands[name])}


def _dashed(key: str) -> str:
    return key.replace("_", "-")


def _variable(command: str, setting: str) -> str:
    return f"INSTGEN_{command}_{setting}".replace("-", "_").upper()


def _meant(name: str, known: Iterable[str]) -> str:
    """A suggestion of the known name closest to an unknown one; "" if none is close."""
    import difflib

    close = difflib.get_close_matches(_dashed(name), sorted(known), 1)
    return f"; did you mean {close[0]}?" if close else ""


def _place(path: Path, table: str, key: str = "") -> str:
    return _at(path, _line(path, table, key))


def _at(path: Path, line: int) -> str:
    return f"{path}:{line}" if line else str(path)


def _line(path: Path, table: str, key: str) -> int:
    """The line number of a key in a table, or of the table's header if no key is named; 0 if it is not found."""
    here = ""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if header := re.match(r"""\s*\[\s*["']?([\w-]+)""", line):
            here = header[1]
            if here == table and not key:
                return number
        elif key and here == table and re.match(rf"""\s*["']?{re.escape(key)}["']?\s*=""", line):
            return number
    return 0


def _ask(
    config: Annotated[Path | None, config_option(is_eager=True, callback=load_config, expose_value=False)] = None,
) -> None:
    """A command that only serves to declare `--config`."""
    del config


def _config_param() -> Any:
    """The parameter `--config`, as typer makes it, for commands that do not declare it themselves."""
    asking = typer.Typer(add_completion=False)
    asking.command()(_ask)
    command: Any = typer.main.get_command(asking)
    return command.params[0]
