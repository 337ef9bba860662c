"""From judged pairs to an order: who is better than whom, by how much, and what happens where that goes in a circle.

The rule: a candidate is better than another only where the judge says so with the two in either order; else they tie
(Zheng et al. 2023, section 3.4). A pair without a readable verdict counts as a tie too, never as a win.

The order: first who wins more (Copeland: a pair won counts 1, a tie one half), then who wins by more (margins won less
margins lost); candidates that are equal in both share a rank. So A > B > C > A gives three candidates of one rank,
unless the margins differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from types import MappingProxyType

MARGINS: Mapping[str, int] = MappingProxyType({"negligibly": 0, "slightly": 1, "better": 2, "significantly": 3})
"""How much better: LLaMA 2's four levels, with the larger of its two scales (Touvron et al. 2023, section 3.2.2)."""


@dataclass(frozen=True, slots=True)
class Preference:
    """What the judge says of a pair (or of one order of it): `better` is 0, 1, or None for a tie."""

    better: int | None
    margin: int | None = None
    """0 to 3; None where the judge did not say."""


TIE = Preference(None, 0)


@dataclass(frozen=True, slots=True)
class Listing:
    """What the judge says of several at once: places, best first, in groups that tie."""

    groups: tuple[tuple[int, ...], ...]
    margins: tuple[int | None, ...] = ()
    """How much better each group is than the next; empty where the judge did not say."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one candidate stands among the others."""

    candidate: int
    rank: int
    wins: float
    """Pairs won, and one half for each tie."""
    margin: int | None
    """How much better the first one is: 0 for itself, for a tie and where it is not; None where nobody said."""


def both(first: Preference, second: Preference) -> Preference:
    """What holds of a pair whose two orders were judged; `second` is about the pair shown the other way round."""
    turned = None if second.better is None else 1 - second.better
    if first.better is None or first.better != turned:
        return TIE
    said = [margin for margin in (first.margin, second.margin) if margin is not None]
    return Preference(first.better, min(said, default=None))


def of_pair(listing: Listing, one: int, other: int) -> Preference:
    """What a listing says of two places in it; the margin is that of the largest step between them."""
    place = {each: at for at, group in enumerate(listing.groups) for each in group}
    if place[one] == place[other]:
        return TIE
    upper, lower = sorted((place[one], place[other]))
    steps = [step for step in listing.margins[upper:lower] if step is not None]
    return Preference(int(place[other] < place[one]), max(steps, default=None))


def standings(size: int, pairs: Mapping[tuple[int, int], Preference]) -> tuple[Standing, ...]:
    """Every candidate's standing, best first; those of one rank in the order they came.

    Args:
        size: how many candidates there are.
        pairs: what holds of each pair `(i, j)` with i < j; one that is missing is a tie.
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
    """1, 2, 2, 4: equals share a rank, and the next one counts all before it."""
    ranks = [1]
    for number, (before, key) in enumerate(pairwise(keys), 2):
        ranks.append(ranks[-1] if key == before else number)
    return ranks


def _behind(best: int, other: int, pairs: Mapping[tuple[int, int], Preference]) -> int | None:
    """How much better the best one is than another, as the judge said of the two."""
    if best == other:
        return 0
    preference = pairs.get((min(best, other), max(best, other)), TIE)
    won = preference.better == int(other < best)
    return preference.margin if won else 0
