"""Vectors from an endpoint: one a text, each paid for once, and nothing is used of an answer that is not whole."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from instgen.errors import Shortfall, TeacherRefused, UsageError
from instgen.records import Completion
from instgen.teachers import retry
from instgen.teachers.embed import INPUTS, open_endpoint
from instgen.teachers.teacher import Settings
from tests.teachers.server import Answer, Request, Server, error, serving

KEY = "sk-CANARY-0123456789abcdef"


class Kept:
    """Purchases in memory."""

    def __init__(self) -> None:
        self.bought: dict[bytes, Completion] = {}

    def find(self, keys: Sequence[bytes]) -> Mapping[bytes, Completion]:
        return {key: self.bought[key] for key in keys if key in self.bought}

    async def keep(self, bought: Mapping[bytes, Completion]) -> Mapping[bytes, Completion]:
        return {key: self.bought.setdefault(key, completion) for key, completion in bought.items()}


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_WAIT", 0.001)


def vector(text: str) -> list[float]:
    """A vector that tells texts apart."""
    return [float(len(text)), text.count("a") + 0.1, -1.5]


def answer(texts: Sequence[str]) -> Answer:
    rows = [{"object": "embedding", "index": at, "embedding": vector(text)} for at, text in enumerate(texts)]
    return Answer(body={"object": "list", "data": rows, "usage": {"prompt_tokens": 2 * len(texts)}})


def right(request: Request) -> Answer:
    return answer(request.body["input"])


def made(
    texts: Sequence[str],
    answers: Iterable[Answer] | Callable[[Request], Answer] = right,
    kept: Kept | None = None,
    **settings: Any,
) -> tuple[np.ndarray, Server]:
    """The vectors, and the server that was asked for them."""

    async def run() -> tuple[np.ndarray, Server]:
        async with serving(answers) as server:
            said = Settings(base_urls=(server.url,), tries=3, timeout=5.0, **settings)
            model = open_endpoint("m/small", said, kept or Kept())
            try:
                return await model.vectors(texts), server
            finally:
                await model.aclose()

    return asyncio.run(run())


def rows(*texts: str) -> list[list[float]]:
    found: list[list[float]] = np.array([vector(text) for text in texts], np.float32).tolist()
    return found


def test_the_texts_are_sent_and_their_vectors_come_in_single_precision():
    found, server = made(["a tree", "tall"], api_key=KEY)
    assert found.dtype == np.float32
    assert found.tolist() == rows("a tree", "tall")
    (request,) = server.requests
    assert request.path == "/v1/embeddings"
    assert request.body == {"model": "m/small", "input": ["a tree", "tall"]}
    assert request.headers["authorization"] == f"Bearer {KEY}"


def test_vectors_belong_to_texts_by_their_index():
    def turned(request: Request) -> Answer:
        whole = right(request).body
        return Answer(body=whole | {"data": whole["data"][::-1]})

    assert made(["a", "bb", "ccc"], turned)[0].tolist() == rows("a", "bb", "ccc")


def test_many_texts_go_in_several_requests_and_come_back_in_order():
    texts = [f"{'a' * number}." for number in range(3 * INPUTS + 1)]
    found, server = made(texts)
    assert found.tolist() == rows(*texts)
    assert sorted(len(request.body["input"]) for request in server.requests) == [1, INPUTS, INPUTS, INPUTS]


def test_a_text_that_occurs_twice_is_sent_once_and_a_blank_one_never():
    found, server = made(["a", "", "bb", "a", " \n"])
    once, other = rows("a", "bb")
    assert found.tolist() == [once, [0, 0, 0], other, once, [0, 0, 0]]
    assert [request.body["input"] for request in server.requests] == [["a", "bb"]]


def test_only_blank_texts_need_no_server():
    assert not made(["", " "], [])[0].any()


def test_what_was_paid_for_is_not_asked_again_whatever_stands_beside_it():
    kept = Kept()
    made(["a", "bb"], kept=kept)
    found, server = made(["ccc", "bb", "a"], kept=kept)
    assert found.tolist() == rows("ccc", "bb", "a")
    assert [request.body["input"] for request in server.requests] == [["ccc"]]
    assert made(["a", "bb", "ccc"], [], kept)[0].tolist() == rows("a", "bb", "ccc")


def test_what_is_kept_is_the_vector_and_never_the_key():
    kept = Kept()
    made(["a"], kept=kept, api_key=KEY)
    (completion,) = kept.bought.values()
    assert np.frombuffer(base64.b64decode(completion.text), "<f4").tolist() == rows("a")[0]
    assert completion.teacher == "openai/m/small"
    assert KEY not in repr(completion)


def body(data: Any) -> Answer:
    return Answer(body={"data": data})


FAULTS: Mapping[str, Answer] = {
    "busy": error(429, "slow down", {"retry-after-ms": "1"}),
    "broken": error(500),
    "cut": Answer(wire=b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"data": [{'),
    "no JSON": Answer(body=b"<html>"),
    "an error in a 200": Answer(body={"error": {"message": "no capacity"}}),
    "no list": body("x"),
    "no rows": body(["x", "y"]),
    "one too few": answer(["a"]),
    "one too many": answer(["a", "bb", "c"]),
    "one index twice": body([{"index": 1, "embedding": [1.0]}, {"index": 1, "embedding": [2.0]}]),
    "an index of words": body([{"index": "0", "embedding": [1.0]}, {"index": 1, "embedding": [2.0]}]),
    "vectors of two lengths": body([{"index": 0, "embedding": [1.0]}, {"index": 1, "embedding": [2.0, 1.0]}]),
    "an empty vector": body([{"index": 0, "embedding": []}, {"index": 1, "embedding": []}]),
    "no vector": body([{"index": 0}, {"index": 1}]),
    "words": body([{"index": 0, "embedding": ["1"]}, {"index": 1, "embedding": ["2"]}]),
    "nothing in it": body([{"index": 0, "embedding": [None]}, {"index": 1, "embedding": [1.0]}]),
    "ragged": body([{"index": 0, "embedding": [[1], [1, 2]]}, {"index": 1, "embedding": [1.0]}]),
    "not a number": Answer(body=b'{"data": [{"index": 0, "embedding": [NaN]}, {"index": 1, "embedding": [1.0]}]}'),
    "too large": body([{"index": 0, "embedding": [1e39]}, {"index": 1, "embedding": [1.0]}]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_after_a_fault_the_texts_are_asked_again(fault):
    kept = Kept()
    found, server = made(["a", "bb"], iter([FAULTS[fault], answer(["a", "bb"])]), kept)
    assert found.tolist() == rows("a", "bb")
    assert len(server.requests) == 2
    assert len(kept.bought) == 2


@pytest.mark.parametrize("fault", ["one too many", "not a number", "vectors of two lengths"])
def test_a_fault_that_stays_ends_the_run_and_keeps_nothing(fault):
    kept = Kept()
    with pytest.raises(Shortfall, match=r"^no vector from openai/m/small at 127.*after 3 tries.*\(asked for 'a'\)"):
        made(["a", "bb"], lambda _: FAULTS[fault], kept)
    assert not kept.bought


def test_a_text_that_is_declined_is_named_and_those_before_it_are_kept():
    def limited(request: Request) -> Answer:
        too_long = any("long" in text for text in request.body["input"])
        return error(400, "input is too long") if too_long else right(request)

    kept = Kept()
    with pytest.raises(Shortfall, match=r"status 400: input is too long \(asked for 'long long'\)"):
        made(["a", "long long", "bb"], limited, kept)
    assert len(kept.bought) == 1


@pytest.mark.parametrize(
    "refusal", [error(401, f"bad key {KEY}"), error(404, "no model"), error(429, code="insufficient_quota")]
)
def test_a_server_that_refuses_is_asked_once_and_the_key_is_not_shown(refusal):
    asked: list[Request] = []

    def refused(request: Request) -> Any:
        asked.append(request)
        return refusal

    with pytest.raises(TeacherRefused) as problem:
        made(["a", "bb"], refused, api_key=KEY)
    assert len(asked) == 1
    assert "--embed-url" in problem.value.hint
    assert KEY not in f"{problem.value.message} {problem.value.hint}"


def test_a_server_that_is_not_there_ends_the_run():
    async def run() -> None:
        model = open_endpoint("m", Settings(base_urls=("http://127.0.0.1:9/v1",), tries=2), Kept())
        try:
            await model.vectors(["a", "b"])
        finally:
            await model.aclose()

    with pytest.raises(Shortfall, match="no response after 2 tries"):
        asyncio.run(run())


def test_vectors_of_another_length_than_those_kept_are_not_compared():
    kept = Kept()
    made(["a"], kept=kept)
    with pytest.raises(Shortfall, match="vectors of 3 and of 2 numbers") as problem:
        made(["a", "bb"], [body([{"index": 0, "embedding": [1, 2]}])], kept)
    assert "--no-journal" in problem.value.hint


@pytest.mark.parametrize(
    ("urls", "words"),
    [
        (("http://example.com/v1",), "unencrypted"),
        (("HTTP://example.com/v1",), "unencrypted"),
        (("ftp://127.0.0.1/v1",), "--embed-url must begin"),
        (("http://me:secret@127.0.0.1/v1",), "--embed|password"),
    ],
)
def test_an_address_that_cannot_be_used_is_said_to_be_one(urls, words):
    with pytest.raises(UsageError, match=words) as problem:
        open_endpoint("m", Settings(base_urls=urls), Kept())
    assert "--base-url" not in f"{problem.value.message} {problem.value.hint}"


def test_the_address_in_the_usual_variable_is_checked_too(monkeypatch):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://example.com/v1")
    with pytest.raises(UsageError, match="unencrypted"):
        open_endpoint("m", Settings(), Kept())


def test_a_key_is_needed_at_home_only():
    async def run() -> None:
        await open_endpoint("m", Settings(), Kept()).vectors(["a"])

    with pytest.raises(TeacherRefused, match="needs an API key"):
        asyncio.run(run())


def test_a_model_has_to_be_named():
    with pytest.raises(UsageError, match="needs a model"):
        open_endpoint("", Settings(), Kept())
