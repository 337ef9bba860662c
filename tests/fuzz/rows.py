"""Rows as files have them: of shapes that we know, with something else in them, and of none."""

from __future__ import annotations

from typing import Any

from instgen.formats import RowError, records_from
from instgen.formats.record import KEYS
from instgen.records import Record
from tests.fuzz import inputs
from tests.fuzz.fuzzing import told
from tests.fuzz.texts import values

NAMES = (
    * KEYS, "prompt", "completion", "query", "question", "response", "answer", "context", "instances",
    "conversations", "chosen", "rejected", "rejected_response", "rejected_messages", "preferred_output",
    "non_preferred_output", "label", "history", "role", "content", "from", "value", "text", "type", "turns",
    "teacher", "rank", "command", "op", "parents", "margin", "weight", "tool_calls", "name", "Question", "task", "",
)  # fmt: skip
SCALARS = (
    None, True, False, 0, 7, -1, 2**63, 2**64 -1, -(2**63), 1.5, 1e308, 5e-324, "", " ", "a", "Count.", "user",
    "human", "assistant", "gpt", "system", "tool", "text", "1e999", "é\u0301\u2028", "\0", "x" * 300,
)  # fmt: skip
rows = values(SCALARS, NAMES)
_CHAT = [{"role": "user", "content": "Count."}, {"role": "assistant", "content": "1"}]
_SAME = [{"role": "user", "content": "Count."}, {"role": "assistant", "content": "2"}]
_LIKELY: tuple[dict[str, Any], ...] = (
    {"instruction": "Count.", "input": "", "output": "1"},
    {"messages": _CHAT},
    {"conversations": [{"from": "human", "value": "Count."}, {"from": "gpt", "value": "1"}]},
    {"instruction": "Count.", "output": "1", "rejected_response": "2"},
    {"chosen": _CHAT, "rejected": _SAME},
    {"prompt": "Count.", "chosen": "1", "rejected": "2", "label": True},
    {
        "instruction": "Count.",
        "candidates": [{"output": "1", "rank": 1}, {"output": "2", "rank": 2, "scores": {"a": 1, "margin": 2}}],
    },
    {"instruction": "Count.", "instances": [{"input": "", "output": "1"}, {"input": "a", "output": "2"}]},
    {"input": {"messages": _CHAT[:1]}, "preferred_output": _CHAT[1:], "non_preferred_output": _SAME[1:]},
    {"prompt": _CHAT[:1], "completion": _CHAT[1:]},
)


def _likely(said: tuple[int, dict[str, Any]]) -> dict[str, Any]:
    which, more = said
    row = _LIKELY[which % len(_LIKELY)]
    if which % 3 == 0:
        return {key: more.get(key, value) if which % 2 else value for key, value in (more | row).items()}
    return row | more


likely_rows = inputs.tuples(inputs.integers(0, 599), values(SCALARS, NAMES, 6)).map(_likely)
"""Rows of shapes that we know, with something else in them."""


def records_of(row: Any) -> tuple[Record, ...]:
    """The records of a row; none where it is refused as it may be."""
    try:
        return records_from(row)
    except RowError as problem:
        told(problem)
        return ()
