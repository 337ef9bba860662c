"""Rules: a `Rule` is one thing that can be wrong with a record, with a name, a reason to count by and a check.

The rule: a check returns a `Hit` or None and reads nothing but the record. A rule about text in any field is a
`TextRule`; `TextRule.on` makes it a `Rule` for particular fields.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from operator import attrgetter

from instgen.errors import UsageError
from instgen.filters.signs import Sign
from instgen.records import Record, Verdict

EVIDENCE = 80
"""Most characters of a text that a verdict quotes."""


@dataclass(frozen=True, slots=True)
class Hit:
    """What a check found: an excerpt of the text, and the value of a check that measures."""

    evidence: str = ""
    value: float | str | None = None


Check = Callable[[Record], Hit | None]


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """A check with its name (for options), its reason (for counts) and a sentence that says what it finds."""

    name: str
    reason: str
    what: str
    check: Check
    limit: float | None = None
    """The threshold, if the rule has one."""
    at: Callable[[float], Check] | None = None
    """Makes the check for a threshold; None for a rule without one."""
    sign: Sign | None = None
    """What a record must contain for the check to find anything; None if there is no such sign."""

    def __call__(self, record: Record) -> Verdict | None:
        """The verdict against this record, or None if the rule finds nothing."""
        hit = self.check(record)
        if hit is None:
            return None
        return Verdict(self.reason, self.name, hit.value, self.limit, hit.evidence)

    def with_limit(self, limit: float) -> Rule:
        """The same rule with another threshold.

        Raises:
            UsageError: the rule has no threshold.
        """
        if self.at is None:
            raise UsageError(f"the rule {self.name} has no threshold")
        return replace(self, limit=limit, check=self.at(limit))


def measuring(
    name: str, reason: str, what: str, at: Callable[[float], Check], limit: float, *, sign: Sign | None = None
) -> Rule:
    """A rule with a threshold; `at` makes its check for any threshold."""
    return Rule(name, reason, what, at(limit), limit, at, sign)


@dataclass(frozen=True, slots=True)
class TextRule:
    """A rule about text, whichever field it is in."""

    name: str
    reason: str
    what: str
    find: Callable[[str], Hit | None]
    sign: Sign | None = None

    def on(self, *fields: str) -> Rule:
        """The rule for these fields of a record, checked in this order."""
        texts = _getting(*fields)

        def check(record: Record) -> Hit | None:
            for text in texts(record):
                if text and (hit := self.find(text)):
                    return hit
            return None

        return Rule(self.name, self.reason, self.what, check, sign=self.sign)


def _getting(*fields: str) -> Callable[[Record], tuple[str, ...]]:
    if len(fields) > 1:
        return attrgetter(*fields)
    field = fields[0]
    return lambda record: (getattr(record, field),)


def excerpt(text: str, start: int = 0, end: int | None = None) -> str:
    """At most 80 characters of a text, on one line, that include (the beginning of) `text[start:end]`."""
    end = len(text) if end is None else end
    room = EVIDENCE - 2
    left = max(0, min(start - (room - min(end - start, room)) // 2, len(text) - room))
    right = min(len(text), left + room)
    line = "".join(char if char.isprintable() else " " for char in text[left:right])
    return "…" * (left > 0) + line + "…" * (right < len(text))
