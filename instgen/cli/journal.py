"""`instgen journal`: count, export and delete the stored completions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from instgen import console

journal = typer.Typer(help="Inspect, export and prune the journal.", no_args_is_help=True, rich_markup_mode=None)

Where = Annotated[
    Path | None,
    typer.Option(
        "--journal",
        envvar="INSTGEN_JOURNAL",
        show_envvar=False,
        help="The journal.  [default: in the user's state folder]",
    ),
]
DAY = 86_400.0


@journal.command("info")
def info(where: Where = None) -> None:
    """Show where the journal is, how many completions it holds, and what they cost."""
    from instgen.running.journal import existing_journal

    kept = existing_journal(where)
    console.show(str(kept.path))
    for line in kept.bought():
        price = "unknown" if line.cost is None else f"{line.cost:.2f} dollars"
        completions = f"{line.completions} {console.plural('completion', line.completions)}"
        tokens = f"{line.tokens:,} {console.plural('token', line.tokens)}"
        console.show(f"{line.teacher}: {completions}, {tokens}, price {price}")
    kept.close()


@journal.command("export")
def export(where: Where = None) -> None:
    """Write every completion as JSONL, oldest first: the audit trail."""
    import os

    import jsonlines
    import orjson

    from instgen import terminal
    from instgen.jsonl import translated
    from instgen.running.journal import existing_journal

    kept = existing_journal(where)
    shown = terminal.json_lines if os.isatty(console.STDOUT) else bytes
    with translated("stdout"), open(console.STDOUT, "wb", buffering=0, closefd=False) as out:
        jsonlines.Writer(out, dumps=lambda entry: shown(orjson.dumps(entry))).write_all(kept.entries())
    kept.close()


@journal.command("prune")
def prune(
    days: Annotated[float, typer.Option("--older-than", min=0, help="Age in days of the completions to delete.")],
    where: Where = None,
) -> None:
    """Delete old completions; a run that needs them pays for them again."""
    import time

    from instgen.running.journal import existing_journal

    kept = existing_journal(where)
    console.show(f"{kept.prune(time.time() - days * DAY)} deleted")
    kept.close()
