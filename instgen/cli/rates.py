"""The table of `score` for yes/no questions: how often each was answered yes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from instgen import __version__, console
from instgen.cli import summary
from instgen.running.options import Writing
from instgen.scores.free import COMMAND
from instgen.scores.rates import Counts, Rate
from instgen.scores.rubric import Rubric


def tell(counted: Iterable[Counts], writing: Writing) -> None:
    """Print how often each yes/no score was yes, and append it to the summary."""
    for counts in counted:
        rates = counts.rates()
        if not any(rate.judged for rate in rates):
            continue
        if not writing.quiet:
            for line in _lines(counts.rubric, rates):
                console.say(line)
        summary.append(writing, _row(counts.rubric, rates))


def _lines(rubric: Rubric, rates: Sequence[Rate]) -> Iterator[str]:
    """A table of each score: its share of ones, the 95 % interval, and the share that a paper reports, if any."""
    wide = max(len(rate.name) for rate in rates)
    with_paper = any(rate.paper is not None for rate in rates)
    yield f"{COMMAND}: {rubric.name}: shares of {max(rate.judged for rate in rates):,} judged, with 95 % intervals"
    for rate in rates:
        paper = f"   paper {rate.paper:4.0%}" if rate.paper is not None else ""
        low, high = rate.interval.low, rate.interval.high
        yield f"  {rate.name:{wide}}  {rate.share:6.1%}  ({low:.1%} to {high:.1%}){paper if with_paper else ''}"


def _row(rubric: Rubric, rates: Sequence[Rate]) -> dict[str, Any]:
    return {
        "command": COMMAND,
        "version": __version__,
        "rubric": rubric.name,
        "source": rubric.source,
        "rates": {
            rate.name: {
                "judged": rate.judged,
                "ones": rate.ones,
                "share": round(rate.share, 4),
                "low": round(rate.interval.low, 4),
                "high": round(rate.interval.high, 4),
                "paper": rate.paper,
            }
            for rate in rates
        },
    }
