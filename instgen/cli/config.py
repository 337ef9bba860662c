"""Settings from files: the user's own, then `./instgen.toml`; flags and `INSTGEN_*` variables beat both.

A file holds the names of options (`teacher = "openai/gpt-…"`, dashes or underscores), for every command or in a table
of one (`[self-instruct]`). A project's file may not say where requests go, where keys come from or where the journal
lies: data repositories are cloned from strangers, and must not redirect a key.

The rule: whatever the command line of a command of the pipeline can say, a file and a variable can say, too; what they
say wrongly is told with the variable's name, or with file and line.
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
"""Tables that hold no command's settings (see `named`)."""
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
"""Options that name a model, and how the name begins of one that is read from a file, by parsers written in C."""


_running: ContextVar[typer.Context | None] = ContextVar("running", default=None)
"""The command whose options are being read, or were."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A value, and the file that says it, with the line where that can be told."""

    value: Any
    file: Path
    line: int = 0

    @property
    def where(self) -> str:
        """`file:line`."""
        return _at(self.file, self.line)


def config_option(**more: Any) -> Any:
    """The option that names a settings file."""
    about = "Settings file to use instead of your own."
    return typer.Option("--config", help=about, envvar="INSTGEN_CONFIG", show_envvar=False, **more)


def load_config(context: typer.Context, path: Path | None) -> Path | None:
    """Make the settings files' values the defaults of a command's options; typer calls this before it reads the others.

    Raises:
        InputError: a file that is missing, malformed, or says what it may not.
    """
    _running.set(context)
    said = settings_of(context, path)
    context.default_map = {**(context.default_map or {}), **{name: each.value for name, each in said.items()}}
    return path


def explicit() -> Explicit:
    """Which options of the command that runs its flags say, and which of them variables do."""
    context = _running.get()
    return explicit_in(context) if context else Explicit()


def explicit_in(context: typer.Context) -> Explicit:
    """Which options of a command that was read its flags say, and which of them variables do."""
    sources = {name: source.name for name in context.params if (source := context.get_parameter_source(name))}

    def said(how: str) -> frozenset[str]:
        return frozenset(name for name, source in sources.items() if source == how)

    return Explicit(said("COMMANDLINE"), said("ENVIRONMENT"))


def make_settable(command: Any, name: str = "") -> Any:
    """The command, whose options have variables of their own and are read from files, too.

    Args:
        command: as typer makes it.
        name: of a command of the pipeline; the others share options with these, and have no variables of their own.
    """
    options = [each for each in command.params if each.param_type_name == "option"]
    for each in options if name else ():
        each.envvar = [_variable(name, setting_of(each)), *([each.envvar] if each.envvar else [])]
        each.show_envvar = False  # there is one for each
    if any(each.envvar for each in options) and not any(setting_of(each) == "config" for each in options):
        command.params.append(_config_param())
    return command


def variable_of(option: Any) -> str:
    """The variable that says an option now, or the one that may."""
    names: list[str] = [option.envvar] if isinstance(option.envvar, str) else option.envvar or [""]
    return next((name for name in names if os.environ.get(name)), names[0])


