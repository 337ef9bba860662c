"""Distributions with histograms whose bins have round edges that are easy to read."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence

from instgen.report.numbers import Spread

_STEPS = (1, 2, 2.5, 5, 10)
"""Round widths of a bin, to be multiplied by a power of ten."""


def spread_of(values: Sequence[float], *, bins: int = 24, edges: Sequence[float] | None = None) -> Spread | None:
    """The distribution of the values; None if there are none.

    Args:
        values: in any order.
        bins: the approximate number of bins, which have a round width; the last one includes all values above the
            99th percentile.
        edges: the edges of the bins, in place of computed ones.
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
    """The distribution of numbers from 0 to 1, in bins of 0.05; None if there are none."""
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
