"""A settings file that lies in a cloned folder says how to ask, but not whom with which key, nor what is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from instgen.cli.config import USERS_ONLY
from tests.cli.conftest import Program
from tests.commands import commands

ROW = '{"instruction": "Q", "output": "A"}\n'


@pytest.mark.parametrize(
    ("command", "said", "told"),
    [
        ("respond", 'teacher = "local/evil.gguf"', "teacher cannot name a model file"),
        ("respond", 'judge = "local/evil.gguf"', "judge cannot name a model file"),
        ("respond", '[respond]\nwith = ["openai/m", "local/evil.gguf"]', "cannot name a model file"),
        ("filter", '[filter]\nembed = "static/evil"', "embed cannot name a model file"),
        ("evolve", '[evolve]\nsave-method = "/tmp/x.txt"', "save-method cannot be set here"),
        ("respond", 'rejects = "/tmp/x"', "rejects cannot be set here"),
        ("respond", 'config = "/tmp/x"', "config"),
    ],
)
def test_a_projects_file_has_nothing_loaded_and_nothing_written(
    instgen: Program, folder: Path, command: str, said: str, told: str
) -> None:
    (folder / "instgen.toml").write_text(said + "\n")
    done = instgen(command, input=ROW)
    assert (done.returncode, done.stdout) == (4, "")
    assert told in done.stderr


def test_no_option_that_writes_or_sends_is_forgotten() -> None:
    """Whoever adds an option that holds a path or an address decides whether a project's file may set it."""
    may_be_set = {"prompts", "topics", "against", "seeds", "with-rejects", "with-summary", "with-rows", "config"}
    may_be_set |= {"reference-key"}
    found = set()
    for command in commands().values():
        for option in command.params:
            said = {name.removeprefix("--") for name in option.opts if name.startswith("--")}
            holds_path = option.type_descriptor.annotation in {Path, Path | None}
            found |= {name for name in said if holds_path or {"url", "key", "file"} & {*name.split("-")}}
    assert found >= {"output", "journal", "base-url", "api-key-file"}
    assert not found - {name.replace("_", "-") for name in USERS_ONLY} - may_be_set, "may a cloned folder set this?"


def test_a_variable_in_a_value_stays_as_it_is_written(
    instgen: Program, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "instgen.toml").write_text('judge = "openai/$SECRET-${SECRET}"\n')
    done = instgen("config", "show", SECRET="canary")
    assert "openai/$SECRET-${SECRET}" in done.stdout
    assert "canary" not in done.stdout
