"""How the program begins: what it imports to be asked for help, and what a signal or a lost reader does to it then."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from instgen.cli.commands import COMMANDS
from tests.cli.conftest import COMMAND

HEAVY = (
    "aiohttp",
    "asyncio",
    "httpx",
    "importlib.metadata",
    "instgen.cli.drive",
    "instgen.engine",
    "instgen.filters",
    "instgen.journal",
    "instgen.recipes",
    "instgen.running.prompts",
    "instgen.running.run",
    "instgen.running.teachers",
    "numpy",
    "orjson",
    "platformdirs",
    "py3langid",
    "pydantic",
    "rapidfuzz",
    "re2",
    "rich",
    "sqlite3",
    "tomllib",
    "zstandard",
)
ASK = f"""
import contextlib, io, json, sys
from instgen.cli.main import app
heavy = {HEAVY!r}
found = {{}}
for words in json.loads(sys.argv[1]):
    sys.argv = ["instgen", *words, "--help"]
    with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()) as said:
        app(prog_name="instgen")
    assert said.getvalue().startswith("Usage: instgen")
    found[" ".join(words)] = [name for name in sys.modules if name.startswith("instgen.cli.")]
print(json.dumps([[name for name in heavy if name in sys.modules], found]))
"""
CALLED = [[each.name] for each in COMMANDS]
INNER = [["teachers", "check"], ["prompts", "show"], ["journal", "info"], ["config", "show"]]


def imported(*words: list[str]) -> tuple[list[str], dict[str, list[str]]]:
    """What is heavy and was imported to help with these commands, and what of ours after each."""
    done = subprocess.run(
        [sys.executable, "-c", ASK, json.dumps(words)], capture_output=True, text=True, check=True, env=os.environ
    )
    heavy, ours = json.loads(done.stdout)
    return heavy, ours


def test_no_help_imports_what_only_work_needs() -> None:
    heavy, ours = imported([], *CALLED, *INNER)
    assert heavy == []
    assert len(ours) == 1 + len(CALLED) + len(INNER)


def test_the_list_of_commands_imports_none_of_them_and_a_command_no_other() -> None:
    _, ours = imported([], ["respond"], ["config"])
    places = {each.name: f"instgen.cli.{each.where.partition(':')[0]}" for each in COMMANDS}
    assert not {*places.values()} & {*ours[""]}
    assert {*places.values()} & {*ours["respond"]} == {places["respond"]}
    assert {*places.values()} & {*ours["config"]} == {places["respond"], places["config"]}


def ended(words: list[str], folder: Path, stdout: int = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    """How the program ends in a folder from which modules are imported first."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    return subprocess.run(
        [*COMMAND, *words], check=False, cwd=folder, env=environment, stdout=stdout, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_the_program_is_imported_ends_it_in_silence(tmp_path: Path, signum: int) -> None:
    (tmp_path / "typer.py").write_text(f"import os\nos.kill(os.getpid(), {signum})\nwhile True: pass\n")
    done = ended(["--help"], tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (-signum, "", "")


def test_an_interrupt_before_signals_can_be_minded_ends_it_in_silence(tmp_path: Path) -> None:
    (tmp_path / "signal.py").write_text("raise KeyboardInterrupt\n")
    done = ended(["--help"], tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.parametrize("words", [["--help"], ["prompts", "list"], ["stats", "rows.jsonl"]], ids=" ".join)
def test_a_reader_that_has_gone_is_nothing_to_talk_about(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "rows.jsonl").write_text('{"instruction": "Name a tree.", "output": "Oak."}\n')
    reader, writer = os.pipe()
    os.close(reader)
    done = ended(words, tmp_path, writer)
    os.close(writer)
    assert done.returncode == 141
    assert done.stderr in {"", "instgen: stdout: its reader is gone\n"}
