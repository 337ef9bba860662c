"""How help looks: a command's own options first, then those that commands share, in groups; an example at the end.

The rule: what help says of a value, it says in words, not in types.
"""

from __future__ import annotations

import re
from typing import Any

from typer.core import TyperCommand, TyperGroup

from instgen.cli.config import said_in_words
from instgen.cli.values import quicken

OWN = "Options"
WORDS = {"int": "N", "float": "N", "int range": "N", "float range": "N", "str": "TEXT", "Path": "PATH", "path": "PATH"}
"""How help calls values, by their type as typer tells it."""
_TYPE = re.compile(r"<(?:list\[)?([^\[\]<>]+)\]?>$")
_LIMITS = re.compile(r"(?:([\d.]+)<=)?x(?:>=([\d.]+)|<=([\d.]+))")
_UNTOLD = str(2**63 - 1)
"""A limit that nobody meets."""
SETTINGS = """\
Each option can also be set by a variable, INSTGEN_{}_OPTION, or in a settings file, your own or ./instgen.toml. To see
the values and where they come from:"""


class Grouped(TyperCommand):
    """A command whose options are shown under the panel that each names (`rich_help_panel`)."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, to be read quickly."""
        return [quicken(param) for param in super().get_params(ctx)]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the parameters; what is wrong in a variable or a file is told as of there."""
        with said_in_words(ctx):
            return super().parse_args(ctx, args)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments, then each group of options."""
        groups: dict[str, list[tuple[str, str]]] = {"Arguments": [], OWN: []}
        for param in self.get_params(ctx):
            is_argument = param.param_type_name == "argument"
            if record := param.get_help_record(ctx):
                panel = getattr(param, "rich_help_panel", None) or OWN
                said = _said(*record, is_argument=is_argument)
                groups.setdefault("Arguments" if is_argument else panel, []).append(said)
        for name, records in groups.items():
            if records:
                with formatter.section(name):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the example as it stands, and where else options can be said."""
        if self.epilog:
            with formatter.section("Example"):
                for line in self.epilog.splitlines():
                    formatter.write(f"{'':{formatter.current_indent}}{line}\n")
            with formatter.section("Settings"):
                formatter.write_text(SETTINGS.format(ctx.info_name.replace("-", "_").upper()))
                formatter.write(f"{'':{formatter.current_indent}}instgen config show {ctx.info_name} --origin\n")


def _said(name: str, about: str, *, is_argument: bool) -> tuple[str, str]:
    """What help says of a parameter: its names and its value, and what it does."""
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


class Listed(TyperGroup):
    """A group of commands that says of each all that its first line says."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The parameters, to be read quickly."""
        return [quicken(param) for param in super().get_params(ctx)]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write each command's first line."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, (each.help or "").partition("\n")[0]) for name, each in self.commands.items()])
