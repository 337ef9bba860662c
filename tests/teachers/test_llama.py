"""What only llama.cpp itself can show, with the bundled model on one thread: short prompts, few tokens."""

from __future__ import annotations

import asyncio
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from instgen.errors import ItemFailed, MissingPiece, TeacherRefused
from instgen.records import Completion, Message, Prompt
from instgen.teachers import local, openai
from instgen.teachers.local import Local
from instgen.teachers.teacher import Settings, Teacher


def missing() -> str:
    """Why the model cannot be run here, or ""."""
    try:
        local.open("", Settings())
    except MissingPiece as problem:
        return str(problem)
    return ""


pytestmark = [pytest.mark.local, pytest.mark.skipif(bool(missing()), reason=missing() or "it is all there")]

KEY = "sk-loopback0123"
COLOURS = (Message("user", "Name three colours."), Message("assistant", "1. Teal\n2."))
SCHEMA = {
    "type": "object",
    "properties": {"colour": {"type": "string", "maxLength": 8}},
    "required": ["colour"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def teacher() -> Iterator[Local]:
    opened = local.open("", Settings(threads=1))
    yield opened
    asyncio.run(opened.aclose())


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """llama.cpp's own HTTP server, with a key; the base URL."""
    xllamacpp = importlib.import_module("xllamacpp")
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(local.bundled_weights())
    parameters.n_ctx = 512
    parameters.verbosity = -1
    parameters.warmup = False
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    parameters.api_keys = [KEY]
    running = xllamacpp.Server(parameters)
    yield f"{running.listening_address}/v1"
    del running


def user(text: str, **more: Any) -> Prompt:
    return Prompt((Message("user", text),), **more)


def told(teacher: Teacher, *prompts: Prompt) -> list[Completion]:
    async def run() -> list[Completion]:
        return await asyncio.gather(*map(teacher.complete, prompts))

    return asyncio.run(run())


def told_over_http(server: str, prompt: Prompt, key: str = KEY) -> Completion:
    async def run() -> Completion:
        teacher = openai.open("any", Settings((server,), key, tries=1))
        try:
            return await teacher.complete(prompt)
        finally:
            await teacher.aclose()

    return asyncio.run(run())


def test_a_chat_is_answered_and_counted(teacher: Local) -> None:
    [reply] = told(teacher, user("Say hello.", max_tokens=6, seed=1))
    assert reply.text.strip()
    assert reply.finish in {"stop", "length"}
    assert reply.usage.prompt > 0 < reply.usage.completion <= 6
    assert not reply.usage.estimated


def test_a_cut_answer_is_known_as_cut(teacher: Local) -> None:
    assert told(teacher, user("Tell a long story.", max_tokens=3, seed=1))[0].finish == "length"


def test_a_beginning_is_gone_on_with(teacher: Local) -> None:
    [reply] = told(teacher, Prompt(COLOURS, max_tokens=8, seed=3, temperature=0.0))
    assert reply.text
    assert "Teal" not in reply.text


def test_a_document_stops_where_it_should(teacher: Local) -> None:
    [reply] = told(teacher, Prompt(text="One, two, three,", max_tokens=12, seed=1, stop=(",",), temperature=0.0))
    assert (reply.text, reply.finish) == (" four", "stop")


@pytest.mark.parametrize("prompt", [user("Name a colour."), Prompt(text="A colour as JSON: ")])
def test_a_schema_is_kept_to(teacher: Local, prompt: Prompt) -> None:
    limited = Prompt(prompt.messages, prompt.text, max_tokens=60, seed=3, schema=SCHEMA)
    assert '"colour"' in told(teacher, limited)[0].text


def test_a_prompt_that_is_too_long_fails_alone(teacher: Local) -> None:
    with pytest.raises(ItemFailed, match="context size"):
        told(teacher, user("x " * 2500))
    assert told(teacher, user("Hi", max_tokens=2))[0].text


def test_a_schema_that_is_none_fails_the_item(teacher: Local) -> None:
    with pytest.raises(ItemFailed):
        told(teacher, user("x", schema={"type": "wibble"}))


def test_a_seed_gives_the_same_answer_alone_and_in_company(teacher: Local) -> None:
    prompts = [user(f"Give a tip for day {day}.", max_tokens=8, seed=day, temperature=0.8) for day in range(4)]
    alone = [told(teacher, prompt)[0].text for prompt in prompts]
    assert [reply.text for reply in told(teacher, *prompts)] == alone


PROGRAM = """
import asyncio
from instgen.errors import InstgenError
from instgen.records import Message, Prompt
from instgen.teachers.find import find_teacher
from instgen.teachers.teacher import Settings

async def run():
    teacher = find_teacher({spec!r}, Settings(threads=1))
    prompts = [Prompt((Message("user", "Tell a long story."),), max_tokens=1500, seed=n) for n in range({prompts})]
    tasks = [asyncio.create_task(teacher.complete(prompt)) for prompt in prompts]
    {then}
    await asyncio.gather(*tasks, return_exceptions=True)

try:
    asyncio.run(run())
except InstgenError:
    pass
"""

THEN = {
    "answered": "await teacher.complete(Prompt(text='a', max_tokens=2)); await teacher.aclose()",
    "closed in mid-generation": "await asyncio.sleep(0.8); await teacher.aclose()",
    "cancelled and not closed": "await asyncio.sleep(0.8); [task.cancel() for task in tasks]",
    "closed while loading": "await asyncio.sleep(0.01); await teacher.aclose()",
    "closed as soon as it is loaded": "teacher._model.engine(); await teacher.aclose()",
    "left as it is": "await asyncio.sleep(0.8); return",
}
PROMPTS = {"answered": 0, "closed as soon as it is loaded": 0}
"""How many long stories are begun beside it: six, where nothing is said here."""
SECONDS = 300
"""After which a process hangs: beside ten others on two cores, one that takes two seconds alone took 49."""


def ran(program: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=SECONDS, check=False)


@pytest.mark.parametrize("ending", THEN)
def test_the_process_ends_well_and_without_a_word(ending: str) -> None:
    done = ran(PROGRAM.format(spec="local", then=THEN[ending], prompts=PROMPTS.get(ending, 6)))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_broken_model_is_refused_without_a_word(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(local.bundled_weights().read_bytes()[:1_000_000])
    done = ran(PROGRAM.format(spec=f"local/{broken}", then="await tasks[0]", prompts=1))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_a_broken_model_is_refused_by_name(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" * 100)
    with pytest.raises(TeacherRefused, match=r"broken\.gguf"):
        told(local.open(str(broken), Settings()), user("x"))


def test_the_http_teacher_gets_a_chat_answered(server: str) -> None:
    reply = told_over_http(server, user("Say hello.", max_tokens=5, seed=1))
    assert reply.text.strip()
    assert (reply.usage.estimated, reply.host) == (False, server.removeprefix("http://").removesuffix("/v1"))


def test_the_http_teacher_gets_a_document_gone_on_with(server: str) -> None:
    prompt = Prompt(text="One, two, three,", max_tokens=12, stop=(",",), temperature=0.0)
    assert told_over_http(server, prompt).text == " four"


def test_the_http_teacher_gets_only_what_comes_after_a_beginning(server: str) -> None:
    reply = told_over_http(server, Prompt(COLOURS, max_tokens=6, seed=3))
    assert reply.text
    assert "Teal" not in reply.text


def test_the_http_teacher_is_refused_with_a_wrong_key(server: str) -> None:
    with pytest.raises(TeacherRefused, match="status 401"):
        told_over_http(server, user("x"), key="sk-wrong01234")


def test_the_http_teacher_fails_a_prompt_that_is_too_long(server: str) -> None:
    with pytest.raises(ItemFailed, match="context size"):
        told_over_http(server, user("x " * 900))
