"""How help looks: a command's own options first, then those that commands share, in groups; an example at the end."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

OWN = "Options"


class Grouped(TyperCommand):
    """A command whose options are shown under the panel that each names (`rich_help_panel`)."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments, then each group of options."""
        groups: dict[str, list[tuple[str, str]]] = {"Arguments": [], OWN: []}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                panel = getattr(param, "rich_help_panel", None) or OWN
                groups.setdefault("Arguments" if param.param_type_name == "argument" else panel, []).append(record)
        for name, records in groups.items():
            if records:
                with formatter.section(name):
                    formatter.write_dl(records)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the example as it stands."""
        del ctx
        if self.epilog:
            with formatter.section("Example"):
                for line in self.epilog.splitlines():
                    formatter.write(f"{'':{formatter.current_indent}}{line}\n")
