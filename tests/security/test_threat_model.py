"""The threat model says what is tested: each test that it names is there, and those of this folder are in it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "threat-model.md").read_text("utf-8")
NAMED = set(re.findall(r"`(test_\w+)`", PAGE))


def names_in(folder: Path) -> set[str]:
    return {
        node.name
        for path in folder.rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


def test_every_test_that_the_page_names_exists() -> None:
    assert len(NAMED) > 50
    assert sorted(NAMED - names_in(ROOT / "tests")) == []


def test_each_line_of_a_table_names_a_test() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| what is tried")]
    assert len(rows) > 30
    assert [row for row in rows if not re.search(r"`test_\w+`", row)] == []


def test_the_page_and_the_way_to_report_know_each_other() -> None:
    security = (ROOT / "SECURITY.md").read_text("utf-8")
    assert "docs/threat-model.md" in security
    assert "SECURITY.md" in PAGE
    assert "private security advisory" in security
    assert "@" not in security
