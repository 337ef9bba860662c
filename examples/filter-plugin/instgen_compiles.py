"""`--rule python-compiles`: rejects answers with a block of Python code that does not compile.

instgen filter data.jsonl --rule python-compiles --rejects no.jsonl
"""

import ast
import re
import textwrap
import warnings

from instgen.filters.rule import Hit, Rule, excerpt
from instgen.records import Record

_BLOCK = re.compile(r"^[ \t]*```(?:python|py)[ \t]*\n(.*?)^[ \t]*```", re.DOTALL | re.IGNORECASE | re.MULTILINE)


def broken(code: str) -> str:
    """The syntax error in the code, or "" if there is none; the code is parsed but never run."""
    if ">>>" in code:  # an interpreter session, not a program
        return ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(textwrap.dedent(code))
    except SyntaxError as problem:
        return f"line {problem.lineno}: {problem.msg}"
    except (ValueError, RecursionError, MemoryError) as problem:
        return f"cannot be parsed: {problem}"
    return ""


def check(record: Record) -> Hit | None:
    """A hit on the first block that does not compile; None if all do."""
    for block in _BLOCK.finditer(record.output):
        if problem := broken(block[1]):
            return Hit(excerpt(block[1].strip()), problem)
    return None


RULE = Rule("python-compiles", "does-not-compile", "Python code in the answer does not compile.", check)
