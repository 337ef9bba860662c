"""Charts as inline SVG: numbers in, text out; all labels are escaped, and colors are CSS classes that themes define.

Widths are in units of the view box, which the page scales. Each mark has its number as a title, for tooltips and screen
readers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from instgen.report.numbers import Spread

COLORS = 12
"""Number of color classes, `c0` to `c11`, in the style sheet."""
WIDTH = 640
_PLOT = 190
"""Units from side to side of a drawing, and from its top to the axis."""
_LEFT = 72
"""Space for the numbers at the axis: six digits in the large font used on phones."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A segment of a ring: it begins at `start` and spans `share`, both as fractions of the circle."""

    start: float
    share: float
    inner: int
    outer: int


@dataclass(frozen=True, slots=True)
class Slice:
    """A segment of the inner ring, and the parts of it that the outer ring shows."""

    name: str
    size: int
    parts: Sequence[tuple[str, int]]


def histogram(spread: Spread, name: str, *, mark: float | None = None, mark_name: str = "") -> str:
    """A histogram with one bar per bin, and a vertical line at `mark`, if given."""
    left, bottom, top = _LEFT, 30, 26
    plot = WIDTH - left - 20
    tallest = max(spread.counts) or 1
    step = plot / len(spread.counts)
    bars = []
    for at, count in enumerate(spread.counts):
        height = (_PLOT - top) * count / tallest
        label = f"{_bin(spread, at)}: {count:,}"
        bars.append(
            f'<rect class="c0" x="{left + at * step + 0.5:.1f}" y="{_PLOT - height:.1f}" width="{max(step - 1, 1):.1f}"'
            f' height="{height:.1f}"><title>{label}</title></rect>'
        )
    every = max(1, math.ceil(len(spread.edges) / 9))
    shift = step / 2 if _is_single(spread) else 0.0  # the label of a bin with a single number is centered
    ticks = [
        f'<text x="{left + at * step + shift:.1f}" y="{_PLOT + 18}" text-anchor="middle">{_number(edge)}</text>'
        for at, edge in enumerate(spread.edges[:-1] if shift else spread.edges)
        if at % every == 0
    ]
    line = ""
    if mark is not None:
        x = left + plot * (mark - spread.edges[0]) / (spread.edges[-1] - spread.edges[0])
        line = (
            f'<line class="mark" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{_PLOT}"/>'
            f'<text class="mark-name" x="{x - 6:.1f}" y="18" text-anchor="end">{escape(mark_name)}</text>'
        )
    scale = (
        f'<text x="{left - 6}" y="{top + 4}" text-anchor="end">{tallest:,}</text>'
        f'<text x="{left - 6}" y="{_PLOT}" text-anchor="end">0</text>'
        f'<line class="axis" x1="{left}" x2="{WIDTH - 20}" y1="{_PLOT}" y2="{_PLOT}"/>'
    )
    return _svg(name, WIDTH, _PLOT + bottom, "".join([*bars, scale, *ticks, line]))


def bars(
    counts: Mapping[str, int], name: str, *, of: int | None = None, beside: Mapping[str, float] | None = None
) -> str:
    """Rows of a label, a bar and a count; `of` is the total for percentages, `beside` has shares to compare with."""
    total = of or sum(counts.values()) or 1
    widest = max([*counts.values(), *(share * total for share in (beside or {}).values())], default=0) or 1
    rows = []
    for label, count in counts.items():
        mark = ""
        if beside and label in beside:
            x = 100 * beside[label] * total / widest
            mark = f'<line class="mark" x1="{x:.1f}%" x2="{x:.1f}%" y1="0" y2="100%"/>'
        rows.append(
            f'<span class="label" dir="auto" title="{escape(label)}">{escape(label)}</span>'
            f'<svg aria-hidden="true"><rect class="c0" width="{_width(count, widest)}" height="100%"/>'
            f'{mark}</svg><span class="n">{count:,} <span class="dim">{count / total:.1%}</span></span>'
        )
    return f'<div class="bars" role="group" aria-label="{escape(name)}">{"".join(rows)}</div>' if rows else ""


