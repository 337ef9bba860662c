"""`instgen converse`: records extended to conversations."""

from __future__ import annotations

from typing import Annotated

import typer

from instgen.cli.options import Files, expanded
from instgen.running.options import Asking, Writing


@expanded
def converse(
    context: typer.Context,
    files: Files = None,
    turns: Annotated[
        str,
        typer.Option(
            "--turns",
            metavar="T",
            help="Exchanges (question and answer) per conversation: 3, 2-5 (drawn for each), or with weights"
            " 2=0.5,3=0.3,5=0.2.",
        ),
    ] = "3",
    split_tokens: Annotated[
        int | None,
        typer.Option(
            "--split-tokens",
            min=1,
            help="Cut longer conversations into parts, between exchanges; tokens are estimated.",
        ),
    ] = None,
    *,
    asking: Asking,
    writing: Writing,
) -> None:
    """Extend records into conversations: the teacher plays the user, then answers; bad turns end a conversation."""
    from instgen.cli.drive import perform
    from instgen.cli.inputs import need_input
    from instgen.lines import records_of
    from instgen.running.converse import ConverseOptions, converse_job

    inputs = need_input(context, files)
    records = records_of(inputs, may_be_empty=True)
    perform(converse_job(ConverseOptions(turns, split_tokens), records, asking, writing, inputs), asking, writing)
