"""Every test of this folder is torture, and what they measured is printed in the end; a program whose disk can fail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forked import Server
from tests.torture.runs import SEED, told
from tests.torture.shim import compiled, forking

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.torture)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the seed and the figures."""
    if told():
        terminalreporter.section(f"torture, TORTURE_SEED={SEED}")
        for figure in told():
            terminalreporter.write_line(figure)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Forks the program, with faults.c before libc."""
    with forking(compiled(tmp_path_factory.mktemp("shim"))) as running:
        yield running
