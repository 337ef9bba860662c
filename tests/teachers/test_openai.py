from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from instgen.errors import InstgenError, ItemFailed, TeacherError, TeacherRefused, UsageError
from instgen.records import Completion, Message, Prompt, Usage
from instgen.teachers import openai, retry
from instgen.teachers.teacher import Settings
from instgen.teachers.wire import HttpTeacher
from tests.teachers.server import Answer, Request, chat, error, serving

KEY = "sk-CANARY0123456789"
HELLO = Prompt((Message("user", "Hello"),))

Answers = Iterable[Answer] | Callable[[Request], Answer]


@pytest.fixture(autouse=True)
def _hardly_any_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "LAST_WAIT", 0.001)


@dataclass
class Asked:
    """What a prompt came to, and what the server was asked for it."""

    outcome: Completion | TeacherError
    requests: list[Request]

    @property
    def completion(self) -> Completion:
        assert isinstance(self.outcome, Completion)
        return self.outcome


def asked(answers: Answers, *prompts: Prompt, tries: int = 3, key: str | None = KEY, timeout: float = 20) -> Asked:
    async def run() -> Asked:
        async with serving(answers) as server:
            teacher = openai.open("m/1", Settings((server.url,), key, timeout, tries))
            try:
                for prompt in prompts or (HELLO,):
                    outcome: Any = await _outcome(teacher, prompt)
            finally:
                await teacher.aclose()
            return Asked(outcome, server.requests)

    return asyncio.run(run())


async def _outcome(teacher: HttpTeacher, prompt: Prompt) -> Completion | TeacherError:
    try:
        return await teacher.complete(prompt)
    except TeacherError as problem:
        return problem


def test_a_chat_goes_to_the_chat_path_with_model_and_key() -> None:
    [request] = asked([chat()]).requests
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["content-type"] == "application/json"
    assert request.body == {"model": "m/1", "messages": [{"role": "user", "content": "Hello"}]}


def test_a_document_goes_to_the_completions_path() -> None:
    answer = Answer(body={"choices": [{"text": " a time", "finish_reason": "stop"}]})
    done = asked([answer], Prompt(text="Once upon"))
    assert (done.requests[0].path, done.completion.text) == ("/v1/completions", " a time")


def test_the_completion_names_its_teacher_and_host() -> None:
    done = asked([chat("Hi")])
    assert (done.completion.text, done.completion.teacher) == ("Hi", "openai/m/1")
    assert done.completion.host == done.requests[0].headers["host"]
    assert done.completion.usage == Usage(7, 3)
    assert done.completion.cost is None


def test_without_a_key_no_authorization_is_sent() -> None:
    assert "authorization" not in asked([chat()], key=None).requests[0].headers


