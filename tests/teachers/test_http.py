from __future__ import annotations

import asyncio
import gzip
import socket

import pytest

from instgen.teachers.http import Client, Response
from tests.teachers.server import Answer, Request, serving

HEADERS = {"content-type": "application/json"}


def posted(*answers: Answer, timeout: float = 20.0, times: int = 1) -> list[Response]:
    async def run() -> list[Response]:
        client = Client(timeout)
        async with serving(answers) as server:
            try:
                return [await client.post(f"{server.url}/x", HEADERS, b'{"a": 1}') for _ in range(times)]
            finally:
                await client.aclose()

    return asyncio.run(run())


def test_a_response_is_status_headers_and_body() -> None:
    [response] = posted(Answer(418, b"tea", {"X-Pot": "Brown"}))
    assert (response.status, response.headers["x-pot"], response.body) == (418, "Brown", b"tea")


def test_the_body_is_sent_as_it_is() -> None:
    async def run() -> object:
        client = Client(20)
        async with serving([Answer()]) as server:
            await client.post(f"{server.url}/x", HEADERS, b'{"a": 1}')
            await client.aclose()
            return server.requests[0].body

    assert asyncio.run(run()) == {"a": 1}


def test_a_packed_body_is_unpacked() -> None:
    [response] = posted(Answer(body=gzip.compress(b"hello"), headers={"content-encoding": "gzip"}))
    assert response.body == b"hello"


def test_a_redirect_is_not_followed() -> None:
    [response] = posted(Answer(307, headers={"location": "http://127.0.0.1:9/"}))
    assert response.status == 307


def test_a_server_that_says_nothing_is_given_up_after_the_timeout() -> None:
    [response] = posted(Answer(stall=True), timeout=0.05)
    assert response == Response(0, problem="no answer within 0.05 s", timed_out=True)


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
    ],
)
def test_a_broken_response_is_a_problem_and_no_exception(wire: bytes) -> None:
    [response] = posted(Answer(wire=wire))
    assert response.status == 0
    assert response.problem.startswith("the connection failed: ")


def test_nobody_listening_is_a_problem_and_no_exception() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{reserved.getsockname()[1]}/"

        async def run() -> Response:
            client = Client(20)
            try:
                return await client.post(url, HEADERS, b"{}")
            finally:
                await client.aclose()

        assert asyncio.run(run()).problem.startswith("the connection failed: ")


def test_a_connection_is_used_again() -> None:
    [first, second] = posted(Answer(body=b"1"), Answer(body=b"2"), times=2)
    assert (first.body, second.body) == (b"1", b"2")


def test_more_than_a_hundred_can_be_in_flight() -> None:
    async def run() -> None:
        client, all_there, seen = Client(20), asyncio.Event(), iter(range(149))

        def stall(_: Request) -> Answer:
            if next(seen, None) is None:
                all_there.set()
            return Answer(stall=True)

        async with serving(stall) as server:
            posts = [asyncio.create_task(client.post(f"{server.url}/x", HEADERS, b"{}")) for _ in range(150)]
            await asyncio.wait_for(all_there.wait(), 20)
            for post in posts:
                post.cancel()
            await asyncio.gather(*posts, return_exceptions=True)
            await client.aclose()

    asyncio.run(run())
