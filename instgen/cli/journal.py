"""`instgen journal`: the completions that were paid for, to count, to audit and to forget."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

journal = typer.Typer(help="Inspect, export and prune the journal.", no_args_is_help=True, rich_markup_mode=None)

Where = Annotated[
    Path | None,
    typer.Option("--journal", envvar="INSTGEN_JOURNAL", help="The journal.  [default: in the user's state folder]"),
]
DAY = 86_400.0


@journal.command("info")
def info(where: Where = None) -> None:
    """Show where the journal is, how many completions it holds, and what they cost."""
    from instgen.cli.opening import journal_path
    from instgen.journal import SqliteJournal

    path = journal_path(where)
    entries = 0
    tokens = 0
    cost = 0.0
    teachers: dict[str, int] = {}
    if path.exists():
        kept = SqliteJournal(path)
        for entry in kept.entries():
            entries += 1
            tokens += entry.completion.usage.prompt + entry.completion.usage.completion
            cost += entry.completion.cost or 0.0
            teachers[entry.completion.teacher] = teachers.get(entry.completion.teacher, 0) + 1
        kept.close()
    typer.echo(f"{path}\n{entries} completions, {tokens:,} tokens, {cost:.2f} dollars where the price is known")
    for name, count in sorted(teachers.items()):
        typer.echo(f"  {name}: {count}")


@journal.command("export")
def export(where: Where = None) -> None:
    """Write every completion as JSONL, oldest first: the audit trail."""
    import jsonlines
    import orjson

    from instgen.cli.opening import journal_path
    from instgen.journal import SqliteJournal

    kept = SqliteJournal(journal_path(where))
    with jsonlines.Writer(sys.stdout.buffer, dumps=orjson.dumps) as writer:
        writer.write_all(kept.entries())
    kept.close()


@journal.command("prune")
def prune(
    days: Annotated[float, typer.Option("--older-than", min=0, help="Age in days of what is forgotten.")],
    where: Where = None,
) -> None:
    """Forget old completions; a run that needed them pays for them again."""
    import time

    from instgen.cli.opening import journal_path
    from instgen.journal import SqliteJournal

    kept = SqliteJournal(journal_path(where))
    typer.echo(f"{kept.prune(time.time() - days * DAY)} forgotten")
    kept.close()
