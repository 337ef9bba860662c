"""A server that does all that servers do: nothing is lost, nothing is paid twice, no key is shown."""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from instgen.records import Completion, Message, Prompt
from instgen.teachers import endpoints, openai, retry
from instgen.teachers.pace import Pace
from instgen.teachers.teacher import Settings
from tests.teachers.server import Answer, Request, Server, chat, error, serving

CANARY = "sk-CANARY-0123456789abcdef"
AT_ONCE = 128
SHARE = 0.2
"""Of the items whose first tries fail."""


def soon() -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=1), usegmt=True)


def unfinished() -> Answer:
    """An answer that ends as none should: it is asked for twice, and no more often."""
    return chat("half an answer", None)


FAULTS = (
    lambda: error(
        429,
        "slow down",
    ),
    lambda: Answer(429, {"error": {"message": "slow"}}, headers={"Retry-After": soon()}),
    lambda: Answer(429, {"error": {"message": "slow"}}, headers={"retry-after-ms": "20"}),
    lambda: error(500),
    lambda: Answer(502, b"<html><body>Bad Gateway</body></html>"),
    lambda: error(503),
    lambda: error(529, "overloaded"),
    lambda: Answer(wire=b""),
    lambda: Answer(wire=b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"choices": [{'),
    lambda: Answer(200, b'{"choices": [{"message": {"content": "cut'),
    lambda: Answer(200, {"choices": []}),
    lambda: Answer(200, {"error": {"message": "no capacity", "code": 503}}),
    lambda: chat(None),
    lambda: Answer(200, b""),
    unfinished,
)


class Unreliable:
    """Fails some items once or twice, each in its own way, and counts what it answered in full."""

    def __init__(self) -> None:
        self.tries: Counter[str] = Counter()
        self.paid: Counter[str] = Counter()
        self.faults = 0

    def __call__(self, request: Request) -> Answer:
        asked = request.body["messages"][0]["content"]
        self.tries[asked] += 1
        luck = random.Random(asked)
        fault = luck.choice(FAULTS)
        if luck.random() < SHARE and self.tries[asked] <= (1 if fault is unfinished else luck.choice([1, 1, 2])):
            self.faults += 1
            return fault()
        self.paid[asked] += 1
        return chat(f"answer to {asked}")


@pytest.mark.parametrize("items", [600, pytest.param(10_000, marks=pytest.mark.chaos)])
def test_through_faults_of_every_kind_nothing_is_lost_and_nothing_paid_twice(
    items: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "LAST_WAIT", 0.05)
    answers = Unreliable()

    async def run() -> list[Completion]:
        async with serving(answers) as server:
            teacher = openai.open("m", Settings((server.url,), concurrency=AT_ONCE, tries=8))
            turns = asyncio.Semaphore(AT_ONCE)

            async def one(number: int) -> Completion:
                async with turns:
                    return await teacher.complete(Prompt((Message("user", f"item {number}"),)))

            completions = await asyncio.gather(*map(one, range(items)))
            await teacher.aclose()
            return completions

    completions = asyncio.run(run())
    assert [each.text for each in completions] == [f"answer to item {number}" for number in range(items)]
    assert answers.faults > 0.15 * items
    assert set(answers.paid.values()) == {1}


def test_a_server_that_dies_and_returns_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "LAST_WAIT", 0.02)
    monkeypatch.setattr(endpoints, "FIRST_REST", 0.1)

    async def run() -> list[Completion]:
        dead = asyncio.Event()
        server = Server(lambda _: Answer(wire=b"") if dead.is_set() else chat("Hi"))
        listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        server.port = listener.sockets[0].getsockname()[1]
        teacher = openai.open("m", Settings((server.url,), concurrency=8, tries=5))

        async def work() -> list[Completion]:
            done = []
            for number in range(60):
                done.append(await teacher.complete(Prompt((Message("user", str(number)),))))
                await asyncio.sleep(0.005)
            return done

        workers = [asyncio.create_task(work()) for _ in range(8)]
        await asyncio.sleep(0.1)
        dead.set()
        listener.close()
        await asyncio.sleep(0.4)
        dead.clear()
        listener = await asyncio.start_server(server.serve, "127.0.0.1", server.port)
        completions = [each for done in await asyncio.gather(*workers) for each in done]
        await teacher.aclose()
        listener.close()
        return completions

    completions = asyncio.run(run())
    assert [each.text for each in completions] == ["Hi"] * 480


def test_a_server_that_is_down_is_left_to_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "LAST_WAIT", 0.001)

    async def run() -> tuple[list[str], int]:
        async with serving(lambda _: Answer(wire=b"")) as down, serving(lambda _: chat("Hi")) as up:
            teacher = openai.open("m", Settings((down.url, up.url), concurrency=4, tries=9))
            prompts = [Prompt((Message("user", str(number)),)) for number in range(40)]
            texts = [(await teacher.complete(prompt)).text for prompt in prompts]
            await teacher.aclose()
            return texts, len(down.requests)

    texts, at_the_dead = asyncio.run(run())
    assert texts == ["Hi"] * 40
    assert at_the_dead <= endpoints.DOWN_AFTER + 1


def test_a_server_with_room_again_is_used_while_another_is_full() -> None:
    async def run() -> list[str]:
        places = endpoints.Endpoints(("http://a", "http://b"), 1, endpoints.Rates(), asyncio.get_running_loop().time)
        first = await places.acquire(1)
        other = next(each for each in places.all if each is not first.endpoint)
        other.pace.pause(asyncio.get_running_loop().time() + 0.05)
        lease = await asyncio.wait_for(places.acquire(1), 2)
        return [first.endpoint.url, lease.endpoint.url]

    assert sorted(asyncio.run(run())) == ["http://a", "http://b"]


def test_one_burst_of_lost_connections_is_one_rest() -> None:
    endpoint = endpoints.Endpoint("http://a", Pace(64))
    for _ in range(64):
        endpoint.missed(10.0)
    assert endpoint.pace.resumes == 10.0 + endpoints.FIRST_REST


def test_when_the_run_is_stopped_nothing_more_is_sent() -> None:
    async def run() -> tuple[int, int]:
        async with serving(lambda _: chat("Hi")) as server:
            teacher = openai.open("m", Settings((server.url,), rpm=600))
            tasks = [asyncio.create_task(teacher.complete(Prompt((Message("user", str(n)),)))) for n in range(40)]
            await asyncio.sleep(0.15)
            teacher.drain()
            sent = len(server.requests)
            await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 1)
            await teacher.aclose()
            return sent, len(server.requests)

    sent, after = asyncio.run(run())
    assert 0 < sent == after < 40


