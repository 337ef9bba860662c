"""Histograms with edges that a reader can name: 1, 2, 5, 10 … for words, equal steps for shares and scores."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence

from instgen.report.numbers import Spread

_STEPS = (1, 2, 2.5, 5, 10)
"""Widths of a bin that read well, but for the power of ten."""


def spread_of(values: Sequence[float], *, bins: int = 24, edges: Sequence[float] | None = None) -> Spread | None:
    """How the values are spread; None where there are none.

    Args:
        values: in any order.
        bins: about how many, of a round width each; what is beyond the 99th percentile goes into the last one.
        edges: the edges, instead.
    """
    if not values:
        return None
    ordered = sorted(values)
    edges = tuple(edges) if edges is not None else _round_edges(ordered, bins)
    counts = [0] * (len(edges) - 1)
    for value in ordered:
        counts[min(max(bisect.bisect_right(edges, value) - 1, 0), len(counts) - 1)] += 1
    return Spread(
        len(ordered),
        sum(ordered) / len(ordered),
        _at(ordered, 0.5),
        _at(ordered, 0.95),
        ordered[0],
        ordered[-1],
        edges,
        tuple(counts),
        is_whole=_are_whole(ordered),
    )


def shares_of(values: Sequence[float]) -> Spread | None:
    """The spread of numbers from 0 to 1, in twentieths."""
    return spread_of(values, edges=[round(at / 20, 2) for at in range(21)])


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def _are_whole(values: Sequence[float]) -> bool:
    return all(float(value).is_integer() for value in values)


def _round_edges(ordered: Sequence[float], bins: int) -> tuple[float, ...]:
    least, most = ordered[0], _at(ordered, 0.99)
    width = (most - least) / bins or 1.0
    if not math.isfinite(width):
        return least, most
    power = 10.0 ** math.floor(math.log10(width))
    step = next(step * power for step in _STEPS if step * power >= width * 0.999)
    if _are_whole(ordered):
        step = max(1.0, math.ceil(step))
    first = math.floor(least / step)
    last = max(math.floor(most / step) + 1, first + 1)
    return tuple(round(at * step, 10) for at in range(first, last + 1))
