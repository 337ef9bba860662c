"""Read whole tasks from a reply in JSON: an array, one object per line, a single object, or tasks inside a wrapper.

There may be talk and fences around them, and the reply may be cut: an object that is closed is complete, one that is
not is left over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from instgen.recipes.json_objects import DECODER
from instgen.recipes.labels import Kind, is_no_input, kind_of
from instgen.recipes.parts import Leftover, ReadTask, ReadTasks, content, leftover

_OBJECT = re.compile(r'\{\s*"')
_KEY = re.compile(r'"([^"\\\n]{1,40})"\s*:')
_FENCE = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[^`\n]*$", re.MULTILINE)
_FAILURES = 32
"""Objects that may fail to decode before the rest is skipped: each failure can cost a scan of the rest."""
_DEPTH = 4
"""How deep tasks are searched for in a value: the inner object in {"tasks": [{…}]} is at depth 2."""


def read_json_tasks(text: str, whole: bool) -> ReadTasks | None:
    """The tasks in the text's JSON objects, and what is left over; None if no object looks like a task."""
    found: list[ReadTask] = []
    left: list[Leftover] = []
    done = position = failures = 0
    cut = False
    while failures < _FAILURES and not cut and (brace := _OBJECT.search(text, position)):
        try:
            value, position = DECODER.raw_decode(text, brace.start())
        except (ValueError, RecursionError):
            failures += 1
            position = brace.end()
            cut = not whole and _opens_task(text, brace)
            continue
        if found or left:
            left += leftover("unparsed", _talk(text[done : brace.start()]))
        done = position
        for task in _tasks_in(value, _DEPTH):
            if isinstance(task, ReadTask):
                found.append(task)
            else:
                left.append(task)
    left += leftover("unparsed" if whole else "truncated", _talk(text[done:]))
    known = found or cut or any(piece.reason in ("missing-output", "missing-instruction") for piece in left)
    return ReadTasks(tuple(found), tuple(left)) if known else None


def _talk(text: str) -> str:
    """The text between objects, without fences and JSON punctuation."""
    return _FENCE.sub("", text).strip(" \t\n,[]")


def _opens_task(text: str, brace: re.Match[str]) -> bool:
    """Whether the object that opens at `brace` has an instruction key before another object opens."""
    inner = _OBJECT.search(text, brace.end())
    keys = _KEY.findall(text, brace.start(), inner.start() if inner else len(text))
    return any((meaning := kind_of(key)) and meaning[0] == "instruction" for key in keys)


def _tasks_in(value: object, depth: int) -> Iterator[ReadTask | Leftover]:
    """The tasks in a decoded value; an incomplete task, or a value that is no task, is left over as JSON."""
    parts = _parts(value) if isinstance(value, dict) else {}
    inner = list(value.values()) if isinstance(value, dict) else value
    if "instruction" in parts and "output" in parts:
        given = parts.get("input", "")
        yield ReadTask(parts["instruction"], "" if is_no_input(given) else given, parts["output"])
    elif "instruction" in parts or "output" in parts:
        yield from leftover(
            "missing-output" if "instruction" in parts else "missing-instruction", json.dumps(value, ensure_ascii=False)
        )
    elif depth and isinstance(inner, list) and inner and all(isinstance(item, dict | list) for item in inner):
        for item in inner:
            yield from _tasks_in(item, depth - 1)
    else:
        yield from leftover("unparsed", json.dumps(value, ensure_ascii=False))


def _parts(value: Mapping[str, object]) -> dict[Kind, str]:
    """The non-empty parts of a task in an object; values that are not strings are kept as JSON."""
    parts: dict[Kind, str] = {}
    for wanted in (False, True):  # a firm word for a part overrides a loose one
        for key, item in value.items():
            meaning = kind_of(key)
            text = item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
            if meaning and meaning[1] is wanted and item is not None and text.strip():
                parts[meaning[0]] = content("\n" + text)
    return parts
