"""`instgen filter`: keep the rows that pass, with a reason for every row that does not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from instgen import console
from instgen.cli.bad_lines import OnBadLine
from instgen.cli.config import explicit
from instgen.cli.options import ASKING, Files, expanded
from instgen.running.filter_options import (
    Compared,
    Dedupe,
    FilterOptions,
    LookedAt,
    Personal,
    PresetName,
    Sign,
    Survivor,
)
from instgen.running.options import Writing

_Texts = list[str] | None
Preset = Annotated[PresetName, typer.Option("--preset", help="Set of rules to start from.")]
Rules = Annotated[
    _Texts, typer.Option("--rule", metavar="NAME[=VALUE]", help="Add a rule, or set its threshold; may be repeated.")
]
Without = Annotated[_Texts, typer.Option("--no-rule", metavar="NAME", help="Remove a rule; may be repeated.")]
Explain = Annotated[bool, typer.Option("--explain", help="List the active rules and exit.")]
Methods = Annotated[
    list[Dedupe] | None,
    typer.Option("--dedupe", help="How to find duplicates; may be repeated.  [default: exact; off with --preset off]"),
]
Near = Annotated[
    float | None,
    typer.Option(
        "--near",
        min=0,
        max=1,
        help="Similarity from which rows are near duplicates; implies --dedupe near.  [default: 0.7 if used]",
    ),
]
Novelty = Annotated[
    float | None,
    typer.Option(
        "--novelty",
        min=0,
        max=1,
        help="Maximum ROUGE-L F of a task with earlier ones; implies --dedupe novelty.  [default: 0.7 if used]",
    ),
]
ByScript = Annotated[
    _Texts,
    typer.Option("--novelty-script", metavar="SCRIPT=VALUE", help="The same for tasks in one script; may be repeated."),
]
On = Annotated[Compared, typer.Option("--novelty-on", help="What to compare; the task includes its input.")]
Semantic = Annotated[
    float | None,
    typer.Option(
        "--semantic",
        min=0,
        max=1,
        help="Cosine from which tasks mean the same; implies --dedupe semantic.  [default: 0.9 if used]",
    ),
]
Embed = Annotated[
    str | None,
    typer.Option(
        "--embed", metavar="MODEL", help="Embedding model, openai/MODEL or static/FOLDER; implies --dedupe semantic."
    ),
]
EmbedUrl = Annotated[
    str | None, typer.Option("--embed-url", help="Address of openai/MODEL.", envvar="INSTGEN_EMBED_URL")
]
EmbedKey = Annotated[
    str | None,
    typer.Option("--embed-key-env", help="Name of the variable that holds its key.", envvar="INSTGEN_EMBED_KEY_ENV"),
]
Journal = Annotated[Path | None, ASKING["journal"]]
NoJournal = Annotated[bool, ASKING["no_journal"]]
Keep = Annotated[Survivor, typer.Option("--keep", help="Which near duplicate to keep; the best has the highest --by.")]
Against = Annotated[
    list[Path] | None, typer.Option("--against", help="File of existing rows to compare with; may be repeated.")
]
Decontaminate = Annotated[
    _Texts,
    typer.Option(
        "--decontaminate", metavar="FILE[:FIELD]", help="Benchmark whose items no row may contain; may be repeated."
    ),
]
DecontaminateBy = Annotated[
    Sign, typer.Option("--decontaminate-by", help="How to find items; both: either test is enough.")
]
DecontaminateOn = Annotated[
    LookedAt, typer.Option("--decontaminate-on", help="What to check: what the user says, or all texts of a row.")
]
Pii = Annotated[Personal | None, typer.Option("--pii", help="What to do with personal data and secrets.")]
Lang = Annotated[_Texts, typer.Option("--lang", metavar="CODE", help="Language to keep; may be repeated.")]
SameLang = Annotated[bool, typer.Option("--same-lang", help="Reject answers in another language than their task.")]
Balance = Annotated[bool, typer.Option("--balance-lang", help="Keep as many rows of each language as of the rarest.")]
Least = Annotated[_Texts, typer.Option("--min", metavar="NAME=VALUE", help="Lowest score to keep; may be repeated.")]
Most = Annotated[_Texts, typer.Option("--max", metavar="NAME=VALUE", help="Highest score to keep; may be repeated.")]
Top = Annotated[int | None, typer.Option("--top", min=0, help="Keep this many rows, the highest by --by.")]
By = Annotated[str | None, typer.Option("--by", metavar="NAME", help="The score for --top, --diverse, --keep best.")]
Sample = Annotated[int | None, typer.Option("--sample", min=0, help="Keep this many rows, drawn at random.")]
Diverse = Annotated[
    int | None,
    typer.Option("--diverse", min=0, help="Keep this many rows that differ from each other, the best first."),
]
Seed = Annotated[
    int,
    typer.Option(
        "--seed",
        min=0,
        max=2**63 - 1,
        envvar="INSTGEN_SEED",
        help="Random seed; a different one draws a different sample.",
    ),
]
BadLines = Annotated[OnBadLine, typer.Option("--on-bad-line", help="What to do about a line that is not a row.")]


@expanded
def filter_rows(
    context: typer.Context,
    files: Files = None,
    preset: Preset = PresetName.DEFAULT,
    rule: Rules = None,
    no_rule: Without = None,
    explain: Explain = False,
    dedupe: Methods = None,
    near: Near = None,
    novelty: Novelty = None,
    novelty_script: ByScript = None,
    novelty_on: On = Compared.TASK,
    semantic: Semantic = None,
    embed: Embed = None,
    embed_url: EmbedUrl = None,
    embed_key_env: EmbedKey = None,
    journal: Journal = None,
    no_journal: NoJournal = False,
    keep: Keep = Survivor.FIRST,
    against: Against = None,
    decontaminate: Decontaminate = None,
    decontaminate_by: DecontaminateBy = Sign.BOTH,
    decontaminate_on: DecontaminateOn = LookedAt.PROMPT,
    pii: Pii = None,
    lang: Lang = None,
    same_lang: SameLang = False,
    balance_lang: Balance = False,
    min: Least = None,
    max: Most = None,
    top: Top = None,
    by: By = None,
    sample: Sample = None,
    diverse: Diverse = None,
    seed: Seed = 0,
    on_bad_line: BadLines = OnBadLine.ERROR,
    *,
    writing: Writing,
) -> None:
    """Keep the rows that pass, unchanged, and say why the others do not. Asks no teacher."""
    from instgen.cli.inputs import need_input

    asked = FilterOptions(
        preset=preset,
        rule=rule or (),
        no_rule=no_rule or (),
        dedupe=dedupe or (),
        near=near,
        novelty=novelty,
        novelty_script=novelty_script or (),
        novelty_on=novelty_on,
        semantic=semantic,
        embed=embed,
        embed_url=embed_url,
        embed_key_env=embed_key_env,
        journal=journal,
        no_journal=no_journal,
        keep=keep,
        against=against or (),
        decontaminate=decontaminate or (),
        decontaminate_by=decontaminate_by,
        decontaminate_on=decontaminate_on,
        pii=pii,
        lang=lang or (),
        same_lang=same_lang,
        balance_lang=balance_lang,
        min=min or (),
        max=max or (),
        top=top,
        by=by,
        sample=sample,
        diverse=diverse,
        seed=seed,
        explicit=explicit(),
    )
    if explain:
        _explain(asked)
    else:
        _filter(asked, need_input(context, files), writing, skip=on_bad_line is OnBadLine.SKIP)


def _explain(asked: FilterOptions) -> None:
    from instgen.running.filter import explained

    console.show("\n".join(explained(asked)))


def _filter(asked: FilterOptions, rows: Sequence[Path], writing: Writing, *, skip: bool) -> None:
    from instgen.cli.sifting import Inputs, sift
    from instgen.running.embedding import opened
    from instgen.running.filter import compared_with, sieve_for

    tell = console.silent if writing.quiet else console.say
    with opened(asked, writing, tell) as vectors:
        sift(sieve_for(asked, tell, vectors), Inputs(rows, compared_with(asked), skip_bad_lines=skip), writing)
