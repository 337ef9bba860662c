"""Many expressions matched at once by RE2's automaton, in time that depends only on the length of the text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

import re2

Name = TypeVar("Name")

_MEMORY = 1 << 26
"""Maximum size of the automaton in bytes; beyond it, RE2 discards its states and starts over."""


class Automaton(Generic[Name]):
    """Named expressions in RE2's syntax, all matched in one pass."""

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
        """The names of the expressions found in the text; all names if the text contains a lone surrogate."""
        try:
            found = self._match(text.encode("utf-8"))
        except UnicodeEncodeError:
            return list(self._names)
        return [self._names[number] for number in found] if found else []
