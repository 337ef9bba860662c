"""What docs/determinism.md promises: each line of its table names a test that is there; some are here."""

from __future__ import annotations

import ast
import contextlib
import re
import sqlite3
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from instgen.calls import prompt_key
from instgen.journal import completion_to_json
from instgen.records import Completion, Message, Prompt
from tests.cli.conftest import Program, calls, rows
from tests.docs.blocks import DOCS, ROOT

PAGE = (DOCS / "determinism.md").read_text("utf-8")
NAMED = re.findall(r"\| `(tests/[\w/]+\.py)::(\w+)` \|$", PAGE, re.MULTILINE)
ASKED = Prompt(messages=(Message("user", "Hello"),), temperature=0.5, top_p=0.9, max_tokens=9)
KEYED: Mapping[str, Any] = {
    "messages": (Message("user", "Hello!"),),
    "text": "Hello",
    "schema": {"type": "object"},
    "temperature": 0.6,
    "top_p": 1.0,
    "presence_penalty": 1.0,
    "max_tokens": 10,
    "stop": ("###",),
    "sample": 1,
}
NOT_KEYED: Mapping[str, Any] = {"role": "judge", "sources": ("en/respond@1",), "seed": 7, "which": 1}
"""Who is asked is in the identity; the seed is the run's."""


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_every_test_that_the_page_names_is_there(file: str, name: str) -> None:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    found = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    assert name in found


def test_every_promise_has_a_test() -> None:
    table = PAGE.split("## Each with its test\n", 1)[1]
    assert len(NAMED) == table.count("\n| ") - 1 > 20


def test_each_part_of_a_key_makes_another_purchase() -> None:
    key = prompt_key(ASKED, "openai/M", 0)
    assert {each.name for each in fields(Prompt)} == KEYED.keys() | NOT_KEYED.keys()
    for name, value in KEYED.items():
        assert prompt_key(replace(ASKED, **{name: value}), "openai/M", 0) != key, name
    for name, value in NOT_KEYED.items():
        assert prompt_key(replace(ASKED, **{name: value}), "openai/M", 0) == key, name
    assert len({key, prompt_key(ASKED, "openai/M", 1), prompt_key(ASKED, "openai/N", 0)}) == 3
    assert len(key) == 16


@pytest.mark.parametrize(
    "more",
    [
        ("--concurrency", "1"),
        ("--timeout", "5", "--tries", "2", "--rpm", "100000", "--tpm", "10000000"),
        ("--no-journal",),
        ("--journal", "another.sqlite"),
        ("-v", "--summary", "run.jsonl", "--rejects", "no.jsonl"),
        ("-q",),
    ],
)
def test_what_changes_nothing_changes_no_byte(instgen: Program, more: tuple[str, ...]) -> None:
    line = ("self-instruct", "-n", "9")
    assert instgen(*line, *more).stdout == instgen(*line).stdout != ""


def test_a_failure_that_is_answered_later_stands_at_its_place(instgen: Program, folder: Path) -> None:
    (folder / "data.jsonl").write_text("".join(f'{{"instruction": "Name tree number {n}."}}\n' for n in range(5)))
    journal = folder / "journal.sqlite"
    line = ("respond", "data.jsonl", "-o", "out.jsonl", "--journal", str(journal), "--concurrency", "1")
    assert instgen(*line).returncode == 0
    five, asked = (folder / "out.jsonl").read_bytes(), len(calls(folder))
    with contextlib.closing(sqlite3.connect(journal)) as db:
        (third,) = db.execute("SELECT key FROM completions ORDER BY rowid LIMIT 1 OFFSET 2").fetchone()
        failed = completion_to_json(Completion("", "failed", error="overloaded"))
        db.execute("UPDATE completions SET finish = 'failed', completion = ? WHERE key = ?", (failed, third))
        db.commit()
    assert instgen(*line, "--force").returncode == 3
    four = (folder / "out.jsonl").read_bytes()
    assert len(rows(four.decode())) == 4
    assert instgen(*line, "--retry-failed").returncode == 2
    assert (folder / "out.jsonl").read_bytes() == four
    assert instgen(*line, "--retry-failed", "--force").returncode == 0
    assert (folder / "out.jsonl").read_bytes() == five
    assert len(calls(folder)) == asked + 1
