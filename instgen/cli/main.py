"""The program: its entry point, and the one place where errors become messages and exit codes."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import Annotated

import typer

from instgen import __version__
from instgen.cli import command_line
from instgen.cli.program import Program
from instgen.errors import InputError, InstgenError, ReaderGone

ABOUT = """\
Make instruction-tuning data from a handful of seed tasks, in shell pipelines.

\b
  instgen self-instruct -n 500 | instgen evolve | instgen filter > data.jsonl

Commands read JSONL from files or stdin, and write JSONL to stdout or -o. Stop a command at any point and repeat it: it
continues, and never pays for a call twice. Without -t, a small local model answers: no key, no network.
"""

app = typer.Typer(
    name="instgen",
    cls=Program,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"instgen {__version__}")
        raise typer.Exit


@app.callback(help=ABOUT)
def instgen(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """The program."""
    del version


def _open_standard_streams() -> None:
    """Open /dev/null for each closed standard stream, so that no other file gets its descriptor."""
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)


def run() -> None:
    """Run the program; expected errors become a message and an exit code, a bug keeps its traceback."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _open_standard_streams()
    stdout = sys.stdout
    try:
        app(prog_name="instgen")
    except InstgenError as problem:
        command_line.tell(problem)
        _leave(problem.exit_code)
    except PermissionError as problem:  # a path in a folder that may not be searched
        if problem.filename is None:
            raise
        command_line.tell(InputError(os.fsdecode(problem.filename), "you have no permission to look there"))
        _leave(InputError.exit_code)
    except SystemExit as end:
        # typer replaces stdout when its reader has gone
        _leave(end.code if sys.stdout is stdout else ReaderGone.exit_code)


def _leave(code: int | str | None) -> None:
    """Exit with this code, without the interpreter's shutdown if pyreqwest was used.

    Its threads may still take the interpreter's lock during shutdown, which kills the process by SIGABRT after a
    successful run (seen with pyreqwest 0.15.1).
    """
    if "pyreqwest" in sys.modules and isinstance(code, int | None):
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code or 0)
    sys.exit(code)


if __name__ == "__main__":
    run()
