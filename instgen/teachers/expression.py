"""Regular expressions of users, searched in time linear in the length of the text.

The rule: Python's `re` never sees a pattern from a file: `(a+)+$` would keep the whole run busy for years on thirty
letters that a teacher wrote. RE2 accepts what it can match in linear time and rejects the rest.
"""

from __future__ import annotations

import importlib
import re

_MEMORY = 1 << 26
"""Maximum size of the automaton in bytes; when it is reached, RE2 discards the automaton and starts over."""
_PYTHONS = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(Z)|.)", re.DOTALL)
"""An escape; the groups capture those of Python that RE2 writes differently."""


class ExpressionError(ValueError):
    """The pattern is invalid, or needs a feature that RE2 lacks because it could take forever."""


class Expression:
    """A compiled regular expression."""

    def __init__(self, pattern: str) -> None:
        r"""Compile a pattern. As in RE2, `\d`, `\s`, `\w` and `\b` match ASCII only, and `\p{L}` matches any letter.

        Raises:
            ExpressionError: RE2 does not accept it; the message is RE2's.
        """
        re2 = importlib.import_module("re2")  # 9 ms, only if a rule has an expression
        options = re2.Options()
        options.max_mem = _MEMORY
        options.never_capture = True
        options.log_errors = False
        try:
            self._search = re2.compile(_PYTHONS.sub(_in_re2, pattern).encode(), options).search
        except (re2.error, UnicodeEncodeError) as problem:
            text = problem.args[0]
            raise ExpressionError(text.decode(errors="replace") if isinstance(text, bytes) else str(problem)) from None

    def occurs_in(self, text: str) -> bool:
        """Whether the expression matches anywhere in the text."""
        return self._search(text.encode(errors="replace")) is not None


def _in_re2(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2]
    if code:
        return rf"\x{{{code}}}"
    return r"\z" if escape[3] else escape[0]
