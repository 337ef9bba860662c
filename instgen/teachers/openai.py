"""`openai/MODEL`: OpenAI's API, and every server that speaks its dialect, by `--base-url`.

The rule: a request's fate is decided in `retry`, a reply's meaning in `dialect`; here they are only put to use. The key
is in one header and nowhere else.
"""

from __future__ import annotations

import asyncio
import importlib
import itertools
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Any

from instgen.errors import ItemFailed, TeacherError, TeacherRefused, UsageError
from instgen.records import Completion, Prompt, content_hash
from instgen.teachers import dialect
from instgen.teachers.endpoint import checked_key, checked_url, host_of, shown
from instgen.teachers.retry import Decision, Failure, decide
from instgen.teachers.teacher import Settings, Traits

if TYPE_CHECKING:
    from instgen.teachers.http import Client, Response

OPENAI_URL = "https://api.openai.com/v1"

TRAITS = Traits(tasks_per_call=10)
"""Ten tasks a call where Alpaca asked a completion model for twenty in 3,072 tokens: chat models write longer, and what
the limit cuts is a task paid for and thrown away."""

KEY_VARIABLE = "OPENAI_API_KEY"
KEY_HINT = f"set {KEY_VARIABLE}, or give --api-key-env or --api-key-file; or --base-url for a server of your own"

BODY_READ = 10_000
"""Bytes of an error body without a message that are looked at for words to show."""

LIMIT = "max_tokens"
OTHER_LIMIT = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}
"""The two names of the token limit: OpenAI's reasoning models take only the newer, many servers know only the older."""


def open(model: str, settings: Settings) -> OpenAI:
    """The teacher for `openai/MODEL`, not yet connected.

    Raises:
        UsageError: no model is named, or an address or the key cannot be used.
    """
    if not model:
        raise UsageError("openai needs a model", hint="for example -t openai/MODEL, or --base-url for your own server")
    return OpenAI(model, settings)


@dataclass(slots=True)
class Endpoint:
    """One server, and what was learned about it."""

    url: str
    limit: str = LIMIT
    """The name of the token limit that it takes."""
    settled: bool = False
    """Whether the other name has been tried: it is tried once."""

    @property
    def host(self) -> str:
        """Its `host:port`."""
        return host_of(self.url)


class OpenAI:
    """A model behind one server or several, which take turns."""

    def __init__(self, model: str, settings: Settings) -> None:
        """Set up without connecting; see `open` for what is raised."""
        urls = tuple(checked_url(url) for url in settings.base_urls) or (OPENAI_URL,)
        self.name = self.identity = f"openai/{model}"
        self.traits = TRAITS
        self._model = model
        self._key = checked_key(_key(settings, urls), urls)
        self._needs_key = not settings.base_urls
        self._tries = max(1, settings.tries)
        self._timeout = settings.timeout
        self._turns = itertools.cycle([Endpoint(url) for url in urls])
        self._client: Client | None = None

    async def complete(self, prompt: Prompt) -> Completion:
        """The model's answer, after as many tries as its failures deserve; see `Teacher.complete`."""
        if self._needs_key and not self._key:
            raise TeacherRefused("OpenAI needs an API key, and none is given", hint=KEY_HINT)
        body = dialect.request(prompt) | {"model": self._model}
        rng = Random(content_hash(prompt.text, *(turn.content for turn in prompt.messages), str(prompt.sample)))
        attempt = 0
        while True:
            attempt += 1
            endpoint = next(self._turns)
            response = await self._post(endpoint, body)
            tries = self._tries
            try:
                if response.status == 200:
                    completion = dialect.read(dialect.decode(response.body), prompt)
                    return replace(completion, teacher=self.name, host=endpoint.host)
                failure = self._failure(response)
            except dialect.Unusable as problem:
                failure = Failure(200, shown(problem.message, self._key))
                tries = min(tries, problem.tries or tries)
            decision = decide(failure, attempt=attempt, tries=tries, now=time.time(), rng=rng)
            if decision.action != "again":
                raise self._given_up(failure, decision, endpoint, attempt)
            await asyncio.sleep(decision.wait)

    async def aclose(self) -> None:
        """Close the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _post(self, endpoint: Endpoint, body: Mapping[str, Any]) -> Response:
        """The endpoint's response; where it takes the token limit by its other name only, to that."""
        sent = endpoint.limit
        response = await self._send(endpoint, body, sent)
        if response.status != 400 or LIMIT not in body or not _names(response, sent):
            return response
        if endpoint.settled and endpoint.limit == sent:
            return response
        other = OTHER_LIMIT[sent]
        second = await self._send(endpoint, body, other)
        declined = second.status == 400 and _names(second, other)
        if not endpoint.settled and (declined or second.status == 200):
            endpoint.settled, endpoint.limit = True, sent if declined else other
        return response if declined else second

    async def _send(self, endpoint: Endpoint, body: Mapping[str, Any], limit: str) -> Response:
        path = "chat/completions" if "messages" in body else "completions"
        renamed = {limit if name == LIMIT else name: value for name, value in body.items()}
        headers = {"content-type": "application/json", "accept": "application/json"}
        if self._key:
            headers["authorization"] = f"Bearer {self._key}"
        return await self._connected().post(f"{endpoint.url}/{path}", headers, dialect.encode(renamed))

    def _connected(self) -> Client:
        if self._client is None:
            self._client = importlib.import_module("instgen.teachers.http").Client(self._timeout)
        return self._client

    def _failure(self, response: Response) -> Failure:
        if response.problem:
            return Failure(0, shown(response.problem, self._key))
        said = dialect.complaint(dialect.decode(response.body))
        message = said.message or response.body[:BODY_READ].decode(errors="replace")
        return Failure(response.status, shown(message, self._key), said.code, response.headers)

    def _given_up(self, failure: Failure, decision: Decision, endpoint: Endpoint, attempt: int) -> TeacherError:
        status = f"status {failure.status}" if failure.status else "no response"
        after = f" after {attempt} tries" if attempt > 1 else ""
        message = f"{self.name} at {endpoint.host}: {status}{after}: {failure.message or 'without a word'}"
        if decision.action == "run":
            return TeacherRefused(message, hint=decision.hint)
        return ItemFailed(message, unreachable=failure.status == 0)


def _key(settings: Settings, urls: tuple[str, ...]) -> str | None:
    """The key given, else the one in OPENAI_API_KEY, which goes to OpenAI alone: other servers' keys are named."""
    if settings.api_key is not None:
        return settings.api_key
    return os.environ.get(KEY_VARIABLE) if urls == (OPENAI_URL,) else None


def _names(response: Response, limit: str) -> bool:
    """Whether an error is about the token limit under this name."""
    said = dialect.complaint(dialect.decode(response.body))
    return limit == said.parameter or limit in said.message