def lines(series: Mapping[str, Sequence[tuple[float, float]]], name: str, *, x_name: str, y_name: str) -> str:
    """A line chart with one line per series, and a legend; "" without points."""
    points = [point for some in series.values() for point in some]
    if not points:
        return ""
    left, top, height = _LEFT, 12, 220
    xs, ys = [x for x, _ in points], [y for _, y in points]
    right, most = max(xs) or 1, max(ys) or 1

    def place(x: float, y: float) -> tuple[str, str]:
        return f"{left + (WIDTH - left - 20) * x / right:.1f}", f"{top + (height - top) * (1 - y / most):.1f}"

    drawn = [
        f'<line class="axis" x1="{left}" x2="{WIDTH - 16}" y1="{height}" y2="{height}"/>',
        f'<text x="{left - 6}" y="{top + 4}" text-anchor="end">{_number(most)}</text>',
        f'<text x="{left - 6}" y="{height}" text-anchor="end">0</text>',
    ]
    drawn += [
        f'<text x="{place(x, 0)[0]}" y="{height + 20}" text-anchor="middle">{_number(x)}</text>'
        for x in sorted(set(xs))
    ]
    legend = []
    for at, (label, some) in enumerate(series.items()):
        color = at % COLORS
        path = " ".join(",".join(place(x, y)) for x, y in some)
        drawn.append(f'<polyline class="l{color}" points="{path}"/>')
        for x, y in some:
            cx, cy = place(x, y)
            title = f"{escape(label)}, {escape(x_name)} {_number(x)}: {_number(y)}"
            drawn.append(f'<circle class="c{color}" cx="{cx}" cy="{cy}" r="4"><title>{title}</title></circle>')
        square = f'<svg aria-hidden="true"><rect class="c{color}" width="100%" height="100%" rx="3"/></svg>'
        legend.append(f"<li>{square}{escape(label)}</li>")
    axes = f'<p class="note">{escape(y_name.capitalize())}, by {escape(x_name)}.</p>'
    return _svg(name, WIDTH, height + 28, "".join(drawn)) + f'<ul class="legend">{"".join(legend)}</ul>{axes}'


def sunburst(slices: Sequence[Slice], name: str) -> str:
    """Two rings: the slices inside and their parts outside; small segments show their label only as a title."""
    total = sum(piece.size for piece in slices) or 1
    drawn = []
    at = 0.0
    for number, piece in enumerate(slices):
        share = piece.size / total
        color = number % COLORS
        label = f"{piece.name}: {piece.size:,}"
        drawn.append(_arc(_Piece(at, share, 70, 160), f"c{color}", label, piece.name))
        inner = at
        for part, size in piece.parts:
            part_share = share * size / piece.size
            drawn.append(
                _arc(_Piece(inner, part_share, 162, 270), f"c{color} outer", f"{piece.name} {part}: {size:,}", part)
            )
            inner += part_share
        at += share
    return _svg(name, 560, 560, f'<g transform="translate(280 280)">{"".join(drawn)}</g>', "sunburst")


def _arc(piece: _Piece, css: str, title: str, label: str) -> str:
    """A segment of a ring, with its label along the radius if there is room."""
    start, share, inner, outer = piece.start, min(piece.share, 0.99999), piece.inner, piece.outer
    corners = [
        (radius * math.sin(turn), -radius * math.cos(turn))
        for radius, turn in (
            (outer, math.tau * start),
            (outer, math.tau * (start + share)),
            (inner, math.tau * (start + share)),
            (inner, math.tau * start),
        )
    ]
    large = int(share > 0.5)
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
    path = (
        f"M{x0:.1f} {y0:.1f}A{outer} {outer} 0 {large} 1 {x1:.1f} {y1:.1f}"
        f"L{x2:.1f} {y2:.1f}A{inner} {inner} 0 {large} 0 {x3:.1f} {y3:.1f}Z"
    )
    middle = (inner + outer) / 2
    text = ""
    if share * math.tau * middle > 13:
        turn = start + share / 2
        angle = turn * 360 - 90
        flip = 180 if 90 < angle % 360 < 270 else 0
        x = middle if not flip else -middle
        text = (
            f'<text transform="rotate({angle + flip:.1f})" x="{x:.0f}" y="4" text-anchor="middle">'
            f"{escape(_short(label, 14))}</text>"
        )
    return f'<g><path class="{css}" d="{path}"><title>{escape(title)}</title></path>{text}</g>'


def _svg(name: str, width: float, height: float, body: str, css: str = "chart") -> str:
    return f'<svg class="{css}" viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(name)}">{body}</svg>'


def _is_single(spread: Spread) -> bool:
    return spread.is_whole and spread.edges[1] - spread.edges[0] == 1


def _bin(spread: Spread, at: int) -> str:
    """The range of a bin in words; the last bin includes all values above it."""
    low, high = spread.edges[at], spread.edges[at + 1]
    if at == len(spread.counts) - 1 and spread.most > high:
        return f"{_number(low)} and more"
    if spread.is_whole and high - low >= 1:
        return _number(low) if high - low == 1 else f"{_number(low)} to {_number(high - 1)}"
    return f"{_number(low)} to {_number(high)}"


def _width(count: float, widest: float) -> str:
    """The CSS width of a bar: 0 for a count of 0, otherwise at least a visible minimum."""
    return f"{max(100 * count / widest, 0.3):.1f}%" if count else "0"


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.3g}"
