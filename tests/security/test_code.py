"""What the code must never do, read from the code: no text becomes a program, and nothing unpickles."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "instgen").rglob("*.py"))
MODULES_NEVER = {"pickle", "cPickle", "marshal", "shelve", "dill", "joblib", "yaml", "jinja2", "subprocess", "pty"}
MODULES_NEVER |= {"code", "codeop", "commands", "ctypes", "xmlrpc", "xml", "telnetlib", "ftplib", "smtplib"}
MODULES_NEVER |= {"tarfile", "zipfile"}
CALLS_NEVER = {"eval", "exec", "compile", "__import__", "breakpoint", "input"}
METHODS_NEVER = {
    ("os", "system"),
    ("os", "popen"),
    ("os", "execv"),
    ("os", "execvp"),
    ("os", "spawnv"),
    ("os", "posix_spawn"),
    ("os", "chmod"),
    ("ssl", "_create_unverified_context"),
    ("tempfile", "mktemp"),
    ("httpx", "get"),
    ("httpx", "post"),
}
KEYWORDS_NEVER = {("shell", True), ("verify", False), ("follow_redirects", True), ("allow_pickle", True)}


@cache
def nodes_of(path: Path) -> Sequence[ast.AST]:
    """All that a module of ours is made of."""
    return list(ast.walk(ast.parse(path.read_text("utf-8"))))


def offences(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """What a module does that none may."""
    for node in nodes:
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names if name.name.partition(".")[0] in MODULES_NEVER)
            case ast.ImportFrom(module=str(module), level=0) if module.partition(".")[0] in MODULES_NEVER:
                yield module
            case ast.Call(func=ast.Name(id=name)) if name in CALLS_NEVER:
                yield name
            case ast.Attribute(value=ast.Name(id=owner), attr=name) if (owner, name) in METHODS_NEVER:
                yield f"{owner}.{name}"
            case ast.keyword(arg=str(name), value=ast.Constant(value=bool(value))) if (name, value) in KEYWORDS_NEVER:
                yield f"{name}={value}"
            case ast.Call(func=ast.Attribute(attr="import_module"), args=[ast.Constant(value=str(name))]):
                yield from [name] if name.partition(".")[0] in MODULES_NEVER else []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_text_becomes_a_program(path: Path) -> None:
    assert list(offences(nodes_of(path))) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from yaml import load",
        "import importlib\nimportlib.import_module('pickle')",
        "eval(x)",
        "import os\nos.system(x)",
        "run(x, shell=True)",
        "Client(verify=False)",
        "np.load(x, allow_pickle=True)",
    ],
)
def test_the_search_finds_what_it_is_for(source: str) -> None:
    assert list(offences(ast.walk(ast.parse(source))))


def test_code_of_others_is_imported_by_entry_point_alone() -> None:
    """Modules are imported by a name that stands in the code; what an entry point names was installed."""
    for path in MODULES:
        for node in nodes_of(path):
            if isinstance(node, ast.Call) and "import_module" in {_name(node.func)}:
                (name,) = node.args
                ours = isinstance(name, ast.JoinedStr) and isinstance(name.values[0], ast.Constant)
                assert isinstance(name, ast.Constant) or ours, path


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def test_no_format_of_a_user_is_filled_with_objects() -> None:
    """`str.format` reads attributes; the only format strings are ours, and they are filled with texts."""
    found = {
        path.relative_to(ROOT).as_posix()
        for path in MODULES
        for node in nodes_of(path)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if node.func.attr in {"format", "format_map"} and not isinstance(node.func.value, ast.Constant)
    }
    assert found <= {"instgen/cli/help.py", "instgen/running/row_files.py"}, (
        "a format string that is no constant: is it ours?"
    )


def test_no_table_is_written_that_a_spreadsheet_would_run() -> None:
    """There is no writer of CSV, so no cell of ours can be a formula; one that comes must escape `=`, `+`, `-`, `@`."""
    for path in MODULES:
        source = path.read_text("utf-8")
        assert "csv.writer" not in source, path
        assert "DictWriter" not in source, path
        assert "to_csv" not in source, path
