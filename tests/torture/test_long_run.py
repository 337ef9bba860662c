"""50,000 rows answered by a server that fails a fifth of them first: nothing lost, nothing paid twice, memory flat.

TORTURE_ROWS says how many rows.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import time
from collections import Counter
from pathlib import Path

from tests.teachers.beside import answering
from tests.teachers.server import Answer, Request, chat, error
from tests.torture.runs import COMMAND, environment, tell

ROWS = int(os.environ.get("TORTURE_ROWS", "50000"))
SHARE = 0.2
"""Of the rows whose first try, or first two, fail."""
LOST = 0.01
"""Of the rows that are declined for good."""
LEAK = 100
"""Bytes a row by which memory must not grow from a quarter of the run to its end; the least that a list of the rows, or
of their answers, would take."""
ROOM = 24 << 20
"""Bytes by which it may grow all the same: what the allocator and SQLite's page cache take when they like."""
FAULTS = (
    lambda: Answer(429, {"error": {"message": "slow"}}, headers={"retry-after-ms": "20"}),
    lambda: error(500),
    lambda: error(503, headers={"retry-after-ms": "20"}),
    lambda: Answer(502, b"<html>Bad Gateway</html>", headers={"retry-after-ms": "20"}),
    lambda: Answer(wire=b""),
    lambda: Answer(wire=b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"choices": [{'),
    lambda: Answer(200, b'{"choices": [{"message": {"content": "cut'),
    lambda: Answer(200, {"choices": []}),
)


class Faulty:
    """Fails by the row's number, and counts what it answered in full."""

    def __init__(self) -> None:
        self.tries: Counter[int] = Counter()
        self.paid: Counter[int] = Counter()
        self.faults = 0

    def __call__(self, request: Request) -> Answer:
        number = int(request.body["messages"][0]["content"].split("#")[1].split()[0])
        self.tries[number] += 1
        luck = random.Random(number)
        fate = luck.random()
        if fate < LOST:
            self.faults += 1
            return error(400, "no answer to this")
        if fate < LOST + SHARE and self.tries[number] <= luck.choice([1, 1, 2]):
            self.faults += 1
            return luck.choice(FAULTS)()
        self.paid[number] += 1
        return chat(f"An answer to row {number}, which is neither short nor long, as answers are.")


def resident(pid: int) -> int:
    """Bytes of a process's own memory now; 0 where it has just ended."""
    found = re.search(r"^RssAnon:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def test_a_long_run_through_faults_loses_nothing_and_its_memory_stays_flat(tmp_path: Path) -> None:
    with (tmp_path / "rows.jsonl").open("w") as file:
        file.writelines(json.dumps({"instruction": f"Say what tree #{number} is."}) + "\n" for number in range(ROWS))
    answers = Faulty()
    files = ("-o", "a.jsonl", "--rejects", "no.jsonl", "--journal", "journal.sqlite", "--summary", "summary.jsonl")
    line = ("respond", "rows.jsonl", "-q", *files, "--max-failures", "5%", "--tries", "8", "-t", "openai/m")
    began = time.monotonic()
    memory: list[tuple[int, int]] = []
    with answering(answers) as server:
        process = subprocess.Popen(
            [*COMMAND, *line, "--base-url", server.url],
            cwd=tmp_path,
            env=environment(tmp_path, OPENAI_API_KEY="x"),
            stderr=subprocess.PIPE,
        )
        while process.poll() is None:
            memory.append((len(answers.tries), resident(process.pid)))
            server.requests.clear()
            time.sleep(0.1)
        _, said = process.communicate()
    seconds = time.monotonic() - began
    assert process.returncode == 0, said.decode()
    declined = {number for number in range(ROWS) if random.Random(number).random() < LOST}
    assert set(answers.paid) == set(range(ROWS)) - declined
    assert set(answers.paid.values()) == {1}, "an answer was paid twice"
    made = [json.loads(line)["instruction"] for line in (tmp_path / "a.jsonl").read_text().splitlines()]
    assert made == [f"Say what tree #{number} is." for number in range(ROWS) if number not in declined]
    assert len((tmp_path / "no.jsonl").read_text().splitlines()) == len(declined)
    summary = json.loads((tmp_path / "summary.jsonl").read_text())
    assert (summary["read"], summary["kept"], summary["failed"]) == (ROWS, ROWS - len(declined), len(declined))
    quarter = max(size for done, size in memory if done <= ROWS / 4)
    late = max(size for done, size in memory if done >= ROWS * 0.9)
    tell(
        f"{ROWS:,} rows, {answers.faults:,} faults: {seconds:.0f} s, {len(answers.paid):,} answers, each paid once, "
        f"{len(declined)} declined; memory of the run {quarter >> 20} MB at a quarter, {late >> 20} MB at the end"
    )
    assert late - quarter < ROOM + LEAK * ROWS * 3 / 4
