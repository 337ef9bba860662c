"""The layout of help: a command's own options, then shared options in groups, then an example.

The rule: help describes values in words, not by types.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

from typer.core import TyperCommand, TyperGroup

from instgen.cli.config import said_in_words, unknown_variables
from instgen.cli.values import quicken
from instgen.console import say
from instgen.errors import OutputFailed

OWN = "Options"
WORDS = {"int": "N", "float": "N", "int range": "N", "float range": "N", "str": "TEXT", "Path": "PATH", "path": "PATH"}
"""The placeholders of values in help, by typer's name of their type."""
_TYPE = re.compile(r"<(?:list\[)?([^\[\]<>]+)\]?>$")
_LIMITS = re.compile(r"(?:([\d.]+)<=)?x(?:>=([\d.]+)|<=([\d.]+))")
_UNTOLD = str(2**63 - 1)
"""An upper limit that is not worth mentioning."""
SETTINGS = """\
Each option can also be set by a variable, INSTGEN_{}_OPTION, or in a settings file, your own or ./instgen.toml. To see
the values and where they come from:"""


class Grouped(TyperCommand):
    """A command whose options are shown under the panel that each names (`rich_help_panel`)."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, with fast conversion of their values."""
        return [quicken(param) for param in super().get_params(ctx)]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the parameters; an invalid value is attributed to the variable or file that sets it."""
        with said_in_words(ctx), _written_to_stdout():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command, after a warning about variables that set nothing."""
        if not ctx.params.get("quiet"):
            for warning in unknown_variables(ctx):
                say(f"instgen: {warning}")
        return super().invoke(ctx)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments, then each group of options."""
        groups: dict[str, list[tuple[str, str]]] = {"Arguments": [], OWN: []}
        for param in self.get_params(ctx):
            is_argument = param.param_type_name == "argument"
            if record := param.get_help_record(ctx):
                panel = getattr(param, "rich_help_panel", None) or OWN
                entry = _entry(*record, is_argument=is_argument)
                groups.setdefault("Arguments" if is_argument else panel, []).append(entry)
        for name, records in groups.items():
            if records:
                with formatter.section(name):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the example verbatim, and where else options can be set."""
        if self.epilog:
            with formatter.section("Example"):
                for line in self.epilog.splitlines():
                    formatter.write(f"{'':{formatter.current_indent}}{line}\n")
            with formatter.section("Settings"):
                formatter.write_text(SETTINGS.format(ctx.info_name.replace("-", "_").upper()))
                formatter.write(f"{'':{formatter.current_indent}}instgen config show {ctx.info_name} --origin\n")


def _entry(name: str, about: str, *, is_argument: bool) -> tuple[str, str]:
    """A parameter's entry in help: its names and placeholder, and its description."""
    kind = _TYPE.search(name)
    if kind and is_argument:
        name = name[: kind.start()].rstrip()
    elif kind:
        name = f"{name[: kind.start()]}{WORDS.get(kind[1], kind[1])}"
    return name, _LIMITS.sub(_limits, about)


def _limits(found: re.Match[str]) -> str:
    least, most = found[1] or found[2], found[3]
    if most is None or most == _UNTOLD:
        return f"at least {least}"
    return f"{least} to {most}" if least else f"at most {most}"


@contextlib.contextmanager
def _written_to_stdout() -> Iterator[None]:
    """While parameters are read, the only failures that name no file are those of writing help or the version.

    Raises:
        OutputFailed: stdout cannot be written.
    """
    try:
        yield
    except BrokenPipeError:  # typer ends the program
        raise
    except OSError as problem:
        if problem.filename is not None:
            raise
        raise OutputFailed(f"stdout: cannot be written: {problem.strerror}", "free some disk space") from problem


class Listed(TyperGroup):
    """A group of commands that shows the whole first line of each command's docstring."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, with fast conversion of their values."""
        return [quicken(param) for param in super().get_params(ctx)]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the parameters."""
        with _written_to_stdout():
            return super().parse_args(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write each command's first line."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, (each.help or "").partition("\n")[0]) for name, each in self.commands.items()])
