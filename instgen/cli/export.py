"""`instgen export`: what each trainer loads."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from instgen.cli.filter_options import OnBadLine
from instgen.cli.options import Files, Writing, expanded
from instgen.export.kinds import Kind, Pairs, Ties


class Template(StrEnum):
    """Whose marks a preview shows."""

    CHATML = "chatml"
    LLAMA3 = "llama3"
    MISTRAL = "mistral"


To = Annotated[
    str,
    typer.Argument(
        metavar="FORMAT",
        show_default=False,
        help="alpaca, openai, sharegpt, trl, llamafactory, axolotl, ms-swift, parquet, hf, or a plugin's.",
    ),
]
Learn = Annotated[Kind | None, typer.Option("--as", help="What is learned.  [default: what the first 100 records are]")]
Split = Annotated[
    str,
    typer.Option(
        "--split",
        metavar="NAME=SHARE,…",
        help="Files to draw the rows into; siblings stay together.  [default: train alone]",
    ),
]
Shuffle = Annotated[bool, typer.Option("--shuffle", help="Put the rows in a random order.")]
Seed = Annotated[
    int, typer.Option("--seed", min=0, max=2**63 - 1, envvar="INSTGEN_SEED", help="Another split, another order.")
]
Meta = Annotated[bool, typer.Option("--keep-meta", help="Add `id`, and all else that a record knows as `meta`.")]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="The score that orders candidates without a rank.")]
Paired = Annotated[Pairs, typer.Option("--pairs", help="The best with the worst answer, or every pair.")]
Tie = Annotated[Ties, typer.Option("--ties", help="Whether answers ranked alike make pairs, the first the better.")]
LeastMargin = Annotated[
    float, typer.Option("--min-margin", min=0, help="The least margin (of `rank`) by which a better answer is one.")
]
Margin = Annotated[bool, typer.Option("--margin", help="Add the column `margin`, for reward models.")]
Preview = Annotated[
    Template | None, typer.Option("--chat-template", help="Show on stderr how the first three rows look to a model.")
]
Card = Annotated[bool, typer.Option("--card", help="Write the dataset's card, which hf always has.")]
Licence = Annotated[str, typer.Option("--license", metavar="ID", help="The dataset's license, for the card.")]
Title = Annotated[str, typer.Option("--title", help="Its name, for the card.  [default: the folder's]")]
Seeds = Annotated[str, typer.Option("--seeds", metavar="TEXT", help="Where the seeds come from, and their license.")]
Summaries = Annotated[
    list[Path] | None,
    typer.Option("--with-summary", help="File of earlier steps' summaries, for the card; may be repeated."),
]
BadLines = Annotated[OnBadLine, typer.Option("--on-bad-line", help="What a line that is no row means.")]


@expanded
def export(
    context: typer.Context,
    to: To,
    files: Files = None,
    as_: Learn = None,
    split: Split = "",
    shuffle: Shuffle = False,
    seed: Seed = 0,
    keep_meta: Meta = False,
    by: By = "",
    pairs: Paired = Pairs.ENDS,
    ties: Tie = Ties.DROP,
    min_margin: LeastMargin = 0.0,
    margin: Margin = False,
    chat_template: Preview = None,
    card: Card = False,
    license: Licence = "unknown",
    title: Title = "",
    seeds: Seeds = "",
    with_summary: Summaries = None,
    on_bad_line: BadLines = OnBadLine.ERROR,
    *,
    writing: Writing,
) -> None:
    """Write the folder that a trainer loads. Needs -o DIR. Asks no teacher."""
    import shlex
    import sys

    from instgen.cli.exporting import ExportOptions, export_rows
    from instgen.cli.opening import need_input
    from instgen.errors import UsageError
    from instgen.export.example import Choice
    from instgen.export.find import find_format
    from instgen.export.parquet import pyarrow
    from instgen.export.split import splits_said

    form = find_format(to)
    if writing.output is None or str(writing.output) == "-":
        raise UsageError("export writes a folder of files", "say which: -o DIR")
    if form.parquet:
        pyarrow()
    asked = ExportOptions(
        form=form,
        inputs=need_input(context, files),
        folder=writing.output,
        command=shlex.join(["instgen", *sys.argv[1:]]),
        kind=as_,
        choice=Choice(by, pairs, ties, min_margin),
        splits=splits_said(split, seed),
        shuffle=seed if shuffle else None,
        keep_meta=keep_meta,
        margin=margin,
        template=chat_template or "",
        card=card or form.card,
        licence=license,
        seeds=seeds,
        title=title,
        summaries=with_summary or (),
        skip_bad_lines=on_bad_line is OnBadLine.SKIP,
    )
    export_rows(asked, writing)
