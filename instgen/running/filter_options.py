"""The options of `filter`, as plain data. Cheap to import, as `--help` needs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from instgen.errors import UsageError
from instgen.running.options import NONE_EXPLICIT, Explicit


class PresetName(StrEnum):
    """The presets of rules."""

    DEFAULT = "default"
    STRICT = "strict"
    ALPACA = "alpaca"
    C4 = "c4"
    CONVERSATIONS = "conversations"
    OFF = "off"


class Dedupe(StrEnum):
    """The methods that find duplicates."""

    EXACT = "exact"
    NEAR = "near"
    NOVELTY = "novelty"
    SEMANTIC = "semantic"
    OFF = "off"


class Survivor(StrEnum):
    """The row of a cluster of near duplicates that is kept."""

    FIRST = "first"
    LONGEST = "longest"
    BEST = "best"


class Compared(StrEnum):
    """The text that novelty compares."""

    TASK = "task"
    INSTRUCTION = "instruction"


class Sign(StrEnum):
    """The sign that makes a row contaminated."""

    BOTH = "both"
    EIGHT = "8-gram"
    THIRTEEN = "13-gram"


class LookedAt(StrEnum):
    """The part of a row in which benchmark items are looked for."""

    PROMPT = "prompt"
    ALL = "all"


class Personal(StrEnum):
    """What to do about personal data."""

    DROP = "drop"
    MASK = "mask"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class FilterOptions:
    """The options, by name."""

    preset: PresetName = PresetName.DEFAULT
    rule: Sequence[str] = ()
    no_rule: Sequence[str] = ()
    dedupe: Sequence[Dedupe] = ()
    near: float | None = None
    novelty: float | None = None
    novelty_script: Sequence[str] = ()
    novelty_on: Compared = Compared.TASK
    semantic: float | None = None
    embed: str | None = None
    embed_url: str | None = None
    embed_key_env: str | None = None
    journal: Path | None = None
    no_journal: bool = False
    keep: Survivor = Survivor.FIRST
    against: Sequence[Path] = ()
    decontaminate: Sequence[str] = ()
    decontaminate_by: Sign = Sign.BOTH
    decontaminate_on: LookedAt = LookedAt.PROMPT
    pii: Personal | None = None
    lang: Sequence[str] = ()
    same_lang: bool = False
    balance_lang: bool = False
    min: Sequence[str] = ()
    max: Sequence[str] = ()
    top: int | None = None
    by: str | None = None
    sample: int | None = None
    diverse: int | None = None
    seed: int = 0
    explicit: Explicit = NONE_EXPLICIT
    """Which of the options were given for this run; not an option itself."""

    @property
    def methods(self) -> frozenset[Dedupe]:
        """The methods that find duplicates; giving a threshold or an embedding model also selects its method.

        Raises:
            UsageError: `off` is combined with a method.
        """
        named = set(self.dedupe) or {Dedupe.OFF if self.preset is PresetName.OFF else Dedupe.EXACT}
        meaning = self.embed if self.semantic is None else self.semantic
        thresholds = {Dedupe.NEAR: self.near, Dedupe.NOVELTY: self.novelty, Dedupe.SEMANTIC: meaning}
        wanted = {method for method, threshold in thresholds.items() if threshold is not None}
        wanted |= {Dedupe.NOVELTY} if self.novelty_script else set()
        if Dedupe.OFF in self.dedupe and (len(named) > 1 or wanted):
            raise UsageError("--dedupe off cannot be combined with a method", "say either")
        return frozenset((named | wanted) - {Dedupe.OFF})
