"""Servers that we did not write: llmock, which injects faults and judges how they were taken, and fakellm, which
ignores what it does not know. `make chaos` installs both in an environment of their own."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

BIN = Path(os.environ.get("INSTGEN_CHAOS_BIN", Path(__file__).parents[2] / ".chaos" / "bin"))
pytestmark = [
    pytest.mark.chaos,
    pytest.mark.skipif(not (BIN / "llmock").exists(), reason="llmock is not installed: make chaos does it"),
]
ITEMS = 200


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@contextlib.contextmanager
def running(*command: str, port: int, cwd: Path) -> Iterator[str]:
    """A server in a process of its own; its address without a path."""
    with (cwd / "server.log").open("wb") as log:
        process = subprocess.Popen([str(BIN / command[0]), *command[1:]], stdout=log, stderr=log, cwd=cwd)
        try:
            for _ in range(200):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
                    break
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(10)


def respond(folder: Path, url: str, *more: str, items: int = ITEMS) -> subprocess.CompletedProcess[str]:
    rows = folder / "rows.jsonl"
    rows.write_text("".join(json.dumps({"instruction": f"Name tree {number}."}) + "\n" for number in range(items)))
    files = ("-o", "out.jsonl", "--rejects", "no.jsonl", "--journal", "journal.sqlite")
    command = (sys.executable, "-m", "instgen", "respond", str(rows), "--base-url", url, *files, *more)
    environment = {**os.environ, "OPENAI_API_KEY": "x", "ANTHROPIC_API_KEY": "x"}
    return subprocess.run(
        command, capture_output=True, text=True, cwd=folder, env=environment, timeout=300, check=False
    )


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


@pytest.mark.parametrize(("model", "place"), [("openai/gpt-4o", "/v1"), ("anthropic/claude-sonnet-4", "/anthropic/v1")])
def test_llmock_finds_every_fault_taken_as_it_should_be(tmp_path: Path, model: str, place: str) -> None:
    port = free_port()
    rates = [f"--error-rate={rate}" for rate in ("429=0.2", "500=0.1", "529=0.05", "400=0.03")]
    with running(
        "llmock", "serve", "--port", str(port), *rates, "--log-level", "warning", port=port, cwd=tmp_path
    ) as url:
        (tmp_path / "key").write_text("x")
        (tmp_path / "key").chmod(0o600)
        options = ("-t", model, "--tries", "8", "--max-failures", "10%", "--api-key-file", str(tmp_path / "key"))
        done = respond(tmp_path, url + place, *options)
        report = subprocess.run(
            [str(BIN / "llmock"), "report", "--url", url, "--strict"], capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    assert report.returncode == 0, report.stdout
    assert "PASS" in report.stdout
    assert " 0 fault(s)" not in report.stdout
    assert lines(tmp_path / "out.jsonl") + lines(tmp_path / "no.jsonl") == ITEMS


def test_a_server_that_ignores_what_it_does_not_know_is_taken_as_it_is(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "fakellm.yaml").write_text(
        "version: 1\nrules:\n  - name: all\n    when: {}\n    respond:\n      content: An oak.\n"
    )
    with running("fakellm", "serve", "--port", str(port), port=port, cwd=tmp_path) as url:
        done = respond(tmp_path, f"{url}/v1", "-t", "openai/any", "--samples", "3", "--max-tokens", "5", items=4)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [len(row["candidates"]) for row in rows] == [3] * 4
