"""The program: its commands, and the one place where errors become words and exit codes."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import typer

from instgen import __version__
from instgen.cli import console
from instgen.cli.converse import converse
from instgen.cli.evolve import evolve
from instgen.cli.export import export
from instgen.cli.filter import filter_rows
from instgen.cli.help import Grouped
from instgen.cli.journal import journal
from instgen.cli.prompts import prompts
from instgen.cli.rank import rank
from instgen.cli.report import report
from instgen.cli.respond import respond
from instgen.cli.score import score
from instgen.cli.self_instruct import self_instruct
from instgen.cli.settings import config
from instgen.cli.stats import stats
from instgen.cli.teachers import teachers
from instgen.errors import InstgenError

ABOUT = """\
Instruction data from a handful of seed tasks, in shell pipelines.

\b
    instgen self-instruct seeds.jsonl -n 500 | instgen evolve | instgen filter > data.jsonl

Commands read JSONL from files or stdin, and write JSONL to stdout or -o. Kill any of them and give the same line again:
it goes on, and pays for nothing twice. Without -t a small model in this process answers: no key, no network.
"""

app = typer.Typer(
    name="instgen",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@dataclass(frozen=True, slots=True)
class Command:
    """A command as the list of all shows it, and an example of its use."""

    name: str
    function: Callable[..., None]
    about: str
    example: str


COMMANDS = (
    Command(
        "self-instruct",
        self_instruct,
        "New tasks from seed tasks.",
        "instgen self-instruct seeds.jsonl -n 500 -t openai/MODEL -o tasks.jsonl",
    ),
    Command(
        "evolve",
        evolve,
        "Harder and broader tasks out of records.",
        "instgen evolve tasks.jsonl --rounds 2 -o harder.jsonl --rejects lost.jsonl",
    ),
    Command(
        "respond",
        respond,
        "Answers where they are missing, or several.",
        "instgen respond tasks.jsonl --samples 4 -o answered.jsonl",
    ),
    Command(
        "converse",
        converse,
        "Conversations grown out of records.",
        "instgen converse answered.jsonl --turns 3 -o conversations.jsonl",
    ),
    Command(
        "score",
        score,
        "Scores, by a judge or by rules alone.",
        "instgen score answered.jsonl --rubric quality -o scored.jsonl",
    ),
    Command(
        "rank",
        rank,
        "Candidates in order, for preference data.",
        "instgen respond tasks.jsonl --samples 4 | instgen rank -o ranked.jsonl",
    ),
    Command(
        "filter",
        filter_rows,
        "What passes: rules, duplicates, scores.",
        "instgen filter scored.jsonl --min quality=4 --dedupe novelty -o good.jsonl",
    ),
    Command(
        "export",
        export,
        "The files that a trainer loads.",
        "instgen export trl good.jsonl -o data --split train=0.95,val=0.05",
    ),
    Command("report", report, "A page to look at the data.", "instgen report good.jsonl -o report.html --open"),
    Command(
        "stats", stats, "Its numbers, and limits for them.", "instgen stats good.jsonl --fail-under distinct-2=0.5"
    ),
)
"""The commands in the order of a pipeline."""
for _command in COMMANDS:
    app.command(_command.name, cls=Grouped, short_help=_command.about, epilog=_command.example)(_command.function)
app.add_typer(teachers, name="teachers")
app.add_typer(prompts, name="prompts")
app.add_typer(journal, name="journal")
app.add_typer(config, name="config")


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
    """Let a standard stream that was closed lead nowhere, so that no file of ours gets its number."""
    for fd in (0, 1, 2):
        try:
            os.fstat(fd)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)


def run() -> None:
    """Run the program; expected errors become one line and an exit code, a bug keeps its traceback."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    _open_standard_streams()
    try:
        app()
    except InstgenError as problem:
        console.tell(problem)
        _leave(problem.exit_code)
    except SystemExit as end:
        _leave(end.code)


def _leave(code: int | str | None) -> None:
    """End with this code. Not by way of the interpreter's end where pyreqwest was at work.

    Its threads may still take the interpreter's lock then, which ends the process by SIGABRT after all was done well
    (seen with 0.15.1).
    """
    if "pyreqwest" in sys.modules and isinstance(code, int | None):
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code or 0)
    sys.exit(code)


if __name__ == "__main__":
    run()
