"""The kinds of training data, and how answers are paired: enums that are also the values of options.

Keep this module cheap to import: `--help` loads it.
"""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """A kind of training data (`--as`)."""

    SFT = "sft"
    PROMPT_COMPLETION = "prompt-completion"
    DPO = "dpo"
    KTO = "kto"
    RM = "rm"
    PROMPT = "prompt"

    @property
    def compares(self) -> bool:
        """Whether a row has both a better and a worse answer."""
        return self in (Kind.DPO, Kind.RM)


class Pairs(StrEnum):
    """Which pairs are made from several ranked answers: the best with the worst, or all."""

    ENDS = "ends"
    ALL = "all"


class Ties(StrEnum):
    """Whether answers of equal rank are dropped or make pairs."""

    DROP = "drop"
    KEEP = "keep"
