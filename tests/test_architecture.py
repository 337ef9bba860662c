"""The house is measured too: who may import whom, no cycles, no giants, an entry point for each built-in teacher."""

from __future__ import annotations

import ast
import re
import tomllib
from graphlib import TopologicalSorter
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "instgen").rglob("*.py"))
NOUNS = {"records", "errors"}
MAY_IMPORT = {
    "records": set(),
    "errors": set(),
    "text": NOUNS,
    "formats": NOUNS,
    "prompts": NOUNS,
    "seedlist": NOUNS,
    "teachers": NOUNS,
    "journal": NOUNS,
    "jsonl": NOUNS | {"terminal", "packing"},
    "packing": NOUNS,
    "pump": NOUNS,
    "sources": NOUNS,
    "lines": NOUNS | {"formats", "sources"},
    "plugins": NOUNS,
    "terminal": NOUNS,
    "console": NOUNS | {"terminal"},
    "filters": NOUNS | {"text", "plugins"},
    "export": NOUNS | {"text", "formats", "seedlist"},
    "scores": NOUNS | {"text", "filters", "plugins"},
    "report": NOUNS | {"text", "formats"},
    "recipes": NOUNS | {"text", "formats", "prompts", "filters", "scores"},
    "budget": NOUNS | {"teachers"},
    "calls": NOUNS | {"budget", "journal", "teachers"},
    "engine": NOUNS | {"recipes", "calls"},
}
"""By layer; all of these are below the three that follow."""
RUNNING = {*MAY_IMPORT}
MAY_IMPORT |= {
    "running": RUNNING,
    "cli": RUNNING | {"running"},
    "api": RUNNING | {"running"},
}
EXCEPTIONS = {("instgen.api.keywords", "instgen.cli.parsed")}
"""Keywords are read as a command line is, by the same parser (docs/decisions/0011)."""


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(path: Path) -> set[str]:
    """Every module of ours that a module imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    ours = {name_of(module) for module in MODULES}
    return {name for name in found if name in ours and name != name_of(path)}


def layer(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_go_one_way(path: Path) -> None:
    own = layer(name_of(path))
    if own in {"", "__main__"}:
        return
    asked = {name for name in imports_of(path) if (name_of(path), name) not in EXCEPTIONS}
    assert {layer(name) for name in asked if layer(name)} <= MAY_IMPORT[own] | {own}


def test_every_exception_is_needed() -> None:
    assert all(name in imports_of(ROOT / f"{module.replace('.', '/')}.py") for module, name in EXCEPTIONS)


def test_there_is_no_import_cycle() -> None:
    packages = {name_of(path) for path in MODULES if path.name == "__init__.py"}
    graph = {name_of(path): imports_of(path) - packages for path in MODULES}
    TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_modules_and_functions_are_small(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= 450
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 80, node.name


def test_built_in_teachers_come_through_the_plugin_door() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = project["entry-points"]["instgen.teachers"]
    assert set(declared) == {entry.name for entry in entry_points(group="instgen.teachers")}
    for entry in entry_points(group="instgen.teachers"):
        assert callable(entry.load())


def test_only_the_command_line_knows_its_parser() -> None:
    for path in MODULES:
        if layer(name_of(path)) != "cli":
            assert not re.search(r"^\s*(import|from) (typer|click)\b", path.read_text("utf-8"), re.MULTILINE), path


def test_below_the_command_line_nobody_prints() -> None:
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            assert not (isinstance(node, ast.Name) and node.id == "print"), path
