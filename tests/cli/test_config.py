"""Settings files, and `instgen config`, as their users meet them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Program, rows

ROW = '{"instruction": "Name a tree."}\n'


@pytest.fixture
def users(folder: Path) -> Path:
    """The user's own settings file, not yet there, in a folder that is."""
    path = folder / "xdg_config_home" / "instgen" / "config.toml"
    path.parent.mkdir(parents=True)
    return path


def shown(program: Program, *arguments: str, **variables: str) -> dict[str, dict[str, Any]]:
    done = program("config", "show", "--origin", "--json", *arguments, **variables)
    assert (done.returncode, done.stderr) == (0, "")
    return {row["name"]: row for row in rows(done.stdout)}


def values(settings: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {name: row["value"] for name, row in settings.items()}


def test_show_says_where_each_value_comes_from(instgen: Program, folder: Path, users: Path) -> None:
    users.write_text("seed = 1\ntries = 2\ntimeout = 3\n")
    (folder / "instgen.toml").write_text("seed = 4\ntries = 5\n")
    found = shown(instgen, INSTGEN_SEED="6")
    assert (found["seed"]["value"], found["seed"]["origin"]) == (6, "INSTGEN_SEED")
    assert (found["tries"]["value"], found["tries"]["origin"]) == (5, "instgen.toml:2")
    assert (found["timeout"]["value"], found["timeout"]["origin"]) == (3, f"{users}:3")
    assert (found["grace"]["value"], found["grace"]["origin"]) == (None, "default")
    assert found["teacher"]["origin"] == "INSTGEN_TEACHER"


def test_what_show_says_is_what_a_run_does(instgen: Program, folder: Path, users: Path) -> None:
    users.write_text("seed = 1\n[respond]\nseed = 2\nsamples = 3\n")
    found = shown(instgen, "respond")
    (row,) = rows(instgen("respond", input=ROW).stdout)
    assert found["seed"]["value"] == row["origin"][-1]["seed"] == 2
    assert found["samples"]["value"] == len(row["candidates"]) == 3
    assert shown(instgen)["seed"]["value"] == 1


def test_a_file_in_the_home_folder_is_shown_from_there(instgen: Program, folder: Path) -> None:
    path = folder / "home" / ".config" / "instgen" / "config.toml"
    path.parent.mkdir(parents=True)
    path.write_text("seed = 1\n")
    done = instgen("config", "show", "--origin", XDG_CONFIG_HOME="")
    assert re.search(r"^seed +1 +~/\.config/instgen/config\.toml:1$", done.stdout, re.MULTILINE)
    assert instgen("config", "path", XDG_CONFIG_HOME="").stdout == f"{path}\n"


def test_show_reads_the_file_that_is_named(instgen: Program, folder: Path, users: Path) -> None:
    users.write_text("seed = 1\n")
    (folder / "mine.toml").write_text("seed = 7\n")
    assert shown(instgen, "--config", "mine.toml")["seed"]["origin"] == "mine.toml:1"
    assert instgen("config", "show", "--config", "nowhere.toml").returncode == 4


def test_show_lists_the_teachers_that_are_named(instgen: Program, users: Path) -> None:
    users.write_text(
        '[teachers.big]\nteacher = "openai/m"\napi_key_env = "BIG_KEY"\nprice = {prompt = 1, completion = 2}\n'
    )
    found = shown(instgen, BIG_KEY="sk-0123456789")
    assert found["teachers.big.teacher"]["value"] == "openai/m"
    assert found["teachers.big.api_key_env"]["value"] == "BIG_KEY"
    assert found["teachers.big.price"]["value"] == {"prompt": 1, "completion": 2}


def test_a_key_in_the_wrong_place_is_not_shown(instgen: Program, users: Path) -> None:
    users.write_text('api_key_env = "sk-0123456789"\n[teachers.big]\nteacher = "openai/m"\napi_key = "hush-hush"\n')
    done = instgen("config", "show", "--origin", INSTGEN_API_KEY_FILE="sk-abcdefghij")
    assert done.returncode == 4
    assert "[teachers.big]" in done.stderr
    for secret in ("0123456789", "abcdefghij", "hush"):
        assert secret not in done.stdout + done.stderr


def test_show_knows_its_commands(instgen: Program) -> None:
    done = instgen("config", "show", "nothing")
    assert done.returncode == 2
    assert "respond" in done.stderr


def test_a_variable_that_cannot_be_read_is_told(instgen: Program) -> None:
    assert instgen("config", "show", INSTGEN_SEED="many").returncode == 2


def test_init_writes_a_private_file_once(instgen: Program, users: Path) -> None:
    users.parent.rmdir()
    done = instgen("config", "init")
    assert (done.returncode, done.stdout) == (0, f"{users}\n")
    assert users.stat().st_mode & 0o777 == 0o600
    assert users.parent.stat().st_mode & 0o777 == 0o700
    users.write_text("seed = 1\n")
    users.chmod(0o644)
    assert instgen("config", "init").returncode == 2
    assert users.read_text() == "seed = 1\n"
    assert instgen("config", "init", "--force").returncode == 0
    assert users.stat().st_mode & 0o777 == 0o600


def test_the_file_of_init_changes_nothing_as_it_is_nor_with_its_lines_said(instgen: Program, users: Path) -> None:
    before = {command: shown(instgen, *command) for command in ((), ("self-instruct",))}
    instgen("config", "init")
    assert tomllib.loads(users.read_text()) == {}
    assert {command: shown(instgen, *command) for command in before} == before
    said = re.sub(r"^#(?=\[|[\w-]+ = .)", "", users.read_text(), flags=re.MULTILINE)
    users.write_text(said)
    assert tomllib.loads(said)["self-instruct"]["n"] == 20
    after = {command: shown(instgen, *command) for command in before}
    for command, settings in before.items():
        assert values(after[command]) == values(settings)
        assert after[command]["max-failures"]["origin"].startswith(f"{users}:")


def test_init_names_every_option_that_the_commands_have(instgen: Program, users: Path) -> None:
    instgen("config", "init")
    named = set(re.findall(r"^#([\w-]+) =", users.read_text(), re.MULTILINE))
    for command in ("self-instruct", "respond", "evolve"):
        assert shown(instgen, command).keys() <= named


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("sed = 1\n", "no command has an option sed"),
        ("[respond]\nrounds = 1\n", "respond has no option rounds"),
        ("[self_instruct]\nn = 1\n", "[self_instruct]: there is no such command"),
        ("respond = 1\n", "respond is a table of settings: [respond]"),
        ("seed = \n", "not TOML"),
        ("seed = " + "9" * 5_000 + "\n", "not TOML"),
        ("seed = " + "[" * 3_000 + "\n", "not TOML"),
    ],
)
def test_a_setting_that_nothing_has_is_told(instgen: Program, users: Path, said: str, told: str) -> None:
    users.write_text(said)
    done = instgen("respond", input=ROW)
    assert done.returncode == 4
    assert told in done.stderr
    assert "config.toml" in done.stderr


