"""A user's regular expression, looked for in time that grows with the text and with nothing else.

The rule: Python's `re` never sees a pattern that comes from a file: `(a+)+$` would keep it, and the whole run, busy for
years over thirty letters that a teacher wrote. RE2 takes what it can do in linear time and refuses the rest.
"""

from __future__ import annotations

import importlib
import re

_MEMORY = 1 << 26
"""Bytes that the automaton may grow to; beyond, RE2 begins it anew."""
_PYTHONS = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(Z)|.)", re.DOTALL)
"""Escapes, and among them those that Python has and RE2 writes otherwise."""


class ExpressionError(ValueError):
    """It is no expression, or one that could take for ever."""


class Expression:
    """One expression."""

    def __init__(self, pattern: str) -> None:
        r"""Compile it. As in RE2, `\d`, `\s`, `\w` and `\b` know ASCII alone, and `\p{L}` is any letter.

        Raises:
            ExpressionError: with RE2's words.
        """
        re2 = importlib.import_module("re2")  # 9 ms, where no rule has an expression
        options = re2.Options()
        options.max_mem = _MEMORY
        options.never_capture = True
        options.log_errors = False
        try:
            self._search = re2.compile(_PYTHONS.sub(_in_re2, pattern).encode(), options).search
        except (re2.error, UnicodeEncodeError) as problem:
            said = problem.args[0]
            raise ExpressionError(said.decode(errors="replace") if isinstance(said, bytes) else str(problem)) from None

    def occurs_in(self, text: str) -> bool:
        """Whether it is found anywhere in a text."""
        return self._search(text.encode(errors="replace")) is not None


def _in_re2(escape: re.Match[str]) -> str:
    code = escape[1] or escape[2]
    if code:
        return rf"\x{{{code}}}"
    return r"\z" if escape[3] else escape[0]
