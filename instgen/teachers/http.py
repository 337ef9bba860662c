"""The HTTP client: the one of `instgen[fast]` if that is installed, else the one on httpx.

The rule: only the client that is used is imported: httpx and aiohttp take a fifth of a second, pyreqwest 4 ms.
"""

from __future__ import annotations

import importlib

from instgen.teachers.transport import Poster, Response

__all__ = ["Poster", "Response", "connect"]


def connect(timeout: float) -> Poster:
    """A client, not yet connected; `timeout` is for a whole request, in seconds."""
    try:
        module = importlib.import_module("instgen.teachers.http_fast")
    except ImportError:
        module = importlib.import_module("instgen.teachers.http_httpx")
    client: Poster = module.Client(timeout)
    return client
