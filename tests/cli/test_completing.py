"""What a shell is told when a word is to be completed, by the protocol of each shell and by bash itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from instgen.cli.completing import NAMES
from tests.cli.conftest import Program
from tests.commands import commands


def offered(program: Program, *words: str) -> list[str]:
    """What may stand in the place of the last word."""
    typed = "\n".join(("instgen", *words))
    done = program(COMP_WORDS=typed, COMP_CWORD=str(len(words)), _INSTGEN_COMPLETE="complete_bash")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


def test_commands_are_offered_in_the_order_of_a_pipeline(instgen: Program) -> None:
    assert offered(instgen, "")[:3] == ["self-instruct", "evolve", "respond"]
    assert offered(instgen, "re") == ["respond", "report"]
    assert offered(instgen, "teachers", "") == ["list", "check"]


def test_options_are_offered(instgen: Program) -> None:
    assert set(offered(instgen, "respond", "--re")) == {
        "--replace",
        "--reasoning",
        "--refusals",
        "--rejects",
        "--retry-failed",
    }
    assert offered(instgen, "--ver") == ["--version"]


@pytest.mark.parametrize(
    ("words", "some"),
    [
        ("respond --reasoning", {"keep", "drop"}),
        ("filter --preset", {"strict", "alpaca"}),
        ("filter --dedupe exact --dedupe", {"near", "novelty"}),
        ("filter --rule", {"min-words", "refusal"}),
        ("respond -t", {"local", "openai/"}),
        ("rank --judge", {"local", "openai/"}),
        ("respond --with", {"local", "openai/"}),
        ("teachers check", {"local", "openai/"}),
        ("score --rubric", {"quality", "length"}),
        ("evolve --method", {"wizardlm", "math"}),
        ("rank --criteria", {"helpfulness", "safety"}),
        ("export", {"trl", "parquet"}),
        ("prompts show", {"en/respond", "en/judge"}),
        ("config show", {"respond", "stats"}),
        ("self-instruct --lang", {"en", "zh"}),
        ("respond --lang", {"en", "zh"}),
    ],
)
def test_values_that_have_names_are_offered(instgen: Program, words: str, some: set[str]) -> None:
    assert some <= set(offered(instgen, *words.split(), ""))


def test_teachers_are_offered_by_the_names_of_the_settings(instgen: Program, folder: Path) -> None:
    (folder / "mine.toml").write_text('[teachers.big]\nteacher = "openai/m"\n')
    assert offered(instgen, "respond", "--config", "mine.toml", "-t", "b") == ["big"]
    assert offered(instgen, "respond", "-t", "b") == []


def test_a_word_after_which_a_file_is_due_offers_nothing_so_that_the_shell_offers_files(instgen: Program) -> None:
    assert offered(instgen, "respond", "") == offered(instgen, "respond", "-o", "") == []


def test_settings_that_cannot_be_read_are_no_matter_here(instgen: Program, folder: Path) -> None:
    (folder / "instgen.toml").write_text("nonsense = \n")
    (folder / "mine.toml").write_text("[teachers\n")
    assert offered(instgen, "respond", "--samples", "many", "--refus") == ["--refusals"]
    assert offered(instgen, "respond", "--config", "mine.toml", "-t", "lo") == ["local"]
    assert offered(instgen, "no-such-command", "--x") == []


@pytest.mark.parametrize(
    ("shell", "first"), [("zsh", '"--refusals":"Whether to drop'), ("fish", "--refusals\tWhether to drop")]
)
def test_other_shells_are_told_what_options_are_for(instgen: Program, shell: str, first: str) -> None:
    asked = {"_TYPER_COMPLETE_ARGS": "instgen respond --refus", "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
    done = instgen(_INSTGEN_COMPLETE=f"complete_{shell}", **asked)
    assert first in done.stdout
    assert instgen(_INSTGEN_COMPLETE=f"source_{shell}").stdout.count("_INSTGEN_COMPLETE") >= 1


def test_every_name_that_is_looked_up_belongs_to_a_parameter() -> None:
    every = dict(commands())
    for group in ("teachers", "prompts", "journal", "config"):
        every |= {name: command for name, command in commands()[group].commands.items() if name != "export"}
    known = {
        (command.name, max(param.opts, key=len).lstrip("-"))
        for command in [*every.values(), commands()["prompts"].commands["show"]]
        for param in command.params
    }
    assert set(NAMES) <= known


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_by_the_script_that_it_is_given(tmp_path: Path) -> None:
    program = tmp_path / "instgen"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m instgen "$@"\n')
    program.chmod(0o755)
    script = (
        'eval "$(_INSTGEN_COMPLETE=source_bash instgen)"\n'
        "complete -p instgen\n"
        "COMP_WORDS=(instgen evolve --keep l) COMP_CWORD=3\n"
        '_instgen_completion instgen; echo "${COMPREPLY[@]}"\n'
    )
    environment = {**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(["bash", "--norc", "-c", script], check=True, env=environment, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["complete -o default -F _instgen_completion instgen", "last"]
    assert done.stderr == ""
