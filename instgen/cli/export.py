"""`instgen export`: the files that each trainer loads."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from instgen.cli.bad_lines import OnBadLine
from instgen.cli.options import Files, expanded_with, written
from instgen.export.kinds import Kind, Pairs, Ties
from instgen.running.options import Writing


class Template(StrEnum):
    """The chat template of a preview."""

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
Learn = Annotated[
    Kind | None, typer.Option("--as", help="Kind of training data.  [default: that of the first 100 records]")
]
Split = Annotated[
    str,
    typer.Option(
        "--split",
        metavar="NAME=SHARE,…",
        help="Splits and their shares; siblings stay together.  [default: train only]",
    ),
]
Shuffle = Annotated[bool, typer.Option("--shuffle", help="Shuffle the rows.")]
Seed = Annotated[
    int,
    typer.Option("--seed", min=0, max=2**63 - 1, envvar="INSTGEN_SEED", help="Random seed for --split and --shuffle."),
]
Meta = Annotated[
    bool, typer.Option("--keep-meta", help="Add columns `id` and `meta`, with everything else that a record holds.")
]
By = Annotated[str, typer.Option("--by", metavar="NAME", help="Score that orders candidates without a rank.")]
Paired = Annotated[Pairs, typer.Option("--pairs", help="Pair the best answer with the worst, or make every pair.")]
Tie = Annotated[
    Ties, typer.Option("--ties", help="Whether answers of equal rank make pairs; the first counts as better.")
]
LeastMargin = Annotated[float, typer.Option("--min-margin", min=0, help="Minimum margin (from `rank`) of a pair.")]
Margin = Annotated[bool, typer.Option("--margin", help="Add the column `margin`, for reward models.")]
Preview = Annotated[
    Template | None, typer.Option("--chat-template", help="Show on stderr how the first three rows look to a model.")
]
Card = Annotated[bool, typer.Option("--card", help="Write a dataset card; hf always has one.")]
License = Annotated[str, typer.Option("--license", metavar="ID", help="License, for the card.")]
Title = Annotated[str, typer.Option("--title", help="Title, for the card.  [default: the folder's name]")]
Seeds = Annotated[str, typer.Option("--seeds", metavar="TEXT", help="Source and license of the seeds, for the card.")]
Summaries = Annotated[
    list[Path] | None,
    typer.Option("--with-summary", help="--summary file of earlier steps, for the card; may be repeated."),
]
BadLines = Annotated[OnBadLine, typer.Option("--on-bad-line", help="What to do about a line that is not a row.")]


@expanded_with(output=written("-o", "--output", help="Folder to write.  [required]"))
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
    license: License = "unknown",
    title: Title = "",
    seeds: Seeds = "",
    with_summary: Summaries = None,
    on_bad_line: BadLines = OnBadLine.ERROR,
    *,
    writing: Writing,
) -> None:
    """Write a folder that a trainer loads. Needs -o DIR. Asks no teacher."""
    import shlex
    import sys

    from instgen.cli.exporting import ExportOptions, export_rows
    from instgen.cli.inputs import need_input
    from instgen.errors import UsageError
    from instgen.export.example import Choice
    from instgen.export.find import find_format
    from instgen.export.parquet import pyarrow
    from instgen.export.split import parse_splits

    form = find_format(to)
    if writing.output is None or str(writing.output) == "-":
        raise UsageError("export needs a folder to write to", "use -o DIR")
    if form.parquet:
        pyarrow()
    asked = ExportOptions(
        form=form,
        inputs=need_input(context, files),
        folder=writing.output,
        command=shlex.join(["instgen", *sys.argv[1:]]),
        kind=as_,
        choice=Choice(by, pairs, ties, min_margin),
        splits=parse_splits(split, seed),
        shuffle=seed if shuffle else None,
        keep_meta=keep_meta,
        margin=margin,
        template=chat_template or "",
        card=card or form.card,
        license=license,
        seeds=seeds,
        title=title,
        summaries=with_summary or (),
        skip_bad_lines=on_bad_line is OnBadLine.SKIP,
    )
    export_rows(asked, writing)
