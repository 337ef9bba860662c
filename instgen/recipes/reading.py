"""Temporary."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LABEL = re.compile(r"^\s*(?:\d+\.\s*)?(Instruction|Input|Output):", re.M)


@dataclass(frozen=True, slots=True)
class ReadTask:
    instruction: str
    input: str
    output: str


@dataclass(frozen=True, slots=True)
class Leftover:
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Reply:
    tasks: tuple[ReadTask, ...]
    leftovers: tuple[Leftover, ...]


def read_tasks(reply: str, *, whole: bool, begun: str = "") -> Reply:
    text = begun + reply
    tasks, left = [], []
    for piece in re.split(r"\n###\s*|(?=^Instruction:)", text, flags=re.M):
        if not piece.strip():
            continue
        parts = _LABEL.split(piece)
        got = dict(zip(parts[1::2], (p.strip() for p in parts[2::2])))
        if got.get("Instruction") and got.get("Output"):
            tasks.append(ReadTask(got["Instruction"], got.get("Input", ""), got["Output"]))
        else:
            left.append(Leftover("unparsed", piece))
    if not whole and tasks:
        left.append(Leftover("truncated", tasks.pop().instruction))
    return Reply(tuple(tasks), tuple(left))
