"""The teacher over HTTP that all providers share: sends a prompt, reads the completion, and handles every failure.

The rule: a provider's module only translates (a `Dialect`); what a failure means is decided in `retry`, how many
requests a server can handle in `pace`, and which server takes a request in `endpoints`; this module combines them. The
key is in one header of a request and nowhere else.
"""

from __future__ import annotations

import importlib
import math
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Any, Protocol

from instgen.errors import ItemFailed, TeacherError, TeacherRefused
from instgen.records import Completion, Prompt, content_hash
from instgen.teachers.dialect import CHARACTERS_PER_TOKEN, Complaint, Unusable, decode, encode
from instgen.teachers.endpoint import HIDDEN, checked_key, checked_url, shown
from instgen.teachers.endpoints import Endpoints, Lease, Rates
from instgen.teachers.retry import Decision, Failure, decide, nothing_remains
from instgen.teachers.teacher import Settings, Traits

if TYPE_CHECKING:
    from instgen.teachers.endpoints import Endpoint
    from instgen.teachers.http import Poster, Response

JSON_HEADERS = {"content-type": "application/json", "accept": "application/json"}

BODY_READ = 10_000
"""Bytes of an error body that are considered for quoting if it contains no message."""

MIN_SECRET = 12
"""Minimum length of a key that is hidden in answers: shorter ones ("EMPTY", "ollama") are placeholder words."""

SHORT_WAIT = 1.0
"""Seconds of waiting below which nothing is reported."""

ANSWER_TOKENS = 512
"""Tokens that an answer is expected to have if its prompt sets no limit, for `--tpm`."""

DECLINED = re.compile(
    r"(?i)unsupported|not supported|unknown|unrecogni[sz]ed|unexpected|not permitted|extra inputs|does not support"
)
"""What servers say about a setting that they do not support, unlike one whose value is wrong."""

DECLINED_CODES = frozenset({"unsupported_parameter", "unsupported_value", "unknown_parameter"})


class Dialect(Protocol):
    """One provider's API as pure translation: prompts to request bodies, replies to completions."""

    @property
    def provider(self) -> str:
        """The provider's name, before the slash in `provider/model`."""
        ...

    @property
    def home(self) -> str:
        """The base URL of the provider's own service."""
        ...

    @property
    def key_variable(self) -> str:
        """The environment variable in which its key is usually kept."""
        ...

    @property
    def optional(self) -> Mapping[str, str | None]:
        """Keys of a body that a server may reject, with the name to try instead, or None to omit the key."""
        ...

    @property
    def unsent(self) -> tuple[str, ...]:
        """Settings of a prompt that this API does not support."""
        ...

    def headers(self, key: str) -> dict[str, str]:
        """The headers for the key, which may be "", and any others that the API requires."""
        ...

    def path(self, model: str, prompt: Prompt) -> str:
        """The path of the endpoint, relative to the base URL."""
        ...

    def body(self, model: str, prompt: Prompt) -> dict[str, Any]:
        """The request body.

        Raises:
            ItemFailed: this API cannot express the prompt.
        """
        ...

    def read(self, reply: object, prompt: Prompt) -> Completion:
        """The completion in a decoded reply.

        Raises:
            Unusable: the reply has no completion, but another try may get one.
            ItemFailed: the reply has no completion, and another try would not get one.
        """
        ...

    def complaint(self, reply: object) -> Complaint:
        """What a decoded error body says."""
        ...

    def wait(self, reply: object) -> float | None:
        """Seconds that a decoded error body asks to wait; None if it does not."""
        ...


@dataclass(frozen=True, slots=True)
class Failed:
    """A request that got no answer."""

    failure: Failure
    tries: int | None = None
    """Maximum number of tries, if lower than for other failures; else None."""


