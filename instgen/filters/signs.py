"""One pass over a record that tells which rules can find anything in it at all.

The rule: a sign proves nothing, but without it the rule finds nothing; so skipping the rules whose signs are absent
never changes a verdict, and most records show hardly any.

All signs are looked for together, in one text: the instruction, a mark, the input, a mark, the output. It is folded as
phrases see it (see `phrases.plain`), or else, where it is all ASCII, read without regard to case. A record that
holds the mark itself shows every sign.
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
    """What a record must show for a rule to find anything."""

    pattern: Callable[[bool], str]
    """An expression in RE2's syntax, given whether the text is ASCII; "" where such a text never shows the sign."""


def constant(expression: str) -> Sign:
    """A sign that looks the same in every text."""
    return Sign(lambda _: expression)


def of_words(name: str) -> Sign:
    """The sign of phrases: one of the words of their section, in any of the three texts."""
    return Sign(partial(any_word, name))


def in_instruction(expression: str) -> str:
    """An expression that counts in the instruction alone."""
    return rf"\A[^{MARK}]*(?:{expression})"


class Screen:
    """All signs of a table of rules, ready to be looked for; what reads them is built when the first text comes."""

    def __init__(self, signs: Iterable[Sign]) -> None:
        self._signs = frozenset(signs)

    def seen(self, record: Record) -> Set[Sign]:
        """The signs that the record shows."""
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
