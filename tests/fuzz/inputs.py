"""Inputs that are drawn in two ways: by Hypothesis, which makes a failing one small, or from a plain random generator.

Hypothesis takes longer to draw an input than most readers take to read it, and repeats itself where it draws
many at once. The functions are called like those of Hypothesis that they stand for.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from hypothesis import strategies as st

_PLANES = (
    (0, 0x7F),
    (0, 0x2FF),
    (0x300, 0x36F),
    (0x2000, 0x20FF),
    (0x3000, 0x30FF),
    (0x4E00, 0x4FFF),
    (0, 0xFFFF),
    (0, 0x10FFFF),
)
"""Where arbitrary letters come from: ASCII, Latin, marks, signs, kana, Han, halves of characters and everything."""
_FLOATS = (0.0, -0.0, 1.0, -1.0, 0.5, 5e-324, 1.7976931348623157e308, 120.0, 1e-9)


@dataclass(frozen=True, slots=True)
class Inputs:
    """A kind of input."""

    strategy: st.SearchStrategy[Any]
    draw: Callable[[Random], Any]

    def map(self, made: Callable[[Any], Any]) -> Inputs:
        """What is made of each."""
        return Inputs(self.strategy.map(made), lambda rng: made(self.draw(rng)))

    def __or__(self, other: Inputs) -> Inputs:
        """The one kind or the other."""
        return Inputs(self.strategy | other.strategy, lambda rng: (self if rng.random() < 0.5 else other).draw(rng))


def just(value: Any) -> Inputs:
    """Always the same."""
    return Inputs(st.just(value), lambda rng: value)


def none() -> Inputs:
    """Nothing."""
    return just(None)


def sampled_from(values: Sequence[Any]) -> Inputs:
    """One of some values."""
    return Inputs(st.sampled_from(values), lambda rng: rng.choice(values))


def booleans() -> Inputs:
    """True or false."""
    return sampled_from((False, True))


def integers(least: int, most: int) -> Inputs:
    """Whole numbers; the ends come more often than the others."""
    return Inputs(
        st.integers(least, most),
        lambda rng: rng.choice((least, most)) if rng.random() < 0.05 else rng.randint(least, most),
    )


def floats() -> Inputs:
    """Finite numbers of any size."""

    def draw(rng: Random) -> float:
        (found,) = struct.unpack("d", rng.randbytes(8))
        return found if math.isfinite(found) and rng.random() < 0.7 else rng.choice(_FLOATS)

    return Inputs(st.floats(allow_nan=False, allow_infinity=False), draw)


def binary(*, max_size: int) -> Inputs:
    """Any bytes."""
    return Inputs(st.binary(max_size=max_size), lambda rng: rng.randbytes(rng.randint(0, max_size)))


def text(alphabet: str = "", *, max_size: int, min_size: int = 0) -> Inputs:
    """Any text, or one of some letters."""
    if alphabet:
        return Inputs(
            st.text(alphabet, min_size=min_size, max_size=max_size),
            lambda rng: "".join(rng.choices(alphabet, k=rng.randint(min_size, max_size))),
        )
    return Inputs(
        st.text(min_size=min_size, max_size=max_size),
        lambda rng: "".join(chr(rng.randint(*rng.choice(_PLANES))) for _ in range(rng.randint(min_size, max_size))),
    )


def lists(each: Inputs, *, max_size: int) -> Inputs:
    """Some of a kind."""
    return Inputs(
        st.lists(each.strategy, max_size=max_size),
        lambda rng: [each.draw(rng) for _ in range(rng.randint(0, max_size))],
    )


def tuples(*kinds: Inputs) -> Inputs:
    """One of each kind."""
    return Inputs(st.tuples(*(kind.strategy for kind in kinds)), lambda rng: tuple(kind.draw(rng) for kind in kinds))


def builds(made: Callable[..., Any], *kinds: Inputs) -> Inputs:
    """What is made of one of each kind."""
    return tuples(*kinds).map(lambda values: made(*values))


def named(kinds: dict[str, Inputs]) -> Inputs:
    """One of each kind, by name."""
    return Inputs(
        st.fixed_dictionaries({name: kind.strategy for name, kind in kinds.items()}),
        lambda rng: {name: kind.draw(rng) for name, kind in kinds.items()},
    )
