"""Who gets which address, key and limit; and keys stay out of what is said."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from instgen.cli.main import app
from instgen.errors import UsageError
from instgen.teachers.teacher import Settings, Teacher
from tests.cli.conftest import Program
from tests.teachers.beside import answering
from tests.teachers.server import chat

ROW = '{"instruction": "Name a tree.", "output": "Oak."}\n'
HERE = "http://127.0.0.1:1/v1"
TABLE = '[teachers.big]\nteacher = "openai/b"\nbase_url = "http://127.0.0.1:2/v1"\nrpm = 7\n'


class Opened(UsageError):
    """Ends a command once all its teachers were looked at."""


@pytest.fixture
def opened(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Settings]]:
    """The teachers that commands ask for, with their settings; none is made."""
    asked: list[tuple[str, Settings]] = []

    def note(spec: str, settings: Settings) -> Teacher:
        asked.append((spec, settings))
        return object()  # type: ignore[return-value]

    def no_prompts(*_: object) -> None:
        raise Opened("enough")

    monkeypatch.setattr("instgen.teachers.find.find_teacher", note)
    monkeypatch.setattr("instgen.running.evolve.evolving_of", no_prompts)
    (folder / "mine.toml").write_text(TABLE)
    return asked


def evolve(*arguments: str, **variables: str) -> None:
    """Run `evolve`, which asks a teacher and a judge, as far as its teachers."""
    done = CliRunner().invoke(app, ["evolve", "--config", "mine.toml", *arguments], input=ROW, env=variables)
    if not isinstance(done.exception, Opened):
        assert done.exception
        raise done.exception


def test_a_judge_of_the_same_provider_shares_address_and_key(opened: list[tuple[str, Settings]]) -> None:
    evolve("-t", "openai/a", "--judge", "openai/j", "--base-url", HERE, "--api-key-env", "MINE", MINE="hush")
    assert [spec for spec, _ in opened] == ["openai/a", "openai/j"]
    assert {(settings.base_urls, settings.api_key) for _, settings in opened} == {((HERE,), "hush")}


def test_a_judge_of_another_provider_gets_neither(opened: list[tuple[str, Settings]]) -> None:
    evolve("-t", "openai/a", "--judge", "anthropic/j", "--base-url", HERE, "--api-key-env", "MINE", MINE="hush")
    (_, teacher), (spec, judge) = opened
    assert (teacher.base_urls, teacher.api_key) == ((HERE,), "hush")
    assert (spec, judge.base_urls, judge.api_key) == ("anthropic/j", (), None)


def test_a_named_teacher_has_its_own_address_whatever_variables_say(opened: list[tuple[str, Settings]]) -> None:
    evolve("-t", "big", "--judge", "openai/j", INSTGEN_BASE_URL=HERE, INSTGEN_API_KEY_ENV="MINE", MINE="hush")
    (spec, teacher), (_, judge) = opened
    assert (spec, teacher.base_urls, teacher.api_key) == ("openai/b", ("http://127.0.0.1:2/v1",), None)
    assert (judge.base_urls, judge.api_key) == ((), None)


@pytest.mark.parametrize(("flag", "value"), [("--base-url", HERE), ("--api-key-env", "MINE"), ("--api-key-file", "x")])
def test_an_address_or_key_on_the_line_does_not_go_with_a_named_teacher(
    opened: list[tuple[str, Settings]], flag: str, value: str
) -> None:
    with pytest.raises(UsageError, match=rf"{flag} does not go with big"):
        evolve("-t", "big", flag, value)
    assert opened == []


def test_a_limit_on_the_line_beats_the_teachers_table_and_the_table_the_files(
    opened: list[tuple[str, Settings]], folder: Path
) -> None:
    (folder / "mine.toml").write_text(f"rpm = 5\n{TABLE}")
    evolve("-t", "big")
    evolve("-t", "big", "--rpm", "9")
    evolve("-t", "big", INSTGEN_RPM="8")
    evolve("-t", "openai/a")
    assert [settings.rpm for _, settings in opened] == [7, 9, 8, 5]


def test_a_limit_on_the_line_is_the_teachers_and_not_a_named_judges(opened: list[tuple[str, Settings]]) -> None:
    evolve("-t", "openai/a", "--judge", "big", "--rpm", "9", "--tries", "2")
    assert [(settings.rpm, settings.tries) for _, settings in opened] == [(9, 2), (7, 2)]


def test_who_is_quiet_is_told_nothing(opened: list[tuple[str, Settings]], capsys: pytest.CaptureFixture[str]) -> None:
    evolve("-t", "openai/a", "-q")
    evolve("-t", "openai/a")
    for _, settings in opened:
        settings.tell("a setting is left out")
    assert capsys.readouterr().err == "instgen: a setting is left out\n"


@pytest.mark.parametrize("option", ["--api-key-env", "--api-key-file"])
def test_a_key_given_in_place_of_its_name_is_not_repeated(instgen: Program, option: str) -> None:
    done = instgen("respond", "-t", "openai/m", option, "hush-4711-hush", input=ROW)
    assert done.returncode == 2
    assert option in done.stderr
    assert "hush" not in done.stderr


def test_a_key_given_in_place_of_its_name_in_a_table_is_not_repeated(instgen: Program, folder: Path) -> None:
    (folder / "mine.toml").write_text('[teachers.big]\nteacher = "openai/b"\napi_key_env = "hush-4711-hush"\n')
    done = instgen("respond", "-t", "big", "--config", "mine.toml", input=ROW)
    assert done.returncode == 2
    assert "[teachers.big] api_key_env" in done.stderr
    assert "hush" not in done.stderr


def test_a_key_file_may_stand_in_the_home_folder(opened: list[tuple[str, Settings]], folder: Path) -> None:
    home = Path(os.environ["HOME"])
    home.mkdir(parents=True)
    (home / "key").write_text("hush\n")
    (home / "key").chmod(0o600)
    evolve("-t", "openai/a", "--api-key-file", "~/key")
    assert opened[0][1].api_key == "hush"


def test_each_server_sees_its_own_key_only(instgen: Program, folder: Path) -> None:
    trees = chat("Name three trees that grow near rivers.")
    with answering(lambda _: trees) as teacher, answering(lambda _: chat("Not equal.")) as judge:
        (folder / "mine.toml").write_text(
            f'[teachers.strict]\nteacher = "openai/j"\nbase_url = "{judge.url}"\napi_key_env = "TWO"\n'
        )
        line = ("evolve", "--rounds", "1", "-t", "openai/m", "--base-url", teacher.url, "--api-key-env", "ONE")
        instgen(*line, "--judge", "strict", "--config", "mine.toml", input=ROW, ONE="one-key", TWO="two-key")
    assert {request.headers["authorization"] for request in teacher.requests} == {"Bearer one-key"}
    assert {request.headers["authorization"] for request in judge.requests} == {"Bearer two-key"}
    assert {request.body["model"] for request in judge.requests} == {"j"}
