"""Compute an order from judged pairs: who is better than whom, by how much, and how cycles are resolved.

The rule: a candidate is better than another only if the judge says so in both orders; otherwise they tie (Zheng et al.
2023, section 3.4). A pair without a readable verdict also counts as a tie, never as a win.

Candidates are ordered by wins (Copeland: 1 for a pair won, one half for a tie), then by the sum of margins won minus
margins lost; candidates equal in both share a rank. So in a cycle A > B > C > A all three share a rank, unless the
margins differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from types import MappingProxyType

MARGINS: Mapping[str, int] = MappingProxyType({"negligibly": 0, "slightly": 1, "better": 2, "significantly": 3})
"""Margins: LLaMA 2's four levels, with the larger of its two scales (Touvron et al. 2023, section 3.2.2)."""


@dataclass(frozen=True, slots=True)
class Preference:
    """The judge's verdict on a pair, or on a pair in one order."""

    better: int | None
    """0 for the first, 1 for the second, None for a tie."""
    margin: int | None = None
    """0 to 3, see `MARGINS`; None if the judge gave none."""


TIE = Preference(None, 0)


@dataclass(frozen=True, slots=True)
class Listing:
    """The judge's ranking of a list: groups of tied positions in the list, best first."""

    groups: tuple[tuple[int, ...], ...]
    margins: tuple[int | None, ...] = ()
    """How much better each group is than the next; empty if the judge gave none."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A candidate's result in the order."""

    candidate: int
    """Its index."""
    rank: int
    """From 1; tied candidates share a rank."""
    wins: float
    """1 for each pair won, and one half for each tie."""
    margin: int | None
    """How much better the first candidate is than this one: 0 for itself, and if it is not better; None if unknown."""


def both(first: Preference, second: Preference) -> Preference:
    """The preference for a pair judged in both orders; `second` is the verdict with the two swapped.

    A tie if the verdicts disagree; the margin is the smaller one.
    """
    turned = None if second.better is None else 1 - second.better
    if first.better is None or first.better != turned:
        return TIE
    margins = [margin for margin in (first.margin, second.margin) if margin is not None]
    return Preference(first.better, min(margins, default=None))


def of_pair(listing: Listing, one: int, other: int) -> Preference:
    """The preference between two positions in a listing; its margin is the largest one between their groups."""
    place = {each: at for at, group in enumerate(listing.groups) for each in group}
    if place[one] == place[other]:
        return TIE
    upper, lower = sorted((place[one], place[other]))
    steps = [step for step in listing.margins[upper:lower] if step is not None]
    return Preference(int(place[other] < place[one]), max(steps, default=None))


def standings(size: int, pairs: Mapping[tuple[int, int], Preference]) -> tuple[Standing, ...]:
    """The standing of every candidate, best first; ties keep the candidates' order.

    Args:
        size: the number of candidates.
        pairs: the preference for each pair `(i, j)` with i < j; a missing pair is a tie.
    """
    wins = [0.0] * size
    lead = [0] * size
    for one, other in combinations(range(size), 2):
        preference = pairs.get((one, other), TIE)
        if preference.better is None:
            wins[one] += 0.5
            wins[other] += 0.5
            continue
        winner, loser = (other, one) if preference.better else (one, other)
        wins[winner] += 1
        lead[winner] += preference.margin or 0
        lead[loser] -= preference.margin or 0
    order = sorted(range(size), key=lambda each: (-wins[each], -lead[each]))
    ranks = _ranks([(wins[each], lead[each]) for each in order])
    return tuple(
        Standing(each, rank, wins[each], _behind(order[0], each, pairs))
        for each, rank in zip(order, ranks, strict=True)
    )


def _ranks(keys: Sequence[tuple[float, int]]) -> list[int]:
    """Ranks such as 1, 2, 2, 4: equal keys share a rank, and the next rank counts all before it."""
    ranks = [1]
    for number, (before, key) in enumerate(pairwise(keys), 2):
        ranks.append(ranks[-1] if key == before else number)
    return ranks


def _behind(best: int, other: int, pairs: Mapping[tuple[int, int], Preference]) -> int | None:
    """How much better the best candidate is than another, by the verdict on the two."""
    if best == other:
        return 0
    preference = pairs.get((min(best, other), max(best, other)), TIE)
    won = preference.better == int(other < best)
    return preference.margin if won else 0