@pytest.mark.parametrize(
    "trouble",
    [
        error(429, "slow down"),
        error(503),
        error(500),
        error(529),
        Answer(200, b"<html>"),
        Answer(200, {"choices": []}),
        Answer(200, {"error": {"message": "overloaded"}}),
        chat(None),
        chat("half", None),
        Answer(wire=b""),
        Answer(wire=b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
    ],
)
def test_after_a_passing_trouble_the_answer_still_comes(trouble: Answer) -> None:
    done = asked([trouble, chat("Hi")])
    assert (done.completion.text, len(done.requests)) == ("Hi", 2)


def test_a_server_that_stalls_is_asked_again() -> None:
    done = asked([Answer(stall=True), chat("Hi")], timeout=0.5)
    assert done.completion.text == "Hi"


def test_the_tries_are_bounded_and_told() -> None:
    done = asked(lambda _: error(503, "busy"), tries=4)
    assert len(done.requests) == 4
    assert isinstance(done.outcome, ItemFailed)
    assert "status 503 after 4 tries: busy" in str(done.outcome)


def test_an_unknown_end_is_tried_twice_at_most() -> None:
    done = asked(lambda _: chat("half", "weird"), tries=5)
    assert len(done.requests) == 2
    assert "'weird'" in str(done.outcome)


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_fault_of_the_prompt_is_never_sent_again(status: int) -> None:
    done = asked([error(status, "context too long")])
    assert len(done.requests) == 1
    assert isinstance(done.outcome, ItemFailed)
    assert "context too long" in str(done.outcome)


def test_an_answer_nobody_asked_for_is_not_asked_for_again() -> None:
    done = asked([chat("x", "tool_calls")])
    assert (len(done.requests), type(done.outcome)) == (1, ItemFailed)


@pytest.mark.parametrize(
    "answer",
    [
        error(401, "bad key"),
        error(402),
        error(403),
        error(404, "no such model"),
        error(429, code="insufficient_quota"),
        Answer(307, headers={"location": "https://elsewhere.example/"}),
    ],
)
def test_a_refusal_of_the_account_ends_the_run_with_a_hint(answer: Answer) -> None:
    done = asked([answer])
    assert len(done.requests) == 1
    assert isinstance(done.outcome, TeacherRefused)
    assert done.outcome.hint


@pytest.mark.parametrize(
    "answer",
    [
        error(401, f"Incorrect API key provided: {KEY}. Bearer {KEY}"),
        Answer(400, f"<p>{KEY}</p>".encode()),
        error(400, KEY * 40),
        Answer(200, {"error": {"message": KEY}}),
        chat("x", KEY),
    ],
)
def test_the_key_is_in_no_error_even_when_the_server_repeats_it(answer: Answer) -> None:
    outcome = asked(lambda _: answer).outcome
    assert isinstance(outcome, InstgenError)
    assert "CANARY" not in f"{outcome!r} {outcome.message} {outcome.hint} {outcome.__cause__!r} {outcome.__context__!r}"


def test_the_key_is_in_no_representation() -> None:
    settings = Settings(api_key=KEY)
    assert "CANARY" not in f"{settings!r} {openai.open('m', settings)!r}"


SWAP = error(400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens'.", param="max_tokens")


def picky(request: Request) -> Answer:
    return SWAP if "max_tokens" in request.body else chat()


def test_the_token_limit_goes_by_its_old_name_first() -> None:
    assert asked([chat()], Prompt((Message("user", "x"),), max_tokens=9)).requests[0].body["max_tokens"] == 9


def test_a_server_that_knows_only_the_new_name_gets_it() -> None:
    done = asked(picky, Prompt((Message("user", "x"),), max_tokens=9))
    assert done.completion.text == "Hello"
    assert done.requests[-1].body["max_completion_tokens"] == 9
    assert "max_tokens" not in done.requests[-1].body


def test_the_name_that_worked_is_remembered() -> None:
    limited = Prompt((Message("user", "x"),), max_tokens=9)
    names = [sorted(set(request.body) - {"model", "messages"}) for request in asked(picky, limited, limited).requests]
    assert names == [["max_tokens"], ["max_completion_tokens"], ["max_completion_tokens"]]


def test_a_limit_that_is_too_large_is_a_fault_of_the_prompt() -> None:
    limited = Prompt((Message("user", "x"),), max_tokens=9)
    done = asked(lambda _: error(400, "max_tokens is too large: this model takes at most 4096"), limited)
    assert len(done.requests) == 1
    assert isinstance(done.outcome, ItemFailed)


def test_a_setting_declined_by_both_names_is_left_out() -> None:
    def declines(request: Request) -> Answer:
        named = next((name for name in request.body if name.startswith("max_")), None)
        return error(400, f"Unknown parameter: {named}", param=named) if named else chat("Hi")

    done = asked(declines, Prompt((Message("user", "x"),), max_tokens=9))
    assert (done.completion.text, len(done.requests)) == ("Hi", 3)


def test_a_declined_setting_is_left_out_told_once_and_remembered() -> None:
    def declines(request: Request) -> Answer:
        if "temperature" in request.body:
            said = "'temperature' does not support 0.7 with this model. Only the default (1) value is supported."
            return error(400, said, param="temperature", code="unsupported_value")
        return chat("Hi")

    async def run() -> tuple[list[str], int]:
        told: list[str] = []
        async with serving(declines) as server:
            teacher = openai.open("m", Settings((server.url,), tell=told.append))
            for number in range(3):
                await teacher.complete(Prompt((Message("user", str(number)),), temperature=0.7))
            await teacher.aclose()
            return told, len(server.requests)

    [line], requests = asyncio.run(run())
    assert "does not accept temperature" in line
    assert requests == 4


def test_what_follows_a_stop_is_cut_where_the_server_ignores_it() -> None:
    done = asked([chat("one\n###\ntwo", "length")], Prompt((Message("user", "x"),), stop=("###",)))
    assert (done.completion.text, done.completion.finish) == ("one\n", "stop")


def test_another_fault_of_the_prompt_does_not_change_the_name() -> None:
    done = asked([error(400, "context too long")], Prompt((Message("user", "x"),), max_tokens=9))
    assert len(done.requests) == 1


def test_many_at_once_all_find_the_name() -> None:
    async def run() -> list[Completion]:
        async with serving(picky) as server:
            teacher = openai.open("m", Settings((server.url,)))
            prompts = [Prompt((Message("user", str(number)),), max_tokens=9) for number in range(20)]
            replies = await asyncio.gather(*map(teacher.complete, prompts))
            await teacher.aclose()
            return replies

    assert [reply.text for reply in asyncio.run(run())] == ["Hello"] * 20


def test_several_servers_take_turns() -> None:
    async def run() -> list[int]:
        async with serving(lambda _: chat()) as one, serving(lambda _: chat()) as two:
            teacher = openai.open("m", Settings((one.url, two.url)))
            for _ in range(4):
                await teacher.complete(HELLO)
            await teacher.aclose()
            return [len(one.requests), len(two.requests)]

    assert asyncio.run(run()) == [2, 2]


def test_another_try_goes_to_another_server() -> None:
    async def run() -> str:
        async with serving(lambda _: error(503)) as broken, serving(lambda _: chat("Hi")) as whole:
            teacher = openai.open("m", Settings((broken.url, whole.url)))
            completion = await teacher.complete(HELLO)
            await teacher.aclose()
            return completion.text

    assert asyncio.run(run()) == "Hi"


def test_a_cancelled_call_ends_at_once() -> None:
    async def run() -> None:
        async with serving(lambda _: Answer(stall=True)) as server:
            teacher = openai.open("m", Settings((server.url,)))
            task = asyncio.create_task(teacher.complete(HELLO))
            await asyncio.sleep(0.05)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await teacher.aclose()

    asyncio.run(run())


def test_openai_itself_is_not_asked_without_a_key() -> None:
    teacher = openai.open("m", Settings())
    with pytest.raises(TeacherRefused) as caught:
        asyncio.run(teacher.complete(HELLO))
    assert "OPENAI_API_KEY" in caught.value.hint


def test_the_usual_variable_holds_openais_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk a")
    with pytest.raises(UsageError, match="API key"):
        openai.open("m", Settings())


def test_the_usual_variables_key_goes_to_no_other_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert "authorization" not in asked([chat()], key=None).requests[0].headers


def test_a_key_does_not_travel_in_the_clear() -> None:
    with pytest.raises(UsageError, match="unencrypted"):
        openai.open("m", Settings(("http://192.0.2.7:8000/v1",), KEY))


def test_the_identity_knows_no_address() -> None:
    first, second = (openai.open("m", Settings((f"http://127.0.0.1:{port}/v1",))) for port in (1, 2))
    assert first.identity == second.identity == "openai/m"
