"""IFD: how much a model's surprise at an answer stays when it has seen the instruction (Li et al. 2024).

The mean loss of the answer's tokens behind the instruction, over their mean loss alone: a ratio of losses, as in the
paper and its code (Superfiltering takes one of perplexities, whose numbers are others). Near 1 the instruction helps
little; above 1 it does not fit the answer. It measures difficulty, not correctness.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

NAME = "ifd"


@dataclass(frozen=True, slots=True)
class Ifd:
    """The score's place among the rubrics."""

    name: str = NAME
    about: str = "How little the instruction helps a model to foresee the answer; needs log-probabilities."
    names: tuple[str, ...] = (NAME,)


def ifd(behind: Sequence[float | None], alone: Sequence[float | None]) -> float | None:
    """The ratio, of the log-probabilities of a task with its answer, and of the answer alone.

    The first token of a text has no log-probability. So as many are compared as the answer has by itself, and behind
    the task they are the last ones.
    None where there is nothing to compare.
    """
    own = [value for value in alone if value is not None]
    same = [value for value in behind if value is not None][-len(own) :] if own else []
    if len(same) < len(own) or not sum(own):
        return None
    return round(sum(same) / sum(own), 4)
