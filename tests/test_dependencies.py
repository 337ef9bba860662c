"""What instgen needs is declared, pinned for its own tests, and told with its licence and its reason."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
BASE: list[str] = PROJECT["project"]["dependencies"]
IMPORTED_AS = {"google-re2": "re2"}
"""Where a package's module has another name than the package."""
ONLY_WITH = {"httpx-aiohttp": {"aiohttp"}}
"""What a package is for, and so always brings, so that a bound of ours would bind it twice."""


def name_of(requirement: str) -> str:
    """A requirement's package, as package indices write it."""
    found = re.match(r"[\w.-]+", requirement)
    assert found
    return normal(found[0])


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


DECLARED = sorted({name_of(each) for each in (*BASE, *(each for extra in EXTRAS.values() for each in extra))})


def page_rows() -> dict[str, list[str]]:
    """Each package of the page's tables, and the cells after its name."""
    rows: dict[str, list[str]] = {}
    for line in (ROOT / "docs" / "dependencies.md").read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        at = next(
            (at for at, cell in enumerate(cells[:2]) if cell.startswith("`") and cell.strip("`") not in EXTRAS), None
        )
        if line.startswith("| `") and at is not None:
            rows |= {normal(name): cells[at + 1 :] for name in re.findall(r"`([^`]+)`", cells[at])}
    return rows


@cache
def imported() -> set[str]:
    """The modules of others that instgen imports, by statement or by name."""
    found: set[str] = set()
    for path in (ROOT / "instgen").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Import(names=names):
                    found |= {alias.name.split(".")[0] for alias in names}
                case ast.ImportFrom(module=str(module), level=0):
                    found.add(module.split(".")[0])
                case ast.Call(func=ast.Name(id="import_module") | ast.Attribute(attr="import_module"), args=args):
                    found |= {str(each.value).split(".")[0] for each in args if isinstance(each, ast.Constant)}
    return found - sys.stdlib_module_names - {"instgen", "__future__"}


@pytest.mark.parametrize("package", DECLARED)
def test_each_package_is_told_with_its_licence_and_its_reason(package: str) -> None:
    licence, reason = page_rows()[package]
    assert licence
    assert reason


def test_no_other_package_is_told() -> None:
    assert sorted(page_rows()) == sorted({*DECLARED, *map(name_of, PROJECT["build-system"]["requires"])})


@pytest.mark.parametrize("package", DECLARED)
def test_each_package_has_one_version_that_the_tests_use(package: str) -> None:
    pinned = [normal(line.partition("==")[0]) for line in (ROOT / "constraints.txt").read_text().splitlines()]
    assert pinned.count(package) == 1


def test_each_import_is_of_a_declared_package() -> None:
    declared = {IMPORTED_AS.get(package, package.replace("-", "_")) for package in DECLARED}
    brought = {module for package in DECLARED for module in ONLY_WITH.get(package, set())}
    assert imported() <= declared | brought


def test_each_package_of_the_base_is_imported() -> None:
    declared = {IMPORTED_AS.get(name_of(each), name_of(each).replace("-", "_")) for each in BASE}
    assert declared <= imported()


@pytest.mark.parametrize("requirement", [*BASE, *(each for extra in EXTRAS.values() for each in extra)])
def test_each_package_has_a_lowest_version(requirement: str) -> None:
    assert ">=" in requirement