class HttpTeacher:
    """A model behind one or more servers."""

    def __init__(self, dialect: Dialect, model: str, settings: Settings, traits: Traits) -> None:
        """Set up without connecting.

        Raises:
            UsageError: an address or the key is invalid.
        """
        own = os.environ.get(f"{dialect.provider.upper()}_BASE_URL")
        urls = tuple(checked_url(url) for url in settings.base_urls or ((own,) if own else ())) or (dialect.home,)
        at_home = not settings.base_urls or urls == (dialect.home,)
        usual = os.environ.get(dialect.key_variable) if at_home else None
        self.name = self.identity = f"{dialect.provider}/{model}"
        self.traits = replace(traits, price=settings.price)
        self._dialect = dialect
        self._model = model
        self._settings = settings
        self._key = checked_key(usual if settings.api_key is None else settings.api_key, urls, settings.allow_http)
        self._headers = JSON_HEADERS | dialect.headers(self._key)
        self._needs_key = urls == (dialect.home,)
        self._reported: set[str] = set()
        most = settings.concurrency or traits.concurrency
        self._endpoints = Endpoints(urls, most, Rates.of(settings.rpm, settings.tpm), time.monotonic)
        self._poster: Poster | None = None
        self._complaint = ""
        """The last failure, with the server's message; "" if a request has succeeded since."""

    async def complete(self, prompt: Prompt) -> Completion:
        """The model's answer, after as many tries as its failures allow; see `Teacher.complete`."""
        if self._needs_key and not self._key:
            variable = self._dialect.key_variable
            raise TeacherRefused(
                f"{self._dialect.provider} needs an API key, and none is given",
                hint=f"set {variable}, or give --api-key-env or --api-key-file; or --base-url for your own server",
                unsent=True,
            )
        self._report_unsent(prompt)
        body = self._dialect.body(self._model, prompt)
        tokens = _expected_tokens(prompt)
        attempt = 0
        while True:
            attempt += 1
            lease, result = await self._answered(prompt, body, tokens)
            if isinstance(result, Completion):
                self._complaint = ""
                return result
            self._complaint = (
                f"{lease.endpoint.host} says: {result.failure.message or f'status {result.failure.status}'}"
            )
            tries = min(self._settings.tries, result.tries or self._settings.tries)
            decision = decide(result.failure, attempt=attempt, tries=tries, now=time.time(), rng=_luck(prompt, attempt))
            self._endpoints.ended(
                lease,
                overloaded=result.failure.overloaded,
                reached=result.failure.status != 0 or result.failure.timed_out,
                wait=decision.wait,
            )
            if decision.action != "again":
                raise self._given_up(result.failure, decision, lease.endpoint, attempt)
            await self._endpoints.rest(decision.wait)

    def with_dialect(self, dialect: Dialect, identity: str) -> HttpTeacher:
        """A teacher with the same model and servers but another dialect; not yet connected."""
        other = HttpTeacher(dialect, self._model, self._settings, self.traits)
        other.identity = identity
        return other

    def waits(self) -> str:
        """What the teacher is waiting for; "" if it is not. May be called in another thread."""
        seconds = self._endpoints.pause()
        if seconds < SHORT_WAIT:
            return ""
        return f"waiting {math.ceil(seconds)} s: {self._complaint or 'the limit per minute is reached'}"

    def drain(self) -> None:
        """Send no more requests; those already sent may still be answered."""
        self._endpoints.drain()

    async def aclose(self) -> None:
        """Close the connections."""
        self._endpoints.close()
        poster, self._poster = self._poster, None
        if poster is not None:
            await poster.aclose()

    async def _answered(
        self, prompt: Prompt, body: Mapping[str, Any], tokens: int
    ) -> tuple[Lease, Completion | Failed]:
        """The result of one request, which is sent again if the server only rejected a setting.

        The caller must end the lease of a failed request, according to what the failure means.
        """
        while True:
            lease = await self._endpoints.acquire(tokens)
            changes = dict(lease.endpoint.changes)
            try:
                response = await self._post(lease.endpoint, prompt, encode(_changed(body, changes)))
                if self._adapts(lease.endpoint, response, body, changes):
                    self._endpoints.ended(lease)
                    continue
                result = self._read(response, prompt)
            except BaseException:
                self._endpoints.ended(lease)
                raise
            if nothing_remains(response.headers):
                lease.endpoint.pace.hold()
            if isinstance(result, Failed):
                return lease, result
            self._endpoints.used(lease, result.usage.prompt + result.usage.completion)
            self._endpoints.ended(lease)
            return lease, self._accounted(result, lease.endpoint)

    async def _post(self, endpoint: Endpoint, prompt: Prompt, body: bytes) -> Response:
        url = f"{endpoint.url}/{self._dialect.path(self._model, prompt)}"
        if self._poster is None:
            self._poster = importlib.import_module("instgen.teachers.http").connect(self._settings.timeout)
        return await self._poster.post(url, self._headers, body)

    def _adapts(
        self, endpoint: Endpoint, response: Response, body: Mapping[str, Any], changes: Mapping[str, str | None]
    ) -> bool:
        """Whether the server rejected an optional setting; if so, remember and report it, once.

        Args:
            endpoint: the server.
            response: its response.
            body: the request body, before `changes` were applied.
            changes: the server's known changes when the request was sent; concurrent requests may have added more.
        """
        if response.status not in {400, 422}:
            return False
        complaint = self._dialect.complaint(decode(response.body))
        for name, other in self._dialect.optional.items():
            was = changes.get(name, name)
            if name not in body or was is None or not _declines(complaint, was):
                continue
            if endpoint.changes.get(name, name) == was:
                endpoint.changes[name] = other if was == name else None
                now = endpoint.changes[name]
                takes = f"takes {now} instead of {name}" if now else f"does not accept {name}, which is omitted"
                self._report(f"{self.name} at {endpoint.host} {takes}")
            return True
        return False

    def _read(self, response: Response, prompt: Prompt) -> Completion | Failed:
        if response.status == 200:
            try:
                return _cut(self._without_key(self._dialect.read(decode(response.body), prompt)), prompt.stop)
            except Unusable as problem:
                return Failed(Failure(200, shown(problem.message, self._key)), problem.tries)
            except ItemFailed as problem:
                raise ItemFailed(f"{self.name}: {shown(problem.message, self._key)}") from None
        if response.problem:
            return Failed(Failure(0, shown(response.problem, self._key), timed_out=response.timed_out))
        decoded = decode(response.body)
        complaint = self._dialect.complaint(decoded)
        raw = response.body if decoded is None else encode(decoded)  # without escapes, in which a key could hide
        message = complaint.message or raw[:BODY_READ].decode(errors="replace")
        wait = self._dialect.wait(decoded)
        return Failed(Failure(response.status, shown(message, self._key), complaint.code, response.headers, wait))

    def _without_key(self, completion: Completion) -> Completion:
        """The completion with our key hidden, in case a server echoes it."""
        if len(self._key) < MIN_SECRET or self._key not in completion.text + completion.reasoning:
            return completion
        hidden = {name: getattr(completion, name).replace(self._key, HIDDEN) for name in ("text", "reasoning")}
        return replace(completion, **hidden)

    def _accounted(self, completion: Completion, endpoint: Endpoint) -> Completion:
        price = self._settings.price
        cost = None if price is None else price.cost(completion.usage)
        return replace(completion, teacher=self.name, host=endpoint.host, cost=cost)

    def _report_unsent(self, prompt: Prompt) -> None:
        for name in self._dialect.unsent:
            if name != "seed" and getattr(prompt, name) not in (None, (), ""):
                self._report(f"{self.name} has no {name}: the prompt's is ignored")

    def _report(self, line: str) -> None:
        if line not in self._reported:
            self._reported.add(line)
            self._settings.tell(line)

    def _given_up(self, failure: Failure, decision: Decision, endpoint: Endpoint, attempt: int) -> TeacherError:
        status = f"status {failure.status}" if failure.status else "no response"
        after = f" after {attempt} tries" if attempt > 1 else ""
        message = f"{self.name} at {endpoint.host}: {status}{after}: {failure.message or 'no details given'}"
        if decision.action == "run":
            return TeacherRefused(message, hint=decision.hint)
        return ItemFailed(message, unreachable=failure.status == 0)


