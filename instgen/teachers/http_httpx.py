"""Posting by httpx on aiohttp's connections: the only module that knows either.

The rule: httpx's words and aiohttp's work. Requests go to the transport itself, without httpx's client, whose cookies,
redirects and authentication we do not want (402 µs of processor time a request with it, 250 without); and never to
httpx's own pool, which looks at every connection twice a request (65 requests/s of a possible 1,280 at 256 in flight
and 200 ms). Certificates are checked against certifi's, or those in `SSL_CERT_FILE`.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from instgen.teachers import transport
from instgen.teachers.transport import Response

LATIN_1 = "iso-8859-1"
"""What all bytes are valid in; told of it, httpx need not try one encoding after another, some 20 times a request."""

UNLIMITED = 0
"""For aiohttp; left to itself it stops at 100 connections. The engine bounds what is in flight."""


class Client:
    """Posts, many at once; see `Poster`."""

    def __init__(self, timeout: float) -> None:
        """Set up without connecting; `timeout` is in seconds, for a whole request."""
        self._timeout = timeout
        self._limits = {"timeout": {"connect": transport.reach_within(timeout), "read": timeout}}
        self._tls = httpx.create_ssl_context()
        self._ways: dict[str | None, AiohttpTransport] = {}
        self._routes: dict[str, tuple[httpx.URL, AiohttpTransport]] = {}

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        """The response to one request, which is never resent and never redirected."""
        try:
            async with asyncio.timeout(self._timeout):
                return await self._answer(url, headers, body)
        except httpx.ConnectTimeout as problem:
            return self._unreached(url, problem)
        except (httpx.TimeoutException, TimeoutError):
            return transport.late(self._timeout)
        except (httpx.UnsupportedProtocol, httpx.InvalidURL, ValueError):
            return transport.unsendable()
        except (httpx.HTTPError, aiohttp.ClientError, OSError) as problem:
            return _broken(url, problem)

    async def aclose(self) -> None:
        """Close all connections."""
        for way in self._ways.values():
            await way.aclose()

    async def _answer(self, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        address, way = self._routes.get(url) or self._route(url)
        answer = await way.handle_async_request(_request(address, headers, body, self._limits))
        answer.headers.encoding = LATIN_1
        try:
            whole = await _read(answer)
        finally:
            await answer.aclose()
        if len(whole) > transport.MOST_BODY:
            return transport.too_long()
        pairs = ((name.decode(LATIN_1), value.decode(LATIN_1)) for name, value in answer.headers.raw)
        return Response(answer.status_code, transport.joined(pairs), whole)

    def _route(self, url: str) -> tuple[httpx.URL, AiohttpTransport]:
        address, proxy = httpx.URL(url), transport.proxy_of(url)
        if proxy not in self._ways:
            self._ways[proxy] = AiohttpTransport(
                verify=self._tls,
                proxy=httpx.Proxy(proxy) if proxy else None,
                client=lambda: _session(self._tls),
            )
        self._routes[url] = address, self._ways[proxy]
        return self._routes[url]

    def _unreached(self, url: str, problem: httpx.ConnectTimeout) -> Response:
        """The response to a connection that was not made in time, or broke: httpx-aiohttp calls both the same."""
        if isinstance(problem.__cause__, aiohttp.ServerTimeoutError):
            return transport.unreached(self._timeout)
        return _broken(url, problem)


def _broken(url: str, problem: Exception) -> Response:
    """The response to a connection that was not made or fell, in the system's words where it has any for it."""
    at_the_bottom = problem.__cause__ or problem
    if isinstance(at_the_bottom, aiohttp.ClientConnectorError):
        cause = at_the_bottom.os_error
        if isinstance(cause, ConnectionRefusedError):
            return transport.refused(url)
        return transport.broken(cause.strerror or str(cause))
    return transport.broken(str(problem) or type(at_the_bottom).__name__)


def _session(tls: ssl.SSLContext) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(limit=UNLIMITED, keepalive_timeout=transport.IDLE_CONNECTION, ssl=tls)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


def _request(address: httpx.URL, headers: Mapping[str, str], body: bytes, limits: Mapping[str, Any]) -> httpx.Request:
    """The request, made of a stream that is read: so httpx adds no headers of its own, which aiohttp does once more."""
    request = httpx.Request(
        "POST", address, headers=transport.HEADERS | dict(headers), stream=httpx.ByteStream(body), extensions=limits
    )
    request.headers.encoding = LATIN_1
    request.read()
    return request


def _as_sent(answer: httpx.Response) -> AsyncIterator[bytes]:
    """The body of an answer that is not packed, without httpx's layers of iterators, which took 12 µs."""
    stream: Any = answer.stream
    return aiter(stream)


async def _read(answer: httpx.Response) -> bytes:
    """The body, unpacked; cut off soon after the most that is taken."""
    chunks, size = [], 0
    async for chunk in answer.aiter_bytes() if "content-encoding" in answer.headers else _as_sent(answer):
        chunks.append(chunk)
        size += len(chunk)
        if size > transport.MOST_BODY:
            break
    return b"".join(chunks)
