"""`openai/MODEL` for embeddings: `POST /v1/embeddings`, as served by OpenAI, vLLM, llama.cpp, Ollama and others.

To the shared HTTP teacher, a request for vectors is a prompt whose text is the list of inputs, and the reply is a
completion whose text is the vectors; retries, waits, pacing and key handling are therefore those of all teachers.

The rule: a vector is journaled before it is used, in single precision, under the model and its text, so that the same
text is paid for once, whatever else was in its request. A reply without exactly one vector per input is discarded.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import os
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
import orjson
from numpy.typing import NDArray

from instgen.errors import ItemFailed, Shortfall, TeacherRefused, UsageError
from instgen.records import Completion, Prompt, Usage
from instgen.teachers.dialect import CHARACTERS_PER_TOKEN, Unusable, complaint, mapping
from instgen.teachers.endpoint import checked_url, is_loopback
from instgen.teachers.openai import OpenAI
from instgen.teachers.teacher import Settings, Traits
from instgen.teachers.wire import HttpTeacher

INPUTS = 32
"""Texts per request: the lowest default limit of a widely used server (Hugging Face's text-embeddings-inference)."""
MAX_DIMENSIONS = 65_536
"""Maximum length of a vector; ten times the longest in use."""

Floats = NDArray[np.float32]


class Purchases(Protocol):
    """A store of the vectors bought, each as the text of a completion."""

    def find(self, keys: Sequence[bytes]) -> Mapping[bytes, Completion]:
        """The stored vectors, by key, of those keys that have one."""
        ...

    async def keep(self, bought: Mapping[bytes, Completion]) -> Mapping[bytes, Completion]:
        """Store vectors and wait until they are safe; returns those to use, which the store may have had before."""
        ...


class EndpointModel:
    """An embedding model behind an HTTP endpoint; all its methods must be called in one event loop."""

    def __init__(self, model: str, settings: Settings, purchases: Purchases) -> None:
        """Set up without connecting; `settings` has at most one address.

        Raises:
            UsageError: the address or the key is invalid.
        """
        self._teacher = HttpTeacher(DIALECT, model, settings, Traits())
        self._purchases = purchases
        self._dimensions: int | None = None
        self.name = self._teacher.name
        self.asked = self.replayed = self.tokens = 0
        """Texts sent to the server, texts found in the journal, and tokens used for those sent."""

    async def vectors(self, texts: Sequence[str]) -> Floats:
        """A matrix with one row for each text, not normalized; zeros for a blank text.

        Raises:
            TeacherRefused: the server will make no vector at all.
            Shortfall: it made no vector for one of the texts, or vectors of several lengths.
        """
        keys = {text: self._key(text) for text in texts if text and not text.isspace()}
        kept = self._purchases.find(list(keys.values()))
        answers = {text: _unpacked(kept[key].text) for text, key in keys.items() if key in kept}
        missing = [text for text in keys if text not in answers]
        self.replayed += len(answers)
        parts = [missing[start : start + INPUTS] for start in range(0, len(missing), INPUTS)]
        for part, vectors in zip(parts, await _all([self._asked(part) for part in parts]), strict=True):
            answers |= dict(zip(part, vectors, strict=True))
        for vector in answers.values():
            self._check(vector)
        blank = np.zeros(self._dimensions or 1, np.float32)
        return np.array([answers.get(text, blank) for text in texts], np.float32).reshape(len(texts), -1)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._teacher.aclose()

    async def _asked(self, texts: Sequence[str]) -> list[Floats]:
        """The vectors of some texts from the server; if it rejects the request as a whole, one text at a time."""
        try:
            completion = await self._teacher.complete(Prompt(text=orjson.dumps(texts).decode()))
        except ItemFailed as problem:
            if not problem.unreachable and len(texts) > 1:
                return [vector for text in texts for vector in await self._asked([text])]
            about = "" if problem.unreachable else f" (asked for {texts[0][:60]!r})"
            raise Shortfall(f"no vector from {problem.message}{about}", _HINT) from None
        except TeacherRefused as problem:
            raise TeacherRefused(problem.message, _REFUSED) from None
        packed: list[str] = orjson.loads(completion.text)
        self.asked += len(texts)
        self.tokens += completion.usage.prompt
        bought = {self._key(text): _alone(completion, text, each) for text, each in zip(texts, packed, strict=True)}
        kept = await self._purchases.keep(bought)
        return [_unpacked(kept[key].text) for key in bought]

    def _key(self, text: str) -> bytes:
        """The 16-byte journal key of a text's vector: a digest of the model's name and the text."""
        return hashlib.blake2b(orjson.dumps(["embedding", self.name, text]), digest_size=16).digest()

    def _check(self, vector: Floats) -> None:
        """Raise Shortfall unless the vector is as long as the first one was."""
        if self._dimensions is None:
            self._dimensions = len(vector)
        elif len(vector) != self._dimensions:
            raise Shortfall(
                f"{self.name}: vectors of {self._dimensions} and of {len(vector)} numbers, which cannot be compared",
                "the model behind this name has changed: --no-journal asks it for all of them again",
            )


def open_endpoint(model: str, settings: Settings, purchases: Purchases) -> EndpointModel:
    """The model, not yet connected.

    Raises:
        UsageError: no model is named, or its address or key is invalid.
    """
    if not model:
        raise UsageError("--embed openai needs a model", "for example --embed openai/MODEL --embed-url URL")
    own = os.environ.get("OPENAI_BASE_URL")
    try:
        for url in settings.base_urls or ((own,) if own else ()):
            if checked_url(url).lower().startswith("http://") and not is_loopback(url):
                raise UsageError("the texts would travel unencrypted to another machine", "use an https:// address")
        return EndpointModel(model, settings, purchases)
    except UsageError as problem:
        raise UsageError(_ours(problem.message), _ours(problem.hint)) from None


def _ours(words: str) -> str:
    """A message about a teacher's options, with the names of the embedding options instead."""
    return words.replace("--base-url", "--embed-url").replace("--api-key-env or --api-key-file", "--embed-key-env")


def _alone(answer: Completion, text: str, packed: str) -> Completion:
    """A completion for one vector of a reply with several, with its estimated share of the tokens."""
    usage = Usage(prompt=len(text) // CHARACTERS_PER_TOKEN, estimated=True)
    return replace(answer, text=packed, usage=usage)


async def _all(calls: Sequence[Coroutine[Any, Any, list[Floats]]]) -> list[list[Floats]]:
    """The results of all calls; if one fails, the others are cancelled."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        found: list[list[Floats]] = await asyncio.gather(*tasks)
        return found
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _path(model: str, prompt: Prompt) -> str:
    """The endpoint for embeddings."""
    del model, prompt
    return "embeddings"


def _body(model: str, prompt: Prompt) -> dict[str, Any]:
    """The request body: the model and the inputs."""
    return {"model": model, "input": orjson.loads(prompt.text)}


def _read(reply: object, prompt: Prompt) -> Completion:
    """The vectors in a reply, in the order of the inputs, whatever their order in the reply is."""
    inputs: list[str] = orjson.loads(prompt.text)
    vectors = _vectors(reply, len(inputs))
    tokens = mapping(mapping(reply).get("usage")).get("prompt_tokens")
    if type(tokens) is int and tokens >= 0:
        used = Usage(prompt=tokens)
    else:
        used = Usage(prompt=sum(map(len, inputs)) // CHARACTERS_PER_TOKEN, estimated=True)
    return Completion(orjson.dumps([_packed(vector) for vector in vectors]).decode(), usage=used)


DIALECT = OpenAI(_path, _body, _read)
"""OpenAI's dialect for embeddings."""


def _vectors(reply: object, count: int) -> list[Floats]:
    """The vectors of a reply, sorted by their `index`.

    Raises:
        Unusable: the reply does not hold `count` vectors of numbers, all of the same length.
    """
    data = reply.get("data") if isinstance(reply, dict) else None
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        message = complaint(reply).message if isinstance(reply, dict) and reply.get("error") else ""
        raise Unusable(f"the reply is an error: {message}" if message else "the reply holds no list of vectors")
    if len(data) != count:
        raise Unusable(f"{len(data)} vectors came for {count} texts")
    places = [row.get("index", number) for number, row in enumerate(data)]
    if not all(type(place) is int for place in places) or sorted(places) != list(range(count)):
        raise Unusable("the reply does not say which vector belongs to which text")
    vectors = [_vector(row.get("embedding")) for _, row in sorted(zip(places, data, strict=True), key=_place)]
    if len({len(vector) for vector in vectors}) > 1:
        raise Unusable("the vectors of one reply differ in length")
    return vectors


def _place(pair: tuple[int, object]) -> int:
    return pair[0]


def _vector(numbers: object) -> Floats:
    try:
        found = np.array(numbers if isinstance(numbers, list) else None)
    except ValueError:  # lists of several lengths
        found = np.array(None)
    if found.ndim != 1 or found.dtype.kind not in "fi" or not 0 < len(found) <= MAX_DIMENSIONS:
        raise Unusable("the reply holds a vector that is not a list of numbers")
    if not (np.abs(found) <= np.finfo(np.float32).max).all():
        raise Unusable("the reply holds a vector with a number that is too large")
    return found.astype(np.float32)


def _packed(vector: Floats) -> str:
    """The numbers in single precision, little-endian, as base64."""
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()


def _unpacked(text: str) -> Floats:
    found: Floats = np.frombuffer(base64.b64decode(text), "<f4").astype(np.float32)
    return found


_HINT = "what was made so far is stored: repeat the command to get the rest"
_REFUSED = "check the key (--embed-key-env), the model's name and --embed-url, which usually ends in /v1"