def test_a_word_that_passes_for_a_key_stays_in_the_answers() -> None:
    async def run() -> str:
        async with serving(lambda _: chat("Run ollama pull first.")) as server:
            teacher = openai.open("m", Settings((server.url,), "ollama"))
            completion = await teacher.complete(Prompt((Message("user", "How?"),)))
            await teacher.aclose()
            return completion.text

    assert asyncio.run(run()) == "Run ollama pull first."


def test_requests_a_minute_are_kept() -> None:
    async def run() -> float:
        async with serving(lambda _: chat("Hi")) as server:
            teacher = openai.open("m", Settings((server.url,), rpm=1200))
            began = asyncio.get_running_loop().time()
            await asyncio.gather(*(teacher.complete(Prompt((Message("user", str(n)),))) for n in range(30)))
            await teacher.aclose()
            return asyncio.get_running_loop().time() - began

    assert asyncio.run(run()) >= 0.5  # 20 at once, and 10 more at 20 a second


async def respond(server: Server, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """The program in a process of its own, with the canary as its key."""
    rows = folder / "rows.jsonl"
    rows.write_text("".join(json.dumps({"instruction": f"Name tree {number}."}) + "\n" for number in range(6)))
    files = ("-o", "out.jsonl", "--rejects", "no.jsonl", "--summary", "sum.jsonl", "--journal", "journal.sqlite")
    options = ("-t", "openai/m", "--base-url", server.url, "--tries", "2", "-v", *files, *more)
    environment = {**os.environ, "MY_KEY": CANARY}
    command = [sys.executable, "-m", "instgen", "respond", str(rows), "--api-key-env", "MY_KEY", *options]

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, capture_output=True, text=True, cwd=folder, env=environment, timeout=60, check=False
        )

    return await asyncio.to_thread(run)


ECHOES: tuple[Any, ...] = (
    lambda: chat(f"Your key is {CANARY}, is it not?"),
    lambda: chat("An oak.", reasoning_content=f"The key {CANARY} is odd."),
    lambda: error(400, f"prompt refused for {CANARY}"),
    lambda: Answer(500, f"<pre>Authorization: Bearer {CANARY}</pre>".encode()),
    lambda: Answer(200, {"error": {"message": CANARY}}),
    lambda: error(401, f"Incorrect API key provided: {CANARY}"),
)


@pytest.mark.parametrize("echo", ECHOES, ids=["text", "reasoning", "400", "500", "200", "401"])
def test_a_key_that_the_server_repeats_is_in_no_file_and_no_message(echo: Any, tmp_path: Path) -> None:
    async def run() -> tuple[subprocess.CompletedProcess[str], int]:
        async with serving(lambda _: echo()) as server:
            return await respond(server, tmp_path), len(server.requests)

    done, requests = asyncio.run(run())
    assert requests > 0
    assert "CANARY" not in done.stdout + done.stderr
    written = [path for path in tmp_path.iterdir() if path.is_file()]
    assert {"out.jsonl", "no.jsonl", "sum.jsonl", "journal.sqlite"} <= {path.name for path in written}
    assert not [path.name for path in written if b"CANARY" in path.read_bytes()]
