"""`instgen stats`: the numbers of a report as tables or JSON, with limits that can fail a build."""

from __future__ import annotations

import contextlib
import math
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from instgen import console
from instgen.cli.options import Files
from instgen.cli.surveying import Beside, Lang, RejectFiles, Seeds, Summaries, survey_of
from instgen.errors import LimitMissed, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instgen.report.numbers import Numbers

_Limits = list[str] | None


def stats(
    context: typer.Context,
    files: Files = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    fail_under: Annotated[
        _Limits, typer.Option("--fail-under", metavar="NAME=VALUE", help="Fail if a number is lower; may be repeated.")
    ] = None,
    fail_over: Annotated[
        _Limits, typer.Option("--fail-over", metavar="NAME=VALUE", help="Fail if a number is higher; may be repeated.")
    ] = None,
    with_summary: Summaries = None,
    with_rejects: RejectFiles = None,
    seeds: Seeds = None,
    lang: Lang = "en",
) -> None:
    """Print how many records there are, how long, how similar and of which kinds; exit with 3 if a limit is missed."""
    from instgen.cli.inputs import need_input
    from instgen.jsonl import translated

    least = [_limit(text, "--fail-under") for text in fail_under or ()]
    most = [_limit(text, "--fail-over") for text in fail_over or ()]
    inputs = need_input(context, files)
    seen = survey_of(inputs, Beside(with_summary or (), with_rejects or (), (), seeds, lang))
    check_names(seen.numbers, (*least, *most))
    if as_json:
        import orjson

        from instgen.report.numbers import as_json as object_of

        row = object_of(seen.numbers) | {
            "left_out": {f"{stage} {reason}": count for (stage, reason), count in seen.rejects.counts.items()}
        }
        with translated("stdout"):
            console.show_json(orjson.dumps(row))
    else:
        from instgen.cli.tables import print_numbers

        with translated("stdout"):
            print_numbers(seen.numbers, seen.rejects)
            sys.stdout.flush()
    check(seen.numbers, least, most)


def check_names(numbers: Numbers, limits: Sequence[tuple[str, float]]) -> None:
    """Raise UsageError if a limit names a number that this data does not have."""
    gates = numbers.gates()
    for name, _ in limits:
        if name not in gates:
            raise UsageError(f"no number {name!r} here", f"there are: {', '.join(gates)}")


def check(numbers: Numbers, least: Sequence[tuple[str, float]], most: Sequence[tuple[str, float]]) -> None:
    """Raise LimitMissed if a number is beyond its limit; the names must have been checked by `check_names`."""
    gates = numbers.gates()
    missed = [f"{name} is {gates[name]:.4g}, under {limit:g}" for name, limit in least if gates[name] < limit]
    missed += [f"{name} is {gates[name]:.4g}, over {limit:g}" for name, limit in most if gates[name] > limit]
    if missed:
        raise LimitMissed("; ".join(missed))


def _limit(text: str, option: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    with contextlib.suppress(ValueError):
        limit = float(value)
        if math.isfinite(limit):
            return name, limit
    raise UsageError(f"{option} {text}: not NAME=NUMBER", "for example distinct-2=0.5")
