"""Whatever a command of the pipeline can be told, a settings file and a variable can tell it, too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest

from instgen.cli.commands import SETTABLE
from instgen.cli.config import PROJECT_FILE, USERS_ONLY, setting_of
from tests.cli.conftest import Program
from tests.cli.test_config import shown
from tests.commands import commands


def options(command: str) -> dict[str, Any]:
    """The options of a command by the names that files have for them."""
    every = commands()[command].params
    found = {setting_of(each): each for each in every if each.param_type_name == "option"}
    del found["config"]
    return found


def another_value(option: Any) -> Any:
    """A value that is not the default, as a file may say it."""
    kind = option.type_descriptor.annotation
    if get_origin(kind) is list:
        (kind,) = get_args(kind)
    if choices := option.type_descriptor.choices:
        one: Any = next(each for each in reversed(choices) if each != option.default)
        return str(one)
    if kind is bool:
        return True
    if kind in {int, float}:
        least, most = option.min or 0, option.max or 10
        return next(value for value in (0.25, 3, 9) if least <= value <= most and (kind is float or value >= 1))
    return "some/text"


def as_a_variable(value: Any) -> str:
    return "1" if value is True else str(value)


@pytest.mark.parametrize("command", SETTABLE)
def test_every_option_can_be_set_in_a_table_of_the_users_file(instgen: Program, folder: Path, command: str) -> None:
    wanted = {setting: another_value(option) for setting, option in options(command).items()}
    text = "".join(f"{setting} = {json.dumps(value)}\n" for setting, value in wanted.items())
    (folder / "mine.toml").write_text(f"# mine\n[{command}]\n{text}")
    found = shown(instgen, command, "--config", "mine.toml", INSTGEN_TEACHER="")
    assert found.keys() == wanted.keys()
    for line, (setting, value) in enumerate(wanted.items(), 3):
        assert found[setting]["value"] in (value, [value]), setting
        assert found[setting]["origin"] == f"mine.toml:{line}", setting


@pytest.mark.parametrize("command", SETTABLE)
def test_every_option_can_be_set_by_a_variable_of_its_command(instgen: Program, folder: Path, command: str) -> None:
    start = f"INSTGEN_{command}_".replace("-", "_").upper()
    wanted = {setting: another_value(option) for setting, option in options(command).items()}
    names = {setting: start + setting.replace("-", "_").upper() for setting in wanted}
    found = shown(instgen, command, **{names[each]: as_a_variable(value) for each, value in wanted.items()})
    for setting, value in wanted.items():
        assert found[setting]["value"] in (value, [value]), setting
        assert found[setting]["origin"] == names[setting], setting


@pytest.mark.parametrize("setting", ["teacher", "seed", "quiet", "journal", "summary"])
def test_what_commands_share_has_one_variable_for_all_and_one_for_each(instgen: Program, setting: str) -> None:
    value = as_a_variable(another_value(options("respond")[setting]))
    variable = f"INSTGEN_{setting.upper()}"
    of_one = f"INSTGEN_RESPOND_{setting.upper()}"
    assert shown(instgen, "respond", **{variable: value})[setting]["origin"] == variable
    assert shown(instgen, "respond", **{variable: "0", of_one: value})[setting]["origin"] == of_one


def test_a_project_can_set_what_redirects_nothing(instgen: Program, folder: Path) -> None:
    for command in SETTABLE:
        free = {name: option for name, option in options(command).items() if name not in USERS_ONLY}
        text = "".join(f"{name} = {json.dumps(another_value(option))}\n" for name, option in free.items())
        (folder / PROJECT_FILE).write_text(f"[{command}]\n{text}")
        found = shown(instgen, command, INSTGEN_TEACHER="")
        assert {name for name, row in found.items() if row["origin"].startswith("instgen.toml:")} == free.keys()


@pytest.mark.parametrize("name", sorted(USERS_ONLY - {"teachers", "prices"}))
def test_a_project_cannot_set_what_is_the_users_to_say(instgen: Program, folder: Path, name: str) -> None:
    command = next(each for each in SETTABLE if name in options(each))
    (folder / PROJECT_FILE).write_text(f"[{command}]\n{name} = {json.dumps(another_value(options(command)[name]))}\n")
    done = instgen(command, input='{"instruction": "Name a tree."}\n')
    assert (done.returncode, done.stdout) == (4, "")
    assert f"{name} cannot be set here" in done.stderr


def test_the_journal_of_the_users_file_is_the_one_that_is_inspected(instgen: Program, folder: Path) -> None:
    (folder / "mine.toml").write_text('journal = "kept.db"\n')
    instgen("self-instruct", "-n", "1", "--config", "mine.toml")
    assert (folder / "kept.db").exists()
    assert instgen("journal", "info", "--config", "mine.toml").stdout.startswith("kept.db\n")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("\nsed = 1\n", "mine.toml:2: no command has an option sed; did you mean seed?"),
        ("[respond]\n\nsample = 1\n", "mine.toml:3: respond has no option sample; did you mean samples?"),
        ("seed = 1\n[respnd]\nsamples = 1\n", "mine.toml:2: [respnd]: there is no such command; did you mean respond?"),
        ("# first\n'tries' = 'few'\n", "mine.toml:2: tries: "),
        ("[respond]\nreasoning = 'maybe'\n", "mine.toml:2: reasoning: "),
        ("tries = 0\n", "mine.toml:1: tries: "),
        ("[respond]\nlang = ['en']\n", "mine.toml:2: lang: must be one value,"),
        ("[respond]\nsystem = {a = 1}\n", "mine.toml:2: system: must be one value,"),
        ("[respond]\nwith = {a = 1}\n", "mine.toml:2: with: must be one value or a list,"),
        ("base-url = [['a']]\n", "mine.toml:1: base-url: must be one value or a list,"),
        ("[journal]\nolder-than = 1\n", "mine.toml:1: [journal]: there is no such command"),
        ("config = 'other.toml'\n", "mine.toml:1: no command has an option config"),
        ("files = 'other.toml'\n", "mine.toml:1: no command has an option files"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_in_one_line_with_its_place(
    instgen: Program, folder: Path, said: str, told: str
) -> None:
    (folder / "mine.toml").write_text(said)
    for command in (["respond"], ["config", "show", "respond"]):
        done = instgen(*command, "--config", "mine.toml", input='{"instruction": "Name a tree."}\n')
        assert (done.returncode, done.stdout) == (4, ""), command
        assert done.stderr.startswith(f"instgen: {told}"), command
        assert done.stderr.count("\n") == 1, command


def test_a_variable_that_cannot_be_read_is_told_by_its_name(instgen: Program) -> None:
    done = instgen("respond", INSTGEN_RESPOND_SAMPLES="many", input='{"instruction": "Name a tree."}\n')
    assert done.returncode == 2
    assert done.stderr.startswith("instgen: INSTGEN_RESPOND_SAMPLES: ")
    assert done.stderr.count("\n") == 1