@pytest.mark.parametrize(
    "said",
    [
        "base-url = 'http://x/v1'",
        "[respond]\nbase_url = 'http://x/v1'",
        "allow_http = true",
        "[teachers.x]\nteacher='y'",
    ],
)
@pytest.mark.parametrize("command", [("respond",), ("config", "show"), ("teachers", "check", "scripted/rules.jsonl")])
def test_a_projects_file_that_would_redirect_a_key_is_refused(
    instgen: Program, folder: Path, said: str, command: tuple[str, ...]
) -> None:
    (folder / "instgen.toml").write_text(said)
    done = instgen(*command, input=ROW)
    if said.startswith("[respond]") and command[0] != "respond":
        assert done.returncode == 0
    else:
        assert (done.returncode, done.stdout) == (4, "")
        assert "cannot be set here" in done.stderr


@pytest.mark.parametrize("said", ["embed-url = 'http://x/v1'", "[filter]\nembed_key_env = 'OPENAI_API_KEY'"])
def test_a_projects_file_cannot_redirect_the_key_for_embeddings(instgen: Program, folder: Path, said: str) -> None:
    (folder / "instgen.toml").write_text(said)
    done = instgen("filter", input=ROW)
    assert (done.returncode, done.stdout) == (4, "")
    assert "cannot be set here" in done.stderr


def test_an_empty_text_is_shown_as_unset(instgen: Program) -> None:
    (line,) = [line for line in instgen("config", "show", "respond").stdout.splitlines() if line.startswith("system ")]
    assert line.split() == ["system", "-"]
