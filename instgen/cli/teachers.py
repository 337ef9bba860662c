"""`instgen teachers`: which teachers there are."""

from __future__ import annotations

import typer

teachers = typer.Typer(help="List the teachers.", no_args_is_help=True, rich_markup_mode=None)


@teachers.callback()
def _teachers() -> None:
    """List the teachers."""


@teachers.command("list")
def list_teachers() -> None:
    """List the providers that `--teacher PROVIDER/MODEL` knows."""
    from instgen.teachers.find import known_providers

    for name in known_providers():
        typer.echo(name)