def _luck(prompt: Prompt, attempt: int) -> Random:
    """Random numbers for the jitter of a wait, seeded so that equal prompts wait equally long."""
    texts = (prompt.text, *(turn.content for turn in prompt.messages))
    return Random(content_hash(*texts, str(prompt.sample), str(attempt)))


def _changed(body: Mapping[str, Any], changes: Mapping[str, str | None]) -> Mapping[str, Any]:
    """The body with a server's changes applied: keys renamed or omitted."""
    if not changes:
        return body
    return {name: value for key, value in body.items() if (name := changes.get(key, key)) is not None}


def _declines(complaint: Complaint, name: str) -> bool:
    """Whether an error says that a setting is unsupported, not that its value is wrong."""
    named = (
        name == complaint.parameter if complaint.parameter else re.search(rf"\b{re.escape(name)}\b", complaint.message)
    )
    return bool(named) and (complaint.code in DECLINED_CODES or DECLINED.search(complaint.message) is not None)


def _cut(completion: Completion, stops: tuple[str, ...]) -> Completion:
    """The completion cut at the first stop text, because some servers ignore these."""
    if not stops or completion.finish == "refusal":
        return completion
    ends = [at for stop in stops if stop and (at := completion.text.find(stop)) >= 0]
    return replace(completion, text=completion.text[: min(ends)], finish="stop") if ends else completion


def _expected_tokens(prompt: Prompt) -> int:
    characters = len(prompt.text) + sum(len(turn.content) for turn in prompt.messages)
    return characters // CHARACTERS_PER_TOKEN + (prompt.max_tokens or ANSWER_TOKENS)
