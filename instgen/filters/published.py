"""The filters in the released code of Self-Instruct and Alpaca that differ from our own rules.

Accidents of that code are not reproduced: it also drops every instruction that does not begin with an ASCII letter or
digit, and with that every Chinese task, and it counts a Chinese sentence as one word.
"""

from __future__ import annotations

import re

from instgen.filters.rule import Hit, Rule, excerpt
from instgen.filters.signs import constant
from instgen.records import Record

_BLOCKED = (
    r"(?<![A-Za-z0-9_])(?:images?|graphs?|pictures?|files?|maps?|draw|plot|go to|video|audio|music|flowchart|diagram)"
    r"(?![A-Za-z0-9_])"
)
"""Self-Instruct's list (`bootstrap_instructions.py`) and Alpaca's five additions (`generate_instruction.py`)."""
_BLOCKED_WORD = re.compile(_BLOCKED, re.I)


def _blocked_word(record: Record) -> Hit | None:
    found = _BLOCKED_WORD.search(record.instruction)
    return Hit(excerpt(record.instruction, found.start(), found.end()), found[0].casefold()) if found else None


BLOCKED_WORD = Rule(
    "blocked-word",
    "blocked-word",
    "The instruction contains one of 18 words such as image, file or plot (Self-Instruct, Alpaca).",
    _blocked_word,
)


def _program(record: Record) -> Hit | None:
    return Hit(excerpt(record.instruction, 0, 15)) if record.instruction.startswith("Write a program") else None


PROGRAM = Rule(
    "write-a-program",
    "write-a-program",
    "The instruction begins with 'Write a program' (Self-Instruct, Alpaca).",
    _program,
)


def _input_announces(record: Record) -> Hit | None:
    text = record.input.rstrip()
    return Hit(excerpt(text, len(text) - 1)) if text.endswith((":", "：")) else None


INPUT_COLON = Rule(
    "input-ends-with-colon",
    "ends-with-colon",
    "The input ends with a colon, and what it announces is missing (Self-Instruct's post-processing).",
    _input_announces,
    sign=constant(":"),
)


def _answer_is_input(record: Record) -> Hit | None:
    return Hit(excerpt(record.output)) if record.output.strip() == record.input.strip() != "" else None


ANSWER_IS_INPUT = Rule(
    "answer-is-input",
    "echo",
    "The answer is exactly the input (Self-Instruct's post-processing).",
    _answer_is_input,
)

PUBLISHED_RULES: tuple[Rule, ...] = (BLOCKED_WORD, PROGRAM, ANSWER_IS_INPUT, INPUT_COLON)
"""In the order in which they are applied."""
