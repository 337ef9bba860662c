"""`--rule python-compiles`: leaves out answers with a block of Python code that does not compile.

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
    """What is wrong with some code, "" where nothing is; it is parsed, and never run."""
    if ">>>" in code:  # a dialogue with the interpreter, not a program
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
    """The first block that does not compile."""
    for block in _BLOCK.finditer(record.output):
        if problem := broken(block[1]):
            return Hit(excerpt(block[1].strip()), problem)
    return None


RULE = Rule("python-compiles", "does-not-compile", "Python code in the answer does not compile.", check)
