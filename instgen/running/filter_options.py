"""What `filter` can be asked for. Cheap to import: `--help` waits for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from instgen.errors import UsageError
from instgen.running.options import NONE_SAID, Explicit


class PresetName(StrEnum):
    """Which rules to begin with."""

    DEFAULT = "default"
    STRICT = "strict"
    ALPACA = "alpaca"
    C4 = "c4"
    CONVERSATIONS = "conversations"
    OFF = "off"


class Dedupe(StrEnum):
    """What counts as a duplicate."""

    EXACT = "exact"
    NEAR = "near"
    NOVELTY = "novelty"
    SEMANTIC = "semantic"
    OFF = "off"


class Survivor(StrEnum):
    """Which row of a cluster stays."""

    FIRST = "first"
    LONGEST = "longest"
    BEST = "best"


class Compared(StrEnum):
    """What novelty is about."""

    TASK = "task"
    INSTRUCTION = "instruction"


class Sign(StrEnum):
    """What makes a row contaminated."""

    BOTH = "both"
    EIGHT = "8-gram"
    THIRTEEN = "13-gram"


class LookedAt(StrEnum):
    """Where in a row benchmarks are looked for."""

    PROMPT = "prompt"
    ALL = "all"


class Personal(StrEnum):
    """What becomes of personal data."""

    DROP = "drop"
    MASK = "mask"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class FilterOptions:
    """What is asked for, by the names of the options."""

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
    explicit: Explicit = NONE_SAID
    """No option, but which of them were said."""

    @property
    def methods(self) -> frozenset[Dedupe]:
        """How duplicates are looked for: a threshold, or a model, asks for its method too."""
        named = set(self.dedupe) or {Dedupe.OFF if self.preset is PresetName.OFF else Dedupe.EXACT}
        meaning = self.embed if self.semantic is None else self.semantic
        thresholds = {Dedupe.NEAR: self.near, Dedupe.NOVELTY: self.novelty, Dedupe.SEMANTIC: meaning}
        wanted = {method for method, threshold in thresholds.items() if threshold is not None}
        wanted |= {Dedupe.NOVELTY} if self.novelty_script else set()
        if Dedupe.OFF in self.dedupe and (len(named) > 1 or wanted):
            raise UsageError("--dedupe off cannot be combined with a method", "say either")
        return frozenset((named | wanted) - {Dedupe.OFF})
