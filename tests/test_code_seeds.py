"""The code in examples/code-seeds.jsonl is right: each answer is run."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).parents[1] / "examples" / "code-seeds.jsonl"
SEEDS: dict[str, dict[str, str]] = {row["id"]: row for row in map(json.loads, FILE.read_text("utf-8").splitlines())}


def code(seed: str, language: str) -> str:
    """The program in a seed's answer."""
    found = re.findall(rf"```{language}\n(.*?)```", SEEDS[seed]["output"], re.DOTALL)
    assert len(found) == 1
    return str(found[0])


def python(seed: str) -> dict[str, Any]:
    """What a seed's Python program defines."""
    names: dict[str, Any] = {}
    exec(code(seed, "python"), names)
    return names


def asked(seed: str, rows: str) -> list[tuple[Any, ...]]:
    """What a seed's query finds in its tables, filled with rows."""
    tables = sqlite3.connect(":memory:")
    tables.executescript(SEEDS[seed]["input"] + rows)
    found = tables.execute(code(seed, "sql")).fetchall()
    tables.close()
    return found


def test_runs() -> None:
    runs = python("runs")["runs"]
    assert (runs("aab"), runs("")) == ([("a", 2), ("b", 1)], [])


def test_merge_intervals() -> None:
    merged = python("merge-intervals")["merged"]
    assert merged([(5, 6), (1, 3), (3, 4)]) == [(1, 4), (5, 6)]
    assert merged([(1, 9), (2, 3)]) == [(1, 9)]
    assert merged([]) == []


def test_off_by_one() -> None:
    tail = python("off-by-one")["tail"]
    assert [tail("a\nb\nc", count) for count in (0, 1, 5)] == [[], ["c"], ["a", "b", "c"]]
    given: dict[str, Any] = {}
    exec(SEEDS["off-by-one"]["input"], given)
    assert given["tail"]("a\nb", 0) == ["a", "b"], "the given program has the fault that is told of"


def test_latest_orders() -> None:
    rows = (
        "INSERT INTO customers VALUES (1, 'Ada'), (2, 'Bo'), (3, 'Cy'), (4, 'Di');"
        "INSERT INTO orders VALUES (1, 1, '2026-01-01'), (2, 1, '2026-03-01'), (3, 2, '2026-02-01');"
    )
    found = [("Ada", "2026-03-01"), ("Bo", "2026-02-01"), ("Cy", None), ("Di", None)]
    assert asked("latest-orders", rows) == found


def test_binary_search() -> None:
    find = python("binary-search")["first_at_least"]
    values = [1, 3, 3, 7]
    assert [find(values, wanted) for wanted in range(9)] == [0, 0, 1, 1, 3, 3, 3, 3, 4]
    assert find([], 1) == 0


def test_word_count_shell() -> None:
    text = "The cat, the dog; THE cat. A bird\n"
    line = ["sh", "-c", code("word-count-shell", "sh")]
    done = subprocess.run(line, input=text, capture_output=True, text=True, check=True)
    assert [line.split() for line in done.stdout.splitlines()] == [["3", "the"], ["2", "cat"], ["1", "a"]]


def test_lru() -> None:
    recent = python("lru")["Recent"](2)
    recent.put("a", 1)
    recent.put("b", 2)
    assert recent.get("a") == 1
    recent.put("c", 3)
    assert [recent.get(key) for key in "abc"] == [1, None, 3]


def test_roman() -> None:
    to_roman = python("roman")["to_roman"]
    assert [to_roman(number) for number in (1, 4, 1994, 3999)] == ["I", "IV", "MCMXCIV", "MMMCMXCIX"]
    for number in (0, 4000):
        with pytest.raises(ValueError, match=str(number)):
            to_roman(number)


def test_nested_sum() -> None:
    total = python("nested-sum")["total"]
    assert total({"a": [1, 2.5, True], "b": {"c": [[3]], "d": "4"}, "e": None}) == 6.5


def test_log_levels(capsys: pytest.CaptureFixture[str]) -> None:
    given: dict[str, Callable[[str], dict[str, int]]] = {}
    exec(SEEDS["log-levels"]["input"], given)
    assert capsys.readouterr().out.strip() in SEEDS["log-levels"]["output"]
    text = "INFO a\n\nWARN b\nINFO c"
    assert python("log-levels")["levels"](text) == given["levels"](text) == {"INFO": 2, "WARN": 1}


def test_islands() -> None:
    islands = python("islands")["islands"]
    assert islands(["##.#", "...#", "#..."]) == 3
    assert islands(["#" * 100] * 100) == 1
    assert islands([]) == 0


def test_second_salary() -> None:
    rows = "INSERT INTO staff VALUES ('Ada', 9), ('Bo', 9), ('Cy', 7), ('Di', 5);"
    assert asked("second-salary", rows) == [(7,)]
    assert asked("second-salary", "INSERT INTO staff VALUES ('Ada', 9), ('Bo', 9);") == [(None,)]
