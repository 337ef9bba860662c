"""One POST over HTTP: the only module that knows httpx, and the only one that imports it (a quarter of a second).

The rule: whatever goes wrong on the way comes back as a `Response` with status 0 and a `problem`; nothing of httpx's or
aiohttp's is raised. httpx runs on aiohttp's connections, never on its own pool, which looks at every connection twice
a request (65 requests/s of a possible 1,280 at 256 in flight and 200 ms).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import aiohttp
import httpx
from httpx_aiohttp import HttpxAiohttpClient

CONNECT_TIMEOUT = 10.0
"""Seconds for reaching a server, which is quick or not at all; an answer may take much longer."""

IDLE_CONNECTION = 4.0
"""Seconds a connection is kept for; servers on uvicorn close theirs after 5, perhaps just as we write to it."""

UNLIMITED = 0
"""For aiohttp; left to itself it stops at 100 connections. The engine bounds what is in flight."""


@dataclass(frozen=True, slots=True)
class Response:
    """What came back, read to its end; or, with status 0, the problem that stopped it."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """By lower-case name."""
    body: bytes = b""
    problem: str = ""
    timed_out: bool = False
    """Whether the problem is that nothing came in time."""


class Poster(Protocol):
    """What sends: `Client`, or a faster one of the same contract."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        """The response to one request, which is never resent and never redirected."""
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...


def connect(timeout: float) -> Poster:
    """A client, not yet connected; `timeout` is in seconds, for a whole request."""
    return Client(timeout)


class Client:
    """Posts, many at once, on connections that are kept; belongs to the event loop it is first used in."""

    def __init__(self, timeout: float) -> None:
        """Set up without connecting; `timeout` is in seconds, for a whole request."""
        self._timeout = timeout
        self._client = HttpxAiohttpClient(
            timeout=httpx.Timeout(timeout, connect=min(CONNECT_TIMEOUT, timeout), pool=None),
            limits=httpx.Limits(max_connections=UNLIMITED, keepalive_expiry=IDLE_CONNECTION),
            follow_redirects=False,
        )

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        """The response to one request, which is never resent and never redirected."""
        try:
            async with asyncio.timeout(self._timeout):
                answer = await self._client.post(url, headers=dict(headers), content=body)
        except (httpx.TimeoutException, TimeoutError) as problem:
            return _late(problem, self._timeout)
        except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError) as problem:
            return Response(0, problem=f"the connection failed: {str(problem) or type(problem).__name__}")
        return Response(
            answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.content
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._client.aclose()


def _late(problem: Exception, timeout: float) -> Response:
    """The response to a time-out; httpx-aiohttp reports a connection that broke as a connect time-out too."""
    cause = problem.__cause__
    if isinstance(cause, aiohttp.ClientConnectionError) and not isinstance(cause, aiohttp.ServerTimeoutError):
        return Response(0, problem=f"the connection failed: {str(problem) or type(cause).__name__}")
    return Response(0, problem=f"no answer within {timeout:g} s", timed_out=True)
