"""What holds for every test: no network beyond loopback, and a state folder of the test's own."""

from __future__ import annotations

import contextlib
import gc
import ipaddress
import itertools
import signal
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from tests.forked import Server

with contextlib.suppress(ModuleNotFoundError):  # the environments of browser and consumers have no Hypothesis
    from hypothesis import settings

    settings.register_profile("house", deadline=None)  # a first example imports what it needs, on a shared machine
    settings.load_profile("house")

for signum, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(signum) is signal.SIG_IGN:  # a shell began us in the background; programs would inherit it
        signal.signal(signum, usual)

LEFT_OUT = ("chaos", "browser", "consumers", "torture")
"""Marks of tests that take long, or need what others made: each has a make target of its own."""
NUMBERS = itertools.count()
REAL_CONNECT = socket.socket.connect


def pytest_collection_finish() -> None:
    """Let the collector of cycles pass over what was collected: that takes a tenth of the time."""
    gc.freeze()
    gc.set_threshold(50_000)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what takes long, unless it is asked for by its mark."""
    wanted = str(config.option.markexpr)
    left_out = [
        item for item in items if any(item.get_closest_marker(mark) and mark not in wanted for mark in LEFT_OUT)
    ]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Forks the program."""
    with contextlib.closing(Server()) as running:
        yield running


@pytest.fixture(autouse=True)
def _loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    def connect(self: socket.socket, address: Any) -> None:
        if isinstance(address, tuple) and not ipaddress.ip_address(address[0]).is_loopback:
            raise AssertionError(f"a test tried to reach {address}")
        REAL_CONNECT(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture(autouse=True)
def _own_folders(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    own = tmp_path_factory.getbasetemp() / f"own-{next(NUMBERS)}"  # made by those who write there
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "HOME"):
        monkeypatch.setenv(name, str(own / name.lower()))
    for name in ("INSTGEN_TEACHER", "INSTGEN_JOURNAL", "OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
