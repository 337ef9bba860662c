"""Many expressions looked for at once, by RE2's automaton: in time that depends on the length of the text alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

import re2

Name = TypeVar("Name")

_MEMORY = 1 << 26
"""Bytes that the automaton may grow to; beyond, RE2 begins it anew."""


class Automaton(Generic[Name]):
    """Expressions in RE2's syntax that are looked for together, each under a name."""

    def __init__(self, named: Iterable[tuple[Name, str]]) -> None:
        options = re2.Options()
        options.max_mem = _MEMORY
        options.never_capture = True
        expressions = re2.Set.SearchSet(options)
        self._names: list[Name] = []
        for name, expression in named:
            expressions.Add(expression.encode("utf-8"))
            self._names.append(name)
        expressions.Compile()
        self._match = expressions.Match

    def seen(self, text: str) -> list[Name]:
        """The names of the expressions that are in the text; of all of them where it holds half a character."""
        try:
            found = self._match(text.encode("utf-8"))
        except UnicodeEncodeError:
            return list(self._names)
        return [self._names[number] for number in found] if found else []
