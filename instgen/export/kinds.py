"""What can be learned from records, and how answers are paired: the words that options are made of.

Cheap to import: `--help` waits for it.
"""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a trainer is to learn from a row."""

    SFT = "sft"
    PROMPT_COMPLETION = "prompt-completion"
    DPO = "dpo"
    KTO = "kto"
    RM = "rm"
    PROMPT = "prompt"

    @property
    def compares(self) -> bool:
        """Whether a row holds a better and a worse answer."""
        return self in (Kind.DPO, Kind.RM)


class Pairs(StrEnum):
    """Which pairs are made of several ranked answers."""

    ENDS = "ends"
    ALL = "all"


class Ties(StrEnum):
    """What becomes of answers that were ranked alike."""

    DROP = "drop"
    KEEP = "keep"
