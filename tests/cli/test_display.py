"""The display on a terminal: it leaves what others write alone, and nothing of its own behind."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import signal
import subprocess
import termios
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen import console
from instgen.cli import display as displays
from instgen.cli.display import Display, frame, line_pause, shown
from instgen.cli.progress import Progress
from instgen.running.options import Writing
from tests.cli.conftest import COMMAND, settings, write_rules
from tests.screen import Screen

SAID = st.text("abc", min_size=1, max_size=40)
SECONDS = 30
LIVE = "\x1b[?7l"
"""What every drawing begins with."""
CLOSING = re.compile(
    r"(self-instruct|evolve): (\d+ records from \d+ (calls|rows)(; \d+ surplus)?; [\d.]+ s"
    r"|rejected: [a-z-]+ \d+(, [a-z-]+ \d+)*|\d+ asked, \d+ replayed(, \d+ abandoned)?; about [\d,]+ tokens written)"
    r"|evolve: \d+ rows are unchanged: no evolved version passed"
)
"""What a stage says in the end."""


@given(st.lists(st.tuples(st.booleans(), st.lists(SAID, min_size=1, max_size=4)), max_size=12), st.booleans())
def test_what_others_say_stays_whole_above_the_display(steps: Sequence[tuple[bool, list[str]]], color: bool) -> None:
    screen = Screen()
    drawn: list[str] = []
    said: list[str] = []
    for draws, lines in steps:
        if draws:
            screen.write(frame(lines, color=color))
            drawn = lines
        else:
            for each in lines:
                screen.write(f"{console.ERASE}{each}\r\n")
            said += lines
            drawn = []
    assert screen.rows == [*said, *(["", *drawn] if drawn else [])]
    screen.write(console.ERASE)
    assert screen.rows == said


def test_nothing_is_colored_where_no_color_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[2m" in frame(["a", "b"], color=console.colors())
    monkeypatch.setenv("NO_COLOR", "1")
    assert "m" not in frame(["a", "b"], color=console.colors())


def test_what_is_said_takes_the_place_of_whoevers_display(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    with stderr_on(terminal, monkeypatch):
        console.say("one")
        monkeypatch.setenv("TERM", "dumb")
        console.say("two")
    assert terminal.read() == f"{console.ERASE}one\r\ntwo\r\n"


def test_lines_of_progress_become_rarer() -> None:
    pauses = [line_pause(age) for age in (0.0, 10.0, 100.0, 1000.0, 100_000.0)]
    assert pauses == [10.0, 10.0, 25.0, 250.0, 300.0]


class Terminal:
    """A terminal of ours, whose other end is the program's stderr; a thread takes in what is written."""

    def __init__(self) -> None:
        """Begin with nothing written."""
        self._ours, self.theirs = pty.openpty()
        termios.tcsetwinsize(self.theirs, (24, 80))
        self._said = b""
        self._more = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def until(self, text: str) -> None:
        """Wait until this was written, from now on."""
        with self._more:
            begin = len(self._said)
            assert self._more.wait_for(lambda: text.encode() in self._said[begin:], SECONDS), f"{text!r} never came"

    def read(self) -> str:
        """All that was written, once nobody writes any more."""
        os.close(self.theirs)
        self._thread.join(SECONDS)
        os.close(self._ours)
        return self._said.decode()

    def _read(self) -> None:
        with contextlib.suppress(OSError):  # what Linux says when the other end is closed
            while block := os.read(self._ours, 1 << 16):
                with self._more:
                    self._said += block
                    self._more.notify_all()


@pytest.fixture
def terminal() -> Terminal:
    return Terminal()


