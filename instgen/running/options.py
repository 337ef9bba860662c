"""The options that all runs share, as plain data: how teachers are asked and paid for, and where output goes.

The rule: types and defaults are here; flags, help texts and limits are in `cli/options.py`, once for each field. Cheap
to import, as `--help` needs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Profile(StrEnum):
    """The constants of a method: our own, or those of its paper."""

    DEFAULT = "default"
    PAPER = "paper"


@dataclass(frozen=True, slots=True)
class Explicit:
    """Names of the options given for this run; all others come from settings files or are defaults."""

    flags: frozenset[str] = frozenset()
    """Given on the command line, or as a keyword of a call."""
    variables: frozenset[str] = frozenset()
    """Given by an `INSTGEN_*` variable."""

    def __contains__(self, option: str) -> bool:
        return option in self.flags or option in self.variables


NONE_EXPLICIT = Explicit()


@dataclass(frozen=True, slots=True)
class Asking:
    """How a teacher is reached, asked and paid for; docs/commands.md says what each option means."""

    teacher: str = "local"
    judge: str | None = None
    base_url: list[str] | None = None
    api_key_env: str | None = None
    api_key_file: Path | None = None
    allow_http: bool = False
    concurrency: int | None = None
    timeout: float = 120.0
    tries: int = 5
    rpm: float | None = None
    tpm: float | None = None
    grace: float | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    seed: int = 0
    max_requests: int | None = None
    max_total_tokens: int | None = None
    max_cost: float | None = None
    max_failures: str = "0"
    journal: Path | None = None
    no_journal: bool = False
    retry_failed: bool = False
    prompts: Path | None = None
    dry_run: bool = False
    explicit: Explicit = NONE_EXPLICIT
    """Which of the options were given for this run; not an option itself."""


@dataclass(frozen=True, slots=True)
class Writing:
    """Where records, rejects and messages go."""

    output: Path | None = None
    force: bool = False
    rejects: Path | None = None
    summary: Path | None = None
    quiet: bool = False
    verbose: bool = False
    config: Path | None = None
    """A settings file to use instead of the user's own."""
