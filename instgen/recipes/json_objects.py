"""The JSON objects in a reply, wherever they stand in it.

The rule: whole ones, and of those the outermost; what stands in their strings is no object of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

_DECODER = json.JSONDecoder(strict=False)
"""Judges write line breaks into strings, where JSON has none."""


def objects_in(reply: str) -> Iterator[dict[str, Any]]:
    """Every object, in order."""
    at = reply.find("{")
    while at >= 0:
        try:
            found, end = _DECODER.raw_decode(reply, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            yield found
        at = reply.find("{", end)
