"""What every run can be told: how a teacher is asked and paid for, where records and talk go. Plain data.

The rule: types and defaults stand here; what an option is called on a command line, its help and its limits stand in
`cli/options.py`, once for each field. Cheap to import: `--help` waits for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Profile(StrEnum):
    """Whose constants hold."""

    DEFAULT = "default"
    PAPER = "paper"


@dataclass(frozen=True, slots=True)
class Explicit:
    """Which options somebody said for this run, by name; the others come from settings files, or are defaults."""

    flags: frozenset[str] = frozenset()
    """Said by the command line, or by a call's keyword."""
    variables: frozenset[str] = frozenset()
    """Said by an `INSTGEN_*` variable."""

    def __contains__(self, option: str) -> bool:
        return option in self.flags or option in self.variables


NONE_SAID = Explicit()


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
    explicit: Explicit = NONE_SAID
    """No option, but which of them were said."""


@dataclass(frozen=True, slots=True)
class Writing:
    """Where records and talk go."""

    output: Path | None = None
    force: bool = False
    rejects: Path | None = None
    summary: Path | None = None
    quiet: bool = False
    verbose: bool = False
    config: Path | None = None
    """The settings file that was named, instead of the user's own."""
