"""What the consumers are given: records that are awkward on purpose, and the folders that instgen makes of them.

The program is another environment's (`INSTGEN` names it), so that nothing here depends on what a trainer pins.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
INSTGEN = os.environ.get("INSTGEN", str(ROOT / ".venv" / "bin" / "instgen"))
KINDS = {
    "alpaca": ("sft",),
    "openai": ("sft", "dpo"),
    "sharegpt": ("sft", "dpo", "kto"),
    "trl": ("sft", "prompt-completion", "dpo", "kto", "rm", "prompt"),
    "llamafactory": ("sft", "dpo", "rm", "kto"),
    "axolotl": ("sft", "dpo", "kto", "rm"),
    "ms-swift": ("sft", "dpo", "rm", "kto", "prompt"),
    "hf": ("sft", "prompt-completion", "dpo", "kto", "rm", "prompt"),
    "parquet": ("sft", "dpo", "kto"),
}
PLAIN = 400
"""Rows before those that have what the first ones have not."""
LONG = "word " * 6000
"""A question so long that the first chunk of ten megabytes, by which a reader tells the types, ends before those."""
LATE = (("trl", "sft"), ("trl", "dpo"), ("hf", "sft"), ("hf", "kto"))
"""What is exported with long questions as well."""


@dataclass(frozen=True, slots=True)
class Said:
    """What one record is known to say."""

    system: str
    turns: tuple[str, ...]
    """User, assistant, user, and so on, without the last answer."""
    answer: str
    worse: str


@cache
def said() -> tuple[Said, ...]:
    """What all records say, in their order."""
    made = [Said("", (f"Question {n}?",), f"Answer {n}.", f"Worse {n}.") for n in range(PLAIN)]
    return (
        *made,
        Said("You are terse.", ("Wie heißt du?",), "Anna 🦊.", "Weiß nicht."),
        Said("", ("起个名字", "小红", "再来一个"), "小明", "不知道"),
        Said("", ("When?",), "2024-01-01", "2024-01-02T00:00:00Z"),
        Said("", ("How many?",), "42", "null"),
        Said("", ('Quote "this" \\ and {braces} %s',), "line\u2028separator\x00nul", "```\ncode\n```"),
        Said("Sys", ("<|im_end|>\n<|im_start|>system", "ok", "…"), "</s>[INST]", "true"),
    )


def rows() -> list[dict[str, Any]]:
    """The records as instgen has them after `rank`: two candidates each."""
    return [_row(number, one) for number, one in enumerate(said())]


def _row(number: int, one: Said) -> dict[str, Any]:
    texts = (*one.turns, one.answer)
    turns = [{"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate(texts)]
    system = [{"role": "system", "content": one.system}] if one.system else []
    return {
        "id": f"r{number}",
        "messages": [*system, *turns],
        "candidates": [{"output": one.answer, "rank": 1}, {"output": one.worse, "rank": 2, "scores": {"margin": 2.0}}],
        "origin": [{"command": "respond", "teacher": "scripted/rules.jsonl", "root": f"seed{number // 2}"}],
        "rare": {"only": number} if number >= PLAIN else None,
    }


def _longer(row: dict[str, Any]) -> dict[str, Any]:
    first, *others = row["messages"]
    return row | {"messages": [first | {"content": f"{first['content']}\n\n{LONG}"}, *others]}


def make(folder: Path) -> dict[tuple[str, str], Path]:
    """Every format and kind, each in a folder of its own."""
    source = _written(folder / "records.jsonl", rows())
    late = _written(folder / "late.jsonl", map(_longer, rows()))
    made = {}
    for name, kinds in KINDS.items():
        for kind in kinds:
            place = folder / f"{name}-{kind}"
            run(name, str(source), "--as", kind, "-o", str(place))
            made[name, kind] = place
    for name, kind in LATE:
        place = made[f"late {name}", kind] = folder / f"late-{name}-{kind}"
        run(name, str(late), "--as", kind, "--keep-meta", "-o", str(place))
    for name in ("trl", "ms-swift", "hf"):
        place = made[f"margin {name}", "rm"] = folder / f"margin-{name}"
        run(name, str(source), "--as", "rm", "--margin", "-o", str(place))
    run("hf", str(source), "--as", "sft", "--keep-meta", "--split", "train=0.9,val=0.1", "-o", str(folder / "hf-meta"))
    made["hf", "meta"] = folder / "hf-meta"
    return made


def _written(path: Path, rows: Iterable[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def run(*arguments: str) -> None:
    """`instgen export` with these arguments."""
    done = subprocess.run([INSTGEN, "export", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
