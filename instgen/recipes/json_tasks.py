"""Whole tasks from a reply in JSON: an array, objects line by line, one object, or tasks inside a wrapper.

They may stand among talk and in fences, and the reply may be cut: an object that closes is whole, one that does not
is left over.
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
"""Objects that may fail to decode before the rest is given up: each costs up to a scan of the rest."""
_DEPTH = 4
"""How deep tasks are looked for in a value: the object in {"tasks": [{…}]} is at depth 2."""


def read_json_tasks(text: str, whole: bool) -> ReadTasks | None:
    """The tasks that stand as JSON objects in the text, or None where no object there looks like a task."""
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
    """What stands between objects, without fences and JSON's own marks."""
    return _FENCE.sub("", text).strip(" \t\n,[]")


def _opens_task(text: str, brace: re.Match[str]) -> bool:
    """Whether the object that opens here names an instruction before another object opens."""
    inner = _OBJECT.search(text, brace.end())
    keys = _KEY.findall(text, brace.start(), inner.start() if inner else len(text))
    return any((meaning := kind_of(key)) and meaning[0] == "instruction" for key in keys)


def _tasks_in(value: object, depth: int) -> Iterator[ReadTask | Leftover]:
    """The tasks in a decoded value; one that lacks a part, or is none, is left over as JSON."""
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
    """The parts of a task that an object holds and that are not empty; what is no text stays JSON."""
    parts: dict[Kind, str] = {}
    for wanted in (False, True):  # a firm word for a part goes before a loose one
        for key, item in value.items():
            meaning = kind_of(key)
            text = item if isinstance(item, str) else json.dumps(item, ensure_ascii=False)
            if meaning and meaning[1] is wanted and item is not None and text.strip():
                parts[meaning[0]] = content("\n" + text)
    return parts
