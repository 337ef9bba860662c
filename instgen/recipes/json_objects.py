"""The JSON objects in a reply, wherever they stand in it.

The rule: whole ones, and of those the outermost; what stands in their strings is no object of its own. Time grows with
the reply and not with its square: where braces open again and again and nothing comes of it, the search ends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

DECODER = json.JSONDecoder(strict=False)
"""Teachers and judges write line breaks into strings, where JSON has none."""
_OPENING = re.compile(r'\{\s*+["}]')
MOST_BROKEN = 200
"""Openings that lead to no object after which there is none to be found: each is read to where it breaks."""


def objects_in(reply: str) -> Iterator[dict[str, Any]]:
    """Every object, in order."""
    broken, end = 0, 0
    while broken < MOST_BROKEN and (opening := _OPENING.search(reply, end)):
        try:
            found, end = DECODER.raw_decode(reply, opening.start())
        except (ValueError, RecursionError):
            end = opening.start() + 1
            broken += 1
        else:
            yield found
