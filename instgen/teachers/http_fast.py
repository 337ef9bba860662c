"""Posting by pyreqwest, HTTP written in Rust: the only module that knows it, part of `instgen[fast]`.

The rule: the same contract as httpx's client, word for word where the cause can be told. Certificates are checked
against the system's, or those in `SSL_CERT_FILE`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta

from pyreqwest.client import Client as Way
from pyreqwest.client import ClientBuilder
from pyreqwest.exceptions import BuilderError, DetailedPyreqwestError, PyreqwestError, RequestTimeoutError
from pyreqwest.http import HeaderMap
from pyreqwest.proxy import ProxyBuilder

from instgen.teachers import transport
from instgen.teachers.transport import Response

REFUSED = "Connection refused"
"""How the system's own words begin, which pyreqwest passes on, where nobody listens."""


class Client:
    """Posts, many at once; see `Poster`."""

    def __init__(self, timeout: float) -> None:
        """Set up without connecting; `timeout` is in seconds, for a whole request."""
        self._timeout = timeout
        self._ways: dict[str | None, Way] = {}
        self._routes: dict[str, Way] = {}

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        """The response to one request, which is never resent and never redirected."""
        started = time.monotonic()
        try:
            way = self._routes.get(url) or self._route(url)
            async with way.post(url).headers(headers).body_bytes(body).build_streamed() as answer:
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
        for way in self._ways.values():
            await way.close()

    def _route(self, url: str) -> Way:
        proxy = transport.proxy_of(url)
        if proxy not in self._ways:
            self._ways[proxy] = _way(self._timeout, proxy)
        self._routes[url] = self._ways[proxy]
        return self._routes[url]


def _way(timeout: float, proxy: str | None) -> Way:
    builder = (
        ClientBuilder()
        .no_proxy()  # of its own choice
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
    """The headers, but for those that hold more than ASCII, which pyreqwest does not read."""
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
    """What went wrong at the bottom of it."""
    causes = problem.details["causes"] if isinstance(problem, DetailedPyreqwestError) else None
    words: str = causes[-1]["message"] if causes else problem.message
    return words
