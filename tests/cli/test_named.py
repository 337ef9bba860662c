"""Teachers and prices from the user's own settings."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from instgen.errors import InputError
from instgen.records import Message, Prompt
from instgen.running.named import named_teacher, price_of
from instgen.running.options import Asking, Writing
from instgen.running.teachers import open_teachers
from instgen.teachers.prices import Price, known_price
from tests.cli.conftest import Program
from tests.teachers.server import chat, serving

ROW = '{"instruction": "Name a tree."}\n'


@pytest.fixture
def config(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        path = tmp_path / "mine.toml"
        path.write_text(text)
        return path

    return write


def test_a_name_stands_for_a_teacher_with_address_and_price(config: Callable[[str], Path]) -> None:
    path = config(
        '[teachers.big]\nteacher = "openai/a/b"\nbase_url = "http://127.0.0.1:1/v1"\n'
        "price = {prompt = 1, completion = 2}\n"
    )
    found = named_teacher("big", path)
    assert found is not None
    assert (found.teacher, found.base_urls, found.price) == ("openai/a/b", ("http://127.0.0.1:1/v1",), Price(1, 2))
    assert named_teacher("other", path) is None


@pytest.mark.parametrize(
    "table",
    [
        "base_url = 'http://x/v1'",
        "teacher = 'openai/x'\nkey = 'sk'",
        "teacher = 'openai/x'\nprice = {prompt = -1, completion = 1}",
    ],
)
def test_a_table_that_is_wrong_is_told_with_its_place(config: Callable[[str], Path], table: str) -> None:
    with pytest.raises(InputError, match=r"mine\.toml: \[teachers\.big\]"):
        named_teacher("big", config(f"[teachers.big]\n{table}\n"))


@pytest.mark.parametrize("name", ["openai", "openai/x", "Big"])
def test_a_name_that_could_be_something_else_is_refused(config: Callable[[str], Path], name: str) -> None:
    with pytest.raises(InputError, match="not a provider's"):
        named_teacher(name, config(f'[teachers."{name}"]\nteacher = "openai/y"\n'))


def test_a_table_has_its_own_timeout_and_tries(config: Callable[[str], Path]) -> None:
    found = named_teacher("big", config('[teachers.big]\nteacher = "openai/y"\ntimeout = 600\ntries = 9\n'))
    assert found is not None
    assert (found.timeout, found.tries) == (600, 9)


def test_the_list_is_not_for_where_a_variable_leads(
    config: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    assert price_of("openai/gpt-4.1", (), config("")) is None


def test_a_price_said_beats_the_list_and_serves_other_servers_too(config: Callable[[str], Path]) -> None:
    path = config('[prices]\n"openai/gpt-4.1" = {prompt = 9, completion = 9}\n')
    assert price_of("openai/gpt-4.1", (), path) == Price(9, 9)
    assert price_of("openai/gpt-4.1", ("http://127.0.0.1:1/v1",), path) == Price(9, 9)


def test_the_list_is_for_the_providers_own_service(config: Callable[[str], Path]) -> None:
    assert price_of("openai/gpt-4.1", (), config("")) == known_price("openai/gpt-4.1")
    assert price_of("openai/gpt-4.1", ("http://127.0.0.1:1/v1",), config("")) is None


def test_a_judge_elsewhere_gets_its_own_key_and_not_the_teachers(
    config: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONE", "sk-one")
    monkeypatch.setenv("TWO", "sk-two")

    async def run() -> list[list[str]]:
        async with serving(lambda _: chat()) as one, serving(lambda _: chat()) as two:
            path = config(f'[teachers.strict]\nteacher = "openai/j"\nbase_url = "{two.url}"\napi_key_env = "TWO"\n')
            asking = Asking(teacher="openai/m", base_url=[one.url], api_key_env="ONE", judge="strict")
            teachers = open_teachers(asking, Writing(config=path))
            for teacher in (teachers.teacher, teachers.judge):
                await teacher.complete(Prompt((Message("user", "Hello"),)))
            await teachers.aclose()
            return [[request.headers["authorization"] for request in each.requests] for each in (one, two)]

    assert asyncio.run(run()) == [["Bearer sk-one"], ["Bearer sk-two"]]


@pytest.mark.parametrize(
    "said", ["[teachers.big]\nteacher = 'openai/x'", "[prices]\n'openai/x' = {prompt = 0, completion = 0}"]
)
def test_a_projects_settings_name_no_teacher_and_no_price(instgen: Program, folder: Path, said: str) -> None:
    (folder / "instgen.toml").write_text(said)
    done = instgen("respond", input=ROW)
    assert done.returncode == 4
    name = said[1:].partition("]")[0].partition(".")[0]
    assert f"instgen.toml:1: {name} cannot be set here" in done.stderr


def test_a_named_teacher_answers(instgen: Program, folder: Path) -> None:
    (folder / "mine.toml").write_text('[teachers.fake]\nteacher = "scripted/rules.jsonl"\n')
    done = instgen("respond", "-t", "fake", "--config", "mine.toml", input=ROW)
    assert json.loads(done.stdout)["origin"][-1]["teacher"] == "scripted/rules.jsonl"
