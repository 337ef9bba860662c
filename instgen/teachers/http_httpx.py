"""HTTP client on httpx with aiohttp's connections; the only module that imports either.

The rule: httpx's API, aiohttp's connections. Requests go directly to the transport, bypassing httpx's client, whose
cookies, redirects and authentication are not wanted (402 µs of CPU time per request with it, 250 without); and never
through httpx's own connection pool, which scans every connection twice per request (65 requests/s of a possible 1,280
at 256 in flight and 200 ms). Certificates are verified against certifi's, or those in `SSL_CERT_FILE`.
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
"""An encoding in which all bytes are valid; setting it saves httpx from guessing one, some 20 times per request."""

UNLIMITED = 0
"""No limit on aiohttp's connections, where its default is 100: the engine bounds the number of requests in flight."""


class Client:
    """The `Poster` on httpx and aiohttp."""

    def __init__(self, timeout: float) -> None:
        """Set up without connecting; `timeout` is for a whole request, in seconds."""
        self._timeout = timeout
        self._limits = {"timeout": {"connect": transport.reach_within(timeout), "read": timeout}}
        self._tls = httpx.create_ssl_context()
        self._transports: dict[str | None, AiohttpTransport] = {}
        self._routes: dict[str, tuple[httpx.URL, AiohttpTransport]] = {}

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Send one request, which is never resent or redirected; see `Poster.post`."""
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
        for each in self._transports.values():
            await each.aclose()

    async def _answer(self, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        address, connections = self._routes.get(url) or self._route(url)
        answer = await connections.handle_async_request(_request(address, headers, body, self._limits))
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
        if proxy not in self._transports:
            self._transports[proxy] = AiohttpTransport(
                verify=self._tls,
                proxy=httpx.Proxy(proxy) if proxy else None,
                client=lambda: _session(self._tls),
            )
        self._routes[url] = address, self._transports[proxy]
        return self._routes[url]

    def _unreached(self, url: str, problem: httpx.ConnectTimeout) -> Response:
        """The response for a connection that timed out or broke: httpx-aiohttp raises the same error for both."""
        if isinstance(problem.__cause__, aiohttp.ServerTimeoutError):
            return transport.unreached(self._timeout)
        return _broken(url, problem)


def _broken(url: str, problem: Exception) -> Response:
    """The response for a connection that could not be made or was lost, with the system's message if there is one."""
    root = problem.__cause__ or problem
    if isinstance(root, aiohttp.ClientConnectorError):
        cause = root.os_error
        if isinstance(cause, ConnectionRefusedError):
            return transport.refused(url)
        return transport.broken(cause.strerror or str(cause))
    return transport.broken(str(problem) or type(root).__name__)


def _session(tls: ssl.SSLContext) -> aiohttp.ClientSession:
    connector = aiohttp.TCPConnector(limit=UNLIMITED, keepalive_timeout=transport.IDLE_CONNECTION, ssl=tls)
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


def _request(address: httpx.URL, headers: Mapping[str, str], body: bytes, limits: Mapping[str, Any]) -> httpx.Request:
    """The request, built from a stream already read, so that httpx adds no headers, which aiohttp would add again."""
    request = httpx.Request(
        "POST", address, headers=transport.HEADERS | dict(headers), stream=httpx.ByteStream(body), extensions=limits
    )
    request.headers.encoding = LATIN_1
    request.read()
    return request


def _as_sent(answer: httpx.Response) -> AsyncIterator[bytes]:
    """The chunks of an uncompressed body, without httpx's layers of iterators, which take 12 µs."""
    stream: Any = answer.stream
    return aiter(stream)


async def _read(answer: httpx.Response) -> bytes:
    """The body, decompressed; reading stops once it is longer than MOST_BODY."""
    chunks, size = [], 0
    async for chunk in answer.aiter_bytes() if "content-encoding" in answer.headers else _as_sent(answer):
        chunks.append(chunk)
        size += len(chunk)
        if size > transport.MOST_BODY:
            break
    return b"".join(chunks)
