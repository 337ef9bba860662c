"""What goes out by HTTP and what comes back, and the limits that both of our clients keep.

The rule: whatever goes wrong on the way is a `Response` with status 0 and a `problem`; nothing of a library's is
raised. A request is sent once, follows no redirect, and meets no proxy on its way to this machine, where keys may
travel in the clear; elsewhere the environment's proxies are used (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`,
`NO_PROXY`).
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
"""Seconds for reaching a server, which is quick or not at all; an answer may take much longer."""

IDLE_CONNECTION = 4.0
"""Seconds a connection is kept for; servers on uvicorn close theirs after 5, perhaps just as we write to it."""

MOST_BODY = 64 * 2**20
"""Bytes of a response, unpacked, that are taken: hundreds of times the longest answer, and what memory bears."""

HEADERS = {"user-agent": f"instgen/{__version__}", "accept-encoding": "gzip, deflate"}


@dataclass(frozen=True, slots=True)
class Response:
    """What came back, read to its end; or, with status 0, the problem that stopped it."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """By lower-case name; the values of one that occurs twice are joined by a comma."""
    body: bytes = b""
    problem: str = ""
    timed_out: bool = False
    """Whether the problem is that a server was reached, but nothing came in time."""


class Poster(Protocol):
    """What sends, many requests at once, on connections that are kept; belongs to the loop it is first used in."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Response:
        """The response to one request, which is never resent and never redirected."""
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...


def reach_within(timeout: float) -> float:
    """Seconds for reaching a server where a whole request gets `timeout`: less, so that the two can be told apart."""
    return min(CONNECT_TIMEOUT, timeout / 2)


def joined(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The headers by lower-case name."""
    found: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        found[key] = f"{found[key]}, {value}" if key in found else value
    return found


def proxy_of(url: str) -> str | None:
    """The proxy that the environment names for an address; None for this machine's own, whatever it names.

    Raises:
        ValueError: the address is none.
    """
    if is_loopback(url):
        return None
    parts = urlsplit(url)
    environment = importlib.import_module("urllib.request")  # 35 ms that this machine's own servers need not wait for
    proxies = environment.getproxies()
    named = proxies.get(parts.scheme) or proxies.get("all")
    if not named or environment.proxy_bypass(parts.hostname or ""):
        return None
    return str(named) if "://" in named else f"http://{named}"


def refused(url: str) -> Response:
    """Nobody listens there."""
    parts = urlsplit(url)
    whom = "the proxy that the environment names" if proxy_of(url) else f"{parts.scheme}://{parts.netloc}"
    return Response(0, problem=f"cannot connect to {whom}: connection refused")


def broken(words: str) -> Response:
    """The connection was not made, fell, or carried something that is not HTTP."""
    return Response(0, problem=f"the connection failed: {words}")


def late(timeout: float) -> Response:
    """The server was reached, and the answer did not come whole in time."""
    return Response(0, problem=f"no answer within {timeout:g} s", timed_out=True)


def unreached(timeout: float) -> Response:
    """Nobody took the connection in time."""
    return Response(0, problem=f"no connection within {reach_within(timeout):g} s")


def unsendable() -> Response:
    """There is nothing to send; the words that do not fit are not shown: one may be the key."""
    return Response(
        0,
        problem="the request cannot be sent: its address, a header or the proxy named in the environment is not valid",
    )


def too_long() -> Response:
    """The answer has no end that we would live to see."""
    return Response(0, problem=f"the answer is longer than {MOST_BODY // 2**20} MiB")
