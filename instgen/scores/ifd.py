"""IFD (instruction-following difficulty): how little a task helps a model to predict its answer (Li et al. 2024).

The mean loss of the answer's tokens given the instruction, divided by their mean loss without it: a ratio of losses, as
in the paper and its code (Superfiltering uses a ratio of perplexities, which gives other numbers). Near 1 the
instruction hardly helps; above 1 it does not fit the answer. IFD measures difficulty, not correctness.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

NAME = "ifd"


@dataclass(frozen=True, slots=True)
class Ifd:
    """The score as an entry in the list of rubrics."""

    name: str = NAME
    about: str = "How little the instruction helps a model to predict the answer; needs log-probabilities."
    names: tuple[str, ...] = (NAME,)


def ifd(behind: Sequence[float | None], alone: Sequence[float | None]) -> float | None:
    """The IFD of an answer, rounded to four digits; None if there is nothing to compare.

    Args:
        behind: the log-probability of each token of the task followed by the answer.
        alone: the same for the answer alone.

    The first token of a text has no log-probability (None). So the n values of the answer alone are compared with the
    last n values of the answer behind its task.
    """
    own = [value for value in alone if value is not None]
    same = [value for value in behind if value is not None][-len(own) :] if own else []
    if len(same) < len(own) or not sum(own):
        return None
    return round(sum(same) / sum(own), 4)
