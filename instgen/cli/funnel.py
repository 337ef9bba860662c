"""The report of `filter`: how many rows reached each step, and what became of them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from instgen import __version__, console
from instgen.cli import command_line
from instgen.cli.progress import Progress
from instgen.console import plural
from instgen.errors import InputError, InstgenError
from instgen.filters.ending import EMPTY
from instgen.records import Verdict
from instgen.running.sieve import RULES

EXAMPLES_A_REASON = 3


@dataclass(frozen=True, slots=True)
class Example:
    """Excerpts of a rejected row and its evidence."""

    text: str
    evidence: str


@dataclass(slots=True)
class Funnel:
    """The counts of a run, in rows except where noted."""

    steps: list[str]
    quiet: bool = False
    verbose: bool = False
    read: int = 0
    kept: int = 0
    rewritten: int = 0
    """Rows that are kept but changed."""
    parts: int = 0
    """Instances and candidates that were removed from rows that are kept."""
    bad_lines: int = 0
    reasons: dict[str, Counter[str]] = field(default_factory=dict)
    """By step, then by reason."""
    examples: dict[str, list[Example]] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    @property
    def rejected(self) -> int:
        """Rows that a step rejected."""
        return sum(counts.total() for counts in self.reasons.values())

    def keep(self, *, rewritten: bool, parts: int) -> None:
        """Count a kept row, and how many of its parts were removed."""
        self.kept += 1
        self.rewritten += rewritten
        self.parts += parts

    def take_back(self, *, rewritten: bool, parts: int) -> None:
        """Undo `keep` for a row that a later selection rejects."""
        self.kept -= 1
        self.rewritten -= rewritten
        self.parts -= parts

    def reject(self, step: str, verdict: Verdict, text: str) -> None:
        """Count a row that a step rejected."""
        self.reasons.setdefault(step, Counter())[verdict.reason] += 1
        if self.verbose:
            examples = self.examples.setdefault(verdict.reason, [])
            if len(examples) < EXAMPLES_A_REASON:
                near = verdict.near.text if verdict.near else ""
                examples.append(Example(text[:100], (verdict.evidence or near)[:80]))

    def pass_over(self, problem: InputError) -> None:
        """Count a line that is not a row; the first is always reported, all of them with `--verbose`."""
        self.bad_lines += 1
        if not self.quiet and (self.verbose or self.bad_lines == 1):
            console.say(f"filter: skipped: {problem.message}")

    def progress(self, rows: int | None) -> Progress:
        """The run's progress; `rows` is the number of rows in the input, if known."""
        total = rows if rows is not None and rows >= self.read else None
        reasons = Counter[str]()
        for counts in tuple(self.reasons.values()):  # copies, because this is another thread
            reasons.update(dict(counts))
        return Progress("filter", self.read, "row", total, f"{self.kept:,} kept", reasons)

    def check(self) -> None:
        """Raise RuntimeError if the counts do not add up, which would be a bug."""
        if self.read != self.kept + self.rejected + self.bad_lines:
            raise RuntimeError(
                f"{self.read} rows read, but {self.kept} kept, {self.rejected} rejected, {self.bad_lines} skipped"
            )

    def tell(self) -> None:
        """Print the report."""
        if self.quiet:
            return
        console.say_text("\n".join(f"filter: {line}" for line in self._lines()))
        empty = self.reasons.get(RULES, Counter[str]())[EMPTY.reason]
        if 2 * empty > self.read - self.bad_lines:
            rows = "row has" if empty == 1 else "rows have"
            console.say(f"filter: {empty:,} {rows} no output: --no-rule {EMPTY.name} keeps tasks without answers")
        for reason, examples in self.examples.items():
            for example in examples:
                console.say(f"  {reason}: {example.text!r}" + (f" ({example.evidence!r})" if example.evidence else ""))

    def summary(self, problem: InstgenError | None) -> dict[str, Any]:
        """The row for `--summary`."""
        total = sum(self.reasons.values(), Counter[str]())
        return {
            "command": "filter",
            "version": __version__,
            "argv": command_line.argv(),
            "read": self.read,
            "kept": self.kept,
            "rejected": self.rejected,
            "bad_lines": self.bad_lines,
            "rewritten": self.rewritten,
            "parts": self.parts,
            "reasons": dict(total.most_common()),
            "steps": [
                {"step": step, "read": read, "kept": read - reasons.total(), "reasons": dict(reasons.most_common())}
                for step, read, reasons in self._steps()
            ],
            "seconds": round(time.monotonic() - self.began, 3),
            "exit_code": problem.exit_code if problem else 0,
        }

    def _steps(self) -> Iterable[tuple[str, int, Counter[str]]]:
        """Each step, the number of rows that reached it, and its rejections by reason."""
        left = self.read - self.bad_lines
        for step in self.steps:
            reasons = self.reasons.get(step, Counter[str]())
            yield step, left, reasons
            left -= reasons.total()

    def _lines(self) -> Iterable[str]:
        parts = [
            f"{self.kept:,} of {self.read:,} {plural('row', self.read)} kept",
            f"{self.rewritten:,} rewritten" if self.rewritten else "",
            f"{self.parts:,} {plural('instance', self.parts)} or {plural('candidate', self.parts)} removed from rows"
            if self.parts
            else "",
            f"{self.bad_lines:,} bad {plural('line', self.bad_lines)} skipped" if self.bad_lines else "",
            console.duration(time.monotonic() - self.began),
        ]
        yield "; ".join(part for part in parts if part)
        for step, read, reasons in self._steps():
            why = ", ".join(f"{reason} {count:,}" for reason, count in reasons.most_common())
            yield f"{step}: {read:,} → {read - reasons.total():,}" + (f" ({why})" if why else "")