@contextlib.contextmanager
def stderr_on(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process with its stderr on that terminal, drawing fast."""
    with monkeypatch.context() as patch, open(terminal.theirs, "w", encoding="utf-8", closefd=False) as stderr:
        patch.setattr("sys.stderr", stderr)
        patch.setenv("TERM", "xterm")
        patch.setattr(displays, "TICK_SECONDS", 0.01)
        yield


def far(rows: int | None) -> Progress:
    return Progress("evolve", 3, "row", rows)


def test_of_two_displays_on_one_terminal_one_is_drawn_and_then_the_other(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = threading.Semaphore(0)

    def counted(rows: int | None) -> Progress:
        looked.release()
        return Progress("filter", 3, "row", rows)

    first, second = Display(far, (), live=True), Display(counted, (), live=True)
    with stderr_on(terminal, monkeypatch):
        first.begin()
        terminal.until(LIVE)
        second.begin()
        assert all(looked.acquire(timeout=SECONDS) for _ in range(3))
        first.end()
        terminal.until("filter")
        second.end()
    said = terminal.read()
    assert said.rindex("evolve") < said.index("filter")


def test_ctrl_z_clears_the_display_and_it_comes_back(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[int] = []
    display = Display(far, (), live=True)
    with stderr_on(terminal, monkeypatch), display.stepping_aside():
        monkeypatch.setattr(os, "kill", lambda pid, signum: stopped.append(signum))
        display.begin()
        terminal.until(LIVE)
        signal.raise_signal(signal.SIGTSTP)
        assert stopped == [signal.SIGTSTP]
        assert signal.getsignal(signal.SIGTSTP) is not signal.SIG_DFL, "the next one is heeded, too"
        terminal.until(LIVE)
        display.end()
    assert signal.getsignal(signal.SIGTSTP) is signal.SIG_DFL
    assert re.search(f"{re.escape(console.ERASE)}.*{re.escape(LIVE)}", terminal.read(), re.DOTALL)


@pytest.mark.parametrize(
    ("environment", "writing", "live"),
    [
        ({}, Writing(output=Path("out.jsonl")), True),
        ({"NO_COLOR": "1"}, Writing(output=Path("out.jsonl")), True),
        ({"TERM": "dumb"}, Writing(output=Path("out.jsonl")), False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, Writing(output=Path("out.jsonl")), False),
        ({}, Writing(output=Path("-")), False),
        ({}, Writing(output=Path("out.jsonl"), quiet=True), None),
    ],
)
def test_it_is_live_where_a_terminal_can_draw_and_records_go_to_a_file(
    terminal: Terminal,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    writing: Writing,
    live: bool | None,
) -> None:
    begun: list[bool] = []
    monkeypatch.setattr(Display, "begin", lambda display: begun.append(display.live))
    monkeypatch.setattr(console, "is_pipe", lambda fd: fd == console.STDOUT)
    with stderr_on(terminal, monkeypatch):
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        with shown(far, (), writing):
            pass
    assert begun == ([] if live is None else [live])


def test_what_is_no_terminal_gets_lines(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(displays, "TICK_SECONDS", 0.001)
    monkeypatch.setattr(displays, "LINE_SECONDS", (0.0, 0.0))
    told = threading.Semaphore(0)

    def progress(rows: int | None) -> Progress:
        told.release()
        return far(rows)

    display = Display(progress, (), live=False)
    display.begin()
    assert all(told.acquire(timeout=SECONDS) for _ in range(3))
    display.end()
    assert set(capsys.readouterr().err.splitlines()) == {"evolve: 3 rows"}


def test_a_terminal_that_is_closed_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = threading.Semaphore(0)

    def counted(rows: int | None) -> Progress:
        looked.release()
        return far(rows)

    ours, theirs = pty.openpty()
    stderr = os.fdopen(theirs, "w", encoding="utf-8")
    os.close(ours)
    with monkeypatch.context() as patch:
        patch.setattr("sys.stderr", stderr)
        patch.setattr(displays, "TICK_SECONDS", 0.01)
        patch.setattr(displays, "LINE_SECONDS", (0.0, 0.0))
        display = Display(counted, (), live=True)
        display.begin()
        console.say("nobody hears this")
        assert all(looked.acquire(timeout=SECONDS) for _ in range(3)), "an error would have ended the thread"
        display.end()
    with contextlib.suppress(OSError):  # what it holds cannot be written
        stderr.close()


def test_a_pipeline_on_one_terminal_leaves_nothing_but_what_each_stage_says(folder: Path, terminal: Terminal) -> None:
    write_rules(folder / "rules.jsonl", latency=[0.2, 0.3])
    with (folder / "out.jsonl").open("wb") as out:
        making = subprocess.Popen(
            [*COMMAND, "self-instruct", "-n", "12", "--concurrency", "1"],
            stdout=subprocess.PIPE,
            stderr=terminal.theirs,
            env=settings({"TERM": "xterm"}),
        )
        evolving = subprocess.Popen(
            [*COMMAND, "evolve", "--rounds", "1"],
            stdin=making.stdout,
            stdout=out,
            stderr=terminal.theirs,
            env=settings({"TERM": "xterm"}),
        )
        assert making.stdout
        making.stdout.close()
        assert (making.wait(SECONDS), evolving.wait(SECONDS)) == (0, 0)
    said = terminal.read()
    assert LIVE in said, "the last stage draws"
    screen = Screen()
    screen.write(said)
    assert [row for row in screen.rows if not CLOSING.fullmatch(row)] == []
    assert [row for row in screen.rows if row.startswith("self-instruct: 12 records")]
    assert [row for row in screen.rows if row.startswith("evolve: 12 records")]


def test_from_the_background_nothing_is_drawn_or_cleared(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = threading.Semaphore(0)
    in_front = [os.getpgrp()]

    def counted(rows: int | None) -> Progress:
        looked.release()
        return far(rows)

    display = Display(counted, (), live=True)
    with stderr_on(terminal, monkeypatch):
        monkeypatch.setattr(os, "tcgetpgrp", lambda fd: in_front[0])
        display.begin()
        terminal.until(LIVE)
        in_front[0] += 1
        while looked.acquire(blocking=False):
            pass
        assert all(looked.acquire(timeout=SECONDS) for _ in range(3))
        console.say("evolve: from the background")
        assert all(looked.acquire(timeout=SECONDS) for _ in range(3))
        display.end()
    assert terminal.read().endswith("\x1b[?7hevolve: from the background\r\n")
