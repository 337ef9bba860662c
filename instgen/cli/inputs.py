"""The input files of a command line."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from instgen.errors import UsageError
from instgen.sources import DASH


def need_input(context: typer.Context, files: Sequence[Path] | None) -> tuple[Path, ...]:
    """The named files, or stdin; with no files and a terminal as stdin, print the command's help and exit with 2."""
    if not files and sys.stdin.isatty():
        sys.stderr.write(context.get_help() + "\n")
        raise typer.Exit(UsageError.exit_code)
    return tuple(files or (Path(DASH),))
