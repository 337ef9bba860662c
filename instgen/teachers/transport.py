"""What the two HTTP clients have in common: responses, limits, proxies and messages.

The rule: every network problem is a `Response` with status 0 and a `problem`; no library's exception is raised. A
request is sent once and follows no redirect. Requests to this machine, for which keys may be unencrypted, use no proxy;
all others use the environment's (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, `NO_PROXY`).
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from instgen import __version__
from instgen.teachers.endpoint import is_loopback

CONNECT_TIMEOUT = 10.0
"""Maximum seconds for connecting, which is quick or fails; an answer may take much longer."""

IDLE_CONNECTION = 4.0
"""Seconds for which an idle connection is kept: uvicorn closes its own after 5, perhaps just as a request is sent."""

MOST_BODY = 64 * 2**20
"""Maximum bytes of a decompressed response: hundreds of times the longest answer, yet small enough for memory."""

HEADERS = {"user-agent": f"instgen/{__version__}", "accept-encoding": "gzip, deflate"}


@dataclass(frozen=True, slots=True)
class Response:
    """A complete response, or, with status 0, the problem that prevented one."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """By lower-case name; the values of a repeated header are joined by a comma."""
    body: bytes = b""
    problem: str = ""
    timed_out: bool = False
    """Whether a server was reached but did not answer in time."""


class Poster(Protocol):
    """An HTTP client for concurrent POSTs on pooled connections; bound to the event loop in which it is first used."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        """Send one request, which is never resent or redirected, and return its response or problem."""
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...


def reach_within(timeout: float) -> float:
    """The timeout for connecting, in seconds: shorter than the whole request's, so that the two can be told apart."""
    return min(CONNECT_TIMEOUT, timeout / 2)


def joined(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The headers by lower-case name, with the values of repeated ones joined by a comma."""
    found: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


def proxy_of(url: str) -> str | None:
    """The proxy that the environment sets for a URL; None if there is none, and always for a loopback address.

    Raises:
        ValueError: the URL is invalid.
    """
    if is_loopback(url):
        return None
    parts = urlsplit(url)
    environment = importlib.import_module("urllib.request")  # 35 ms, only for remote servers
    proxies = environment.getproxies()
    named = proxies.get(parts.scheme) or proxies.get("all")
    if not named or environment.proxy_bypass(parts.hostname or ""):
        return None
    return str(named) if "://" in named else f"http://{named}"


def refused(url: str) -> Response:
    """The response if nothing listens at the address."""
    parts = urlsplit(url)
    whom = "the proxy that the environment names" if proxy_of(url) else f"{parts.scheme}://{parts.netloc}"
    return Response(0, problem=f"cannot connect to {whom}: connection refused")


def broken(words: str) -> Response:
    """The response if the connection could not be made, was lost, or carried something other than HTTP."""
    return Response(0, problem=f"the connection failed: {words}")


def late(timeout: float) -> Response:
    """The response if the server was reached but did not send its whole answer in time."""
    return Response(0, problem=f"no answer within {timeout:g} s", timed_out=True)


def unreached(timeout: float) -> Response:
    """The response if the connection was not accepted in time."""
    return Response(0, problem=f"no connection within {reach_within(timeout):g} s")


def unsendable() -> Response:
    """The response if the request is invalid; the invalid value is not shown, because it may be the key."""
    return Response(
        0,
        problem="the request cannot be sent: its address, a header or the proxy named in the environment is not valid",
    )


def too_long() -> Response:
    """The response if the body is longer than MOST_BODY."""
    return Response(0, problem=f"the answer is longer than {MOST_BODY // 2**20} MiB")
