"""A single pass over a record that shows which rules can find anything in it.

The rule: a sign proves nothing, but without it its rule finds nothing. So skipping rules whose sign is absent never
changes a verdict, and most records have hardly any signs.

All signs are matched together against one text: the instruction, a mark, the input, a mark, the output. The text is
folded as for phrases (see `phrases.plain`) or, if it is ASCII, matched case-insensitively. A record that contains the
mark itself counts as having every sign.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass
from functools import cached_property, partial

from instgen.filters.automaton import Automaton
from instgen.filters.phrases import MARK, any_word, plain
from instgen.records import Record


@dataclass(frozen=True, slots=True, eq=False)
class Sign:
    """A pattern that a record must match for a rule to find anything."""

    pattern: Callable[[bool], str]
    """Given whether the text is ASCII, the expression in RE2's syntax; "" if such a text never has the sign."""


def constant(expression: str) -> Sign:
    """A sign with the same expression for every text."""
    return Sign(lambda _: expression)


def of_words(name: str) -> Sign:
    """The sign of a section of phrases: one of its words, in any of the three texts."""
    return Sign(partial(any_word, name))


def in_instruction(expression: str) -> str:
    """The expression, restricted to the instruction."""
    return rf"\A[^{MARK}]*(?:{expression})"


class Screen:
    """Finds all signs of a table of rules; each automaton is built when first needed."""

    def __init__(self, signs: Iterable[Sign]) -> None:
        self._signs = frozenset(signs)

    def seen(self, record: Record) -> Set[Sign]:
        """The signs that the record has."""
        text = f"{record.instruction}{MARK}{record.input}{MARK}{record.output}"
        if text.count(MARK) != 2:
            return self._signs
        if text.isascii():
            return frozenset(self._ascii.seen(text))
        return frozenset(self._any.seen(MARK.join(map(plain, (record.instruction, record.input, record.output)))))

    @cached_property
    def _ascii(self) -> Automaton[Sign]:
        return Automaton((sign, f"(?i){expression}") for sign in self._signs if (expression := sign.pattern(True)))

    @cached_property
    def _any(self) -> Automaton[Sign]:
        return Automaton((sign, expression) for sign in self._signs if (expression := sign.pattern(False)))
