"""What a run tells of itself, where the whole program cannot easily be brought to tell it."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from instgen.cli.account import Account
from instgen.engine import Run
from instgen.journal import SqliteJournal
from instgen.running.options import Writing
from tests.simulated import Chaining, Given, Simulated, drive


def told(folder: Path, host: str, items: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    teacher = Simulated(random.Random(0), host=host)
    journal = SqliteJournal(folder / "journal.sqlite")
    run = drive(Chaining(), Given(items), teacher, concurrency=2, journal=journal).run
    journal.close()
    Account("chaining", run, (teacher,), Writing(), None).close(None)
    return capsys.readouterr().err


def test_replies_of_another_server_are_said_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "another server" not in told(tmp_path, "one:80", ["a"], capsys)
    assert "another server: one:80" in told(tmp_path, "two:80", ["a", "b"], capsys)
    assert "another server" not in told(tmp_path, "one:80", ["a", "c"], capsys)


def test_the_cost_of_all_is_foreseen_with_half_of_what_is_under_way_as_paid(monkeypatch: pytest.MonkeyPatch) -> None:
    teacher = Simulated(random.Random(0))
    run = drive(Chaining(), Given([]), teacher, concurrency=1).run
    account = Account("chaining", run, (teacher,), Writing(), None)
    run.calls.spending.known_cost = 1.0
    run.tally.read = 20
    monkeypatch.setattr(Run, "unfinished", 8)
    assert account.progress(40).calls[0].endswith("so far, about $2.50 in all"), "of 40, 12 are through and 8 half"
    monkeypatch.setattr(Run, "unfinished", 11)
    assert account.progress(40).calls[0].endswith("so far"), "9 are too few to say more"