@contextlib.contextmanager
def said_in_words(context: Any) -> Iterator[None]:
    """Tell what is wrong in a variable or in a file as of there; of the command line, typer tells it.

    Raises:
        UsageError: a variable that cannot be read.
        InputError: a setting that cannot be.
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
            said = settings_of(context, context.params.get("config"))[option.name]
            raise InputError(said.where, f"{setting_of(option)}: {problem.message}") from problem
        raise


_PLAINLY = (
    ("Value error, ", ""),
    ("Input should be a valid integer, unable to parse string as an integer", "not a whole number"),
    ("Input should be a valid number, unable to parse string as a number", "not a number"),
    ("Input should be greater than or equal to", "must be at least"),
    ("Input should be less than or equal to", "must be at most"),
)
"""What pydantic says of a value (2.14), and what we say."""


def _plainly(message: str) -> str:
    for theirs, ours in _PLAINLY:
        message = message.replace(theirs, ours)
    return message


def settings_of(context: typer.Context, path: Path | None) -> dict[str, Setting]:
    """What the files say of a command's options, by parameter name.

    Raises:
        InputError: a file that is missing, malformed, or says what it may not.
    """
    users = users_file(path)
    found: dict[str, Setting] = {}
    if path or users.is_file():
        found |= _read(users, context)
    if PROJECT_FILE.is_file() and PROJECT_FILE.resolve() != users.resolve():
        ours = _read(PROJECT_FILE, context)
        if forbidden := USERS_ONLY & {*ours, *tables_of(PROJECT_FILE)}:
            hint = "set it in your own settings file, a variable or a flag: a project must not redirect keys"
            raise InputError(str(PROJECT_FILE), f"{min(forbidden)} cannot be set here", hint)
        if loaded := [name for name in MODELS & ours.keys() if _names_model_file(ours[name].value)]:
            hint = "set it in your own settings file, a variable or a flag: a project must not have its files loaded"
            raise InputError(ours[loaded[0]].where, f"{loaded[0]} cannot name a model file here", hint)
        found |= ours
    known = {setting_of(option): option for option in _options(context.command)}
    return {known[setting].name: _fitting(said, known[setting]) for setting, said in found.items()}


def _names_model_file(value: Any) -> bool:
    """Whether a setting, or one of several, is a teacher whose model is read from a file."""
    each = value if isinstance(value, list) else [value]
    return any(isinstance(one, str) and one.startswith(MODEL_FILES) for one in each)


def _fitting(said: Setting, option: Any) -> Setting:
    """One value of an option that takes several, as a list.

    Raises:
        InputError: a table, or a list where one value is wanted.
    """
    each = said.value if isinstance(said.value, list) else [said.value]
    if (not option.multiple and each is said.value) or any(isinstance(one, list | dict) for one in each):
        form = "one value or a list" if option.multiple else "one value"
        raise InputError(said.where, f"{setting_of(option)}: must be {form}, as on the command line")
    return Setting(each, said.file, said.line) if option.multiple else said


def _read(path: Path, context: typer.Context) -> dict[str, Setting]:
    """One file's values for a command, by setting."""
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
    said = {_dashed(key): Setting(value, path, _line(path, "", key)) for key, value in everywhere.items()}
    said |= {_dashed(key): Setting(value, path, _line(path, command, key)) for key, value in here.items()}
    return {setting: each for setting, each in said.items() if setting in known}


def setting_of(option: Any) -> str:
    """An option's name as files have it: its longest, without dashes before it."""
    return str(max(option.opts, key=len)).lstrip("-")


def _options(command: Any) -> list[Any]:
    """The options that files may say: of a command of the pipeline all, of others those that they share with these."""
    options = [each for each in command.params if each.param_type_name == "option" and setting_of(each) != "config"]
    return options if command.name in {"", *SETTABLE} else [each for each in options if each.envvar]


def _of_any_command(context: typer.Context) -> set[str]:
    """The options of all commands: what stands at the top of a file may be for another one."""
    commands = getattr(context.find_root().command, "commands", {})
    return {setting_of(option) for name in SETTABLE for option in _options(commands[name])}


def _dashed(key: str) -> str:
    return key.replace("_", "-")


def _variable(command: str, setting: str) -> str:
    return f"INSTGEN_{command}_{setting}".replace("-", "_").upper()


def _meant(said: str, known: Iterable[str]) -> str:
    """A known name that is close to what was said, as a question; "" for none."""
    import difflib

    close = difflib.get_close_matches(_dashed(said), sorted(known), 1)
    return f"; did you mean {close[0]}?" if close else ""


def _place(path: Path, table: str, key: str = "") -> str:
    return _at(path, _line(path, table, key))


def _at(path: Path, line: int) -> str:
    return f"{path}:{line}" if line else str(path)


def _line(path: Path, table: str, key: str) -> int:
    """The line on which a key of a table stands, or the table's own begins where no key is named; 0 where none does."""
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
    """The option `--config` for a command that does not ask what it says."""
    del config


def _config_param() -> Any:
    asking = typer.Typer(add_completion=False)
    asking.command()(_ask)
    command: Any = typer.main.get_command(asking)
    return command.params[0]
