"""The wall clock jumps back and forth by an hour: no hang, no burst above a limit, nothing asked twice."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.teachers.beside import answering
from tests.teachers.server import Answer, Request, chat
from tests.torture.runs import anew, asked, luck, prepare, tell, trials
from tests.torture.shim import compiled

TRIALS = trials(6)
ITEMS = 60
PER_MINUTE = 900
BURST = PER_MINUTE // 60
"""What may be sent at once: a second's allowance."""
EVERY = "0.3"
"""Seconds between two jumps."""
SLACK = 3
"""Requests by which what is seen at the other end may differ from what was sent: a wake-up that came late."""
LINE = ("respond", "rows.jsonl", "-q", "-o", "a.jsonl", "--journal", "journal.sqlite")


@pytest.fixture
def jumping(tmp_path: Path) -> dict[str, str]:
    """An environment whose wall clock jumps."""
    rows = (f'{{"instruction": "Name tree {number}."}}\n' for number in range(ITEMS))
    (tmp_path / "rows.jsonl").write_text("".join(rows))
    return {"LD_PRELOAD": str(compiled(tmp_path)), "TORTURE_CLOCK": EVERY, "OPENAI_API_KEY": "x"}


def test_the_wall_clock_jumps_and_the_other_does_not(tmp_path: Path, jumping: dict[str, str]) -> None:
    look = "import time\nfor _ in range(12): print(time.time(), time.monotonic()); time.sleep(0.1)"
    done = subprocess.run(
        [sys.executable, "-c", look], env={**os.environ, **jumping}, capture_output=True, text=True, check=True
    )
    seen = [tuple(map(float, line.split())) for line in done.stdout.splitlines()]
    steps = [(abs(wall[0] - before[0]) > 1000, wall[1] < before[1]) for before, wall in itertools.pairwise(seen)]
    assert sum(jumped for jumped, _ in steps) >= 2
    assert not any(back for _, back in steps)


def test_a_limit_of_requests_is_kept_by_the_clock_that_does_not_jump(tmp_path: Path, jumping: dict[str, str]) -> None:
    came: list[float] = []

    def answer(request: Request) -> Answer:
        came.append(time.monotonic())
        return chat("An oak.")

    with answering(answer) as server:
        line = (*LINE, "-t", "openai/m", "--base-url", server.url, "--rpm", str(PER_MINUTE))
        done = anew(tmp_path, line, **jumping)
    assert done.returncode == 0, done.stderr
    assert len(came) == ITEMS
    for first in range(ITEMS):
        for last in range(first, ITEMS):
            allowed = BURST + (came[last] - came[first]) * PER_MINUTE / 60 + SLACK
            assert last - first + 1 <= allowed, f"{last - first + 1} in {came[last] - came[first]:.3f} s"
    tell(f"clock jumps, --rpm {PER_MINUTE}: {ITEMS} requests in {came[-1] - came[0]:.1f} s, none above the limit")


@pytest.mark.parametrize("header", ["Retry-After", "x-ratelimit-reset-requests", "anthropic-ratelimit-requests-reset"])
def test_dates_that_a_server_names_are_waited_for_and_never_for_ever(
    header: str, tmp_path: Path, jumping: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: Counter[str] = Counter()

    def answer(request: Request) -> Answer:
        said = request.body["messages"][0]["content"]
        tries[said] += 1
        if tries[said] > 1 or len(tries) % 4:
            return chat("An oak.")
        moment = datetime.now(UTC) + timedelta(seconds=1)
        date = format_datetime(moment, usegmt=True) if header == "Retry-After" else moment.isoformat()
        return Answer(429, {"error": {"message": "slow"}}, headers={header: date})

    (tmp_path / "sitecustomize.py").write_text("import instgen.teachers.retry as retry\nretry.LONGEST_WAIT = 2.0\n")
    path = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    began = time.monotonic()
    with answering(answer) as server:
        done = anew(tmp_path, (*LINE, "-t", "openai/m", "--base-url", server.url), **jumping, PYTHONPATH=path)
    assert done.returncode == 0, done.stderr
    assert len(tries) == ITEMS
    assert max(tries.values()) == 2, "no answer was bought twice"
    tell(f"clock jumps, {header} as a date: {tries.total()} requests in {time.monotonic() - began:.1f} s")


def test_failures_of_the_run_itself_are_not_asked_again_however_the_clock_stands(
    tmp_path: Path, jumping: dict[str, str]
) -> None:
    for trial in range(TRIALS):
        place = tmp_path / str(trial)
        prepare(place, (0.01, 0.2))
        seconds = luck("clock", trial).uniform(0.1, 1)
        texts = [f"Name tree {number % 9}." for number in range(ITEMS)]  # the same again, after it has failed
        rules = [{"log": "calls.log"}, {"chance": 0.5, "error": "no luck", "latency": [0.0, 0.1]}, {"reply": "An oak."}]
        (place / "rules.jsonl").write_text("".join(json.dumps(rule) + "\n" for rule in rules))
        (place / "rows.jsonl").write_text("".join(json.dumps({"instruction": text}) + "\n" for text in texts))
        more = {**jumping, "TORTURE_CLOCK": str(seconds)}
        line = (*LINE, "--max-failures", "100%", "--retry-failed", "--rejects", "no.jsonl", "--concurrency", "2")
        done = anew(place, line, **more)
        assert done.returncode == 0, done.stderr
        assert len(asked(place)) == len(set(asked(place))), f"trial {trial}: a failure of this run was asked again"
    tell(f"clock jumps, --retry-failed: {TRIALS} trials")
