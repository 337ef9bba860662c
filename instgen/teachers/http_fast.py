"""HTTP client on pyreqwest, which is written in Rust; the only module that imports it, for `instgen[fast]`.

The rule: the same contract as the client on httpx, with the same messages wherever the cause can be determined.
Certificates are verified against the system's, or those in `SSL_CERT_FILE`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta

from pyreqwest.client import Client as PyreqwestClient
from pyreqwest.client import ClientBuilder
from pyreqwest.exceptions import BuilderError, DetailedPyreqwestError, PyreqwestError, RequestTimeoutError
from pyreqwest.http import HeaderMap
from pyreqwest.proxy import ProxyBuilder

from instgen.teachers import transport
from instgen.teachers.transport import Response

REFUSED = "Connection refused"
"""The beginning of the system's message, passed on by pyreqwest, if nothing listens at the address."""


class Client:
    """The `Poster` on pyreqwest."""

    def __init__(self, timeout: float) -> None:
        """Set up without connecting; `timeout` is for a whole request, in seconds."""
        self._timeout = timeout
        self._clients: dict[str | None, PyreqwestClient] = {}
        self._routes: dict[str, PyreqwestClient] = {}

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Send one request, which is never resent or redirected; see `Poster.post`."""
        started = time.monotonic()
        try:
            client = self._routes.get(url) or self._route(url)
            async with client.post(url).headers(headers).body_bytes(body).build_streamed() as answer:
                whole = await answer.body_reader.read(transport.MOST_BODY + 1) or b""
                if len(whole) > transport.MOST_BODY:
                    return transport.too_long()
                return Response(answer.status, transport.joined(_pairs(answer.headers)), bytes(whole))
        except RequestTimeoutError:
            waited = time.monotonic() - started
            return transport.late(self._timeout) if waited >= self._timeout else transport.unreached(self._timeout)
        except (BuilderError, ValueError):
            return transport.unsendable()
        except PyreqwestError as problem:
            words = _words(problem)
            return transport.refused(url) if words.startswith(REFUSED) else transport.broken(words)

    async def aclose(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            await client.close()

    def _route(self, url: str) -> PyreqwestClient:
        proxy = transport.proxy_of(url)
        if proxy not in self._clients:
            self._clients[proxy] = _client(self._timeout, proxy)
        self._routes[url] = self._clients[proxy]
        return self._routes[url]


def _client(timeout: float, proxy: str | None) -> PyreqwestClient:
    builder = (
        ClientBuilder()
        .no_proxy()  # from the environment: we choose it per URL
        .follow_redirects(False)
        .referer(False)
        .brotli(False)
        .zstd(False)
        .default_headers(transport.HEADERS)
        .timeout(timedelta(seconds=timeout))
        .connect_timeout(timedelta(seconds=transport.reach_within(timeout)))
        .pool_idle_timeout(timedelta(seconds=transport.IDLE_CONNECTION))
    )
    return (builder.proxy(ProxyBuilder.all(proxy)) if proxy else builder).build()


def _pairs(headers: HeaderMap) -> list[tuple[str, str]]:
    """The headers, without the non-ASCII ones, which pyreqwest cannot read."""
    try:
        return list(headers.items())
    except ValueError:
        return [(name, value) for name in dict.fromkeys(headers.keys()) for value in _values(headers, name)]


def _values(headers: HeaderMap, name: str) -> list[str]:
    try:
        values: list[str] = headers.getall(name)
    except ValueError:
        return []
    return values


def _words(problem: PyreqwestError) -> str:
    """The message of the root cause."""
    causes = problem.details["causes"] if isinstance(problem, DetailedPyreqwestError) else None
    words: str = causes[-1]["message"] if causes else problem.message
    return words
