"""Find the JSON objects in a reply, wherever they are.

The rule: only complete, outermost objects count; text inside their strings is never an object. Time is linear in the
length of the reply, not quadratic: after too many braces that open no valid object, the search ends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

DECODER = json.JSONDecoder(strict=False)
"""Not strict: teachers and judges write line breaks in strings, which JSON does not allow."""
_OPENING = re.compile(r'\{\s*+["}]')
MOST_BROKEN = 200
"""Invalid openings after which the search ends: each one is parsed up to where it breaks."""


def objects_in(reply: str) -> Iterator[dict[str, Any]]:
    """The complete outermost objects, in order."""
    broken, end = 0, 0
    while broken < MOST_BROKEN and (opening := _OPENING.search(reply, end)):
        try:
            found, end = DECODER.raw_decode(reply, opening.start())
        except (ValueError, RecursionError):
            end = opening.start() + 1
            broken += 1
        else:
            yield found
