"""Signals end a run so that nothing is lost: the end of the terminal does, too."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from instgen import console
from instgen.cli import sifting
from instgen.cli.progress import Progress
from instgen.cli.stopping import STOPPING, Stop, heeded, is_one_more, stopping
from instgen.errors import Interrupted
from instgen.jsonl import Stream
from instgen.running.filter import sieve_for
from instgen.running.filter_options import FilterOptions
from instgen.running.options import Writing
from instgen.running.sieve import Sieve
from tests.cli.conftest import COMMAND, calls, rows, settings, write_rules

SECONDS = 30


def wait_for(path: Path, lines: int) -> None:
    ends = time.monotonic() + SECONDS
    while not (path.exists() and path.read_bytes().count(b"\n") >= lines):
        assert time.monotonic() < ends, f"{path.name} never had {lines} lines"
        time.sleep(0.01)


def test_the_end_of_the_terminal_loses_nothing_however_often_it_is_told(folder: Path) -> None:
    write_rules(folder / "rules.jsonl", latency=[0.3, 0.6])
    process = subprocess.Popen(
        [*COMMAND, "self-instruct", "-n", "3000", "-o", "out.jsonl"], stderr=subprocess.PIPE, env=settings()
    )
    wait_for(folder / "out.jsonl", 1)
    for _ in range(3):
        process.send_signal(signal.SIGHUP)
    _, said = process.communicate(timeout=SECONDS)
    assert process.returncode == 128 + signal.SIGHUP
    assert b"to continue: instgen self-instruct" in said
    kept = subprocess.run([*COMMAND, "journal", "export"], capture_output=True, env=settings(), check=True)
    assert len(rows(kept.stdout.decode())) == len(calls(folder)), "what was in flight has arrived"


def test_under_nohup_the_end_of_the_terminal_ends_nothing(folder: Path) -> None:
    write_rules(folder / "rules.jsonl", latency=[0.05, 0.1])
    line = f"trap '' HUP; exec {shlex.join(COMMAND)} self-instruct -n 12 -o out.jsonl"
    process = subprocess.Popen(["/bin/sh", "-c", line], stderr=subprocess.DEVNULL, env=settings())
    wait_for(folder / "out.jsonl", 1)
    process.send_signal(signal.SIGHUP)
    assert process.wait(SECONDS) == 0


def test_a_hang_up_that_is_ignored_is_not_heeded() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert heeded() == (signal.SIGINT, signal.SIGTERM)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_second_signal_asks_to_end_at_once_unless_both_tell_of_the_terminals_end() -> None:
    assert is_one_more(signal.SIGINT, signal.SIGINT)
    assert is_one_more(signal.SIGTERM, signal.SIGHUP)
    assert not is_one_more(signal.SIGHUP, signal.SIGHUP)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_command_of_one_thread_heeds_them_while_it_reads(signum: signal.Signals) -> None:
    before = signal.getsignal(signum)
    with stopping() as stop, pytest.raises(Interrupted) as ended:
        stop.reading(lambda: signal.raise_signal(signum))
    assert ended.value.exit_code == 128 + signum
    assert signal.getsignal(signum) is before


def test_a_signal_that_interrupts_no_call_ends_a_wait_all_the_same(tmp_path: Path) -> None:
    """As one does that comes just before the call begins: here another thread gets it."""
    nothing, there = os.pipe()
    ended = threading.Event()
    needed: list[bool] = []

    def tell() -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
        time.sleep(0.05)
        signal.raise_signal(signal.SIGINT)
        needed.append(not ended.wait(5))
        os.write(there, b"\n")

    out = Stream(there, "nobody")
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    thread = threading.Thread(target=tell)
    try:
        with stopping() as stop:
            thread.start()
            with pytest.raises(Interrupted):
                stop.reading(lambda: stop.until_readable(nothing, out))
        ended.set()
        thread.join()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(nothing)
        os.close(there)
    assert needed == [False], "it waited until there was something to read"


def test_at_the_second_signal_the_display_is_cleared_before_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    did: list[str] = []
    monkeypatch.setattr(console, "clear", lambda: did.append("cleared"))
    monkeypatch.setattr("os._exit", lambda code: did.append(f"ended with {code}"))
    stop = Stop()
    stop.heed(signal.SIGINT, None)
    stop.heed(signal.SIGINT, None)
    assert did == ["cleared", "ended with 130"]


def test_a_filter_that_is_to_stop_says_so_while_its_batch_lasts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Callable[[int | None], Progress]] = []
    states: list[str] = []
    judge = Sieve.judge

    @contextlib.contextmanager
    def shown(progress: Callable[[int | None], Progress], *more: object) -> Iterator[None]:
        told.append(progress)
        yield

    def stopped(sieve: Sieve, batch: Any) -> Any:
        states.append(told[0](None).state)
        signal.raise_signal(signal.SIGTERM)
        states.append(told[0](None).state)
        return judge(sieve, batch)

    monkeypatch.setattr(sifting, "shown", shown)
    monkeypatch.setattr(Sieve, "judge", stopped)
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"instruction": "Name a tree.", "output": "An oak is a tree."}\n')
    out = tmp_path / "out.jsonl"
    with pytest.raises(Interrupted):
        sifting.sift(sieve_for(FilterOptions(), console.silent), sifting.Inputs([rows]), Writing(output=out))
    assert states == ["", STOPPING]
    assert out.read_text().count("\n") == 1
