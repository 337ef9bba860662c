"""Properties that hold for any input: tried on a few inputs in the ordinary suite, and on very many by `make fuzz`.

The rule: an input is either read, or refused by the one error that is documented; it never takes longer than a moment.
A case that was found stands beside the tests of its module under a name of its own.
"""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.inputs import Inputs, named

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "100000"))
"""Inputs of each property under the mark `torture`."""
FEW = 100
"""Inputs of each in the ordinary suite."""
SEED = int(os.environ.get("FUZZ_SEED") or random.SystemRandom().getrandbits(32))
"""Said where a property fails, so that the same inputs can be tried again."""
MOMENT = 2.0
"""Seconds of this process's own time that one input may take: the longest are 20,000 characters."""
BATCH = 100
"""Inputs that are drawn from one seed where there are very many."""
KEY = "sk-1234567890"
"""A key that no error may show."""
_SETTINGS = settings(
    deadline=None,
    derandomize=False,
    database=None,
    print_blob=True,
    report_multiple_bugs=False,
    suppress_health_check=tuple(HealthCheck),
    phases=(Phase.generate, Phase.shrink),
)

Property = Callable[..., None]


def fuzzed(**kinds: Inputs) -> Callable[[Property], Property]:
    """A test of a property: with few inputs, and under the mark `torture` with very many.

    Args:
        kinds: of inputs, by the names of the property's arguments.
    """

    def test_of(holds: Property) -> Property:
        @pytest.mark.parametrize("times", [FEW, pytest.param(EXAMPLES, marks=pytest.mark.torture)])
        def test(times: int) -> None:
            try:
                (_one_by_one if times == FEW else _by_the_batch)(holds, named(kinds), times)
            except BaseException as problem:
                problem.add_note(f"to see it again: FUZZ_SEED={SEED} FUZZ_EXAMPLES={times}")
                raise

        test.__name__, test.__doc__ = holds.__name__, holds.__doc__
        return test

    return test_of


def _one_by_one(holds: Property, inputs: Inputs, times: int) -> None:
    """Try some inputs; one that fails is made as small as can be."""

    @seed(SEED if "FUZZ_SEED" in os.environ else 0)  # the ordinary suite finds the same on every machine
    @settings(_SETTINGS, max_examples=times)
    @given(inputs.strategy)
    def tried(one: dict[str, Any]) -> None:
        holds(**one)

    tried()


def _by_the_batch(holds: Property, inputs: Inputs, times: int) -> None:
    """Try very many: Hypothesis draws the seeds from which so many inputs each are drawn; one that fails is told."""

    @seed(SEED)
    @settings(_SETTINGS, max_examples=-(-times // BATCH), phases=(Phase.generate,))
    @given(st.integers(0, 2**64 - 1))
    def tried(number: int) -> None:
        rng = random.Random(number)
        for _ in range(BATCH):
            one = inputs.draw(rng)
            try:
                holds(**one)
            except BaseException as problem:
                problem.add_note(f"the input: {one!r}")
                raise

    tried()


class TooSlow(AssertionError):
    """An input took longer than a moment."""


@contextmanager
def moment(seconds: float = MOMENT) -> Iterator[None]:
    """What is inside ends within a moment of this process's own time, or the test fails."""

    def ring(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise TooSlow(f"took longer than {seconds} s")

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def told(problem: Exception, where: str = "") -> None:
    """Look whether an error says something, of the right place, and keeps a key to itself."""
    said, hint = str(problem), getattr(problem, "hint", "")
    assert said.strip()
    assert said.startswith(where)
    assert KEY not in said + hint
