"""What lies between the tasks of a reply and belongs to none: separators, numbers, titles and fences around tasks."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Set

from instgen.recipes.labels import Label, labels_in

_SEPARATOR = re.compile(r"#{1,6}|-{3,}|\*{3,}|={3,}|_{3,}|(?:\* ){2,}\*|(?:- ){2,}-")
"""A line that is only a separator. Hashes always separate; the other marks also occur within texts."""

_HASHES = frozenset("#" * count for count in range(2, 7))

_FENCE = re.compile(r"^([^`~\n]*[:：][ \t*]*)?[ \t>]*(?:`{3,}|~{3,})([^`\n]*)$", re.MULTILINE)

_NUMBER = re.compile(r"[#*_>\[(（【第 \t]*\d{1,4}[.)）、．:：\]】*_# \t]*")
_NUMBERED_TITLE = re.compile(r"(?:#{1,6}|\*\*)[ \t]*\d{1,4}[.)、．:：][^\n]{1,100}")
_MARKS = re.compile(r"[\W\d_]*")
_NEAR = 200
"""The most characters between a fence that wraps tasks and the next task's label: room for a number and a separator."""


def unfenced(text: str, labels: list[Label], whole: bool) -> tuple[list[Label], set[int]]:
    """The labels outside the tasks' own code fences, and the offsets of the fences that wrap whole tasks instead.

    Fences can wrap tasks only if one precedes the first Instruction label, and they never nest. A fence that is never
    closed contains nothing, except in a truncated reply (not `whole`), where it may contain all the rest.
    """
    if "```" not in text and "~~~" not in text:
        return labels, set()
    lines = [label.line for label in labels]
    first = next((label.line for label in labels if label.kind == "instruction"), -1)
    inside: set[int] = set()
    wraps: set[int] = set()
    opened: re.Match[str] | None = None
    wrapped = False
    for fence in _FENCE.finditer(text):
        number = bisect_left(lines, fence.start())
        plain = not fence[1] and not fence[2].strip()
        if opened and plain:
            inside.update(range(bisect_left(lines, opened.end()), number))
            opened = None
        elif (
            (wraps or fence.start() < first)
            and not fence[1]
            and (plain or not wrapped)
            and _wraps(text, labels, number, fence, wrapped)
        ):
            wraps.add(fence.start())
            opened = None
            wrapped = not wrapped
        else:
            opened = fence
    if opened and not whole:
        inside.update(range(bisect_left(lines, opened.end()), len(labels)))
    elif opened and wrapped:
        wraps.add(opened.start())
    return [label for number, label in enumerate(labels) if number not in inside], wraps


def _wraps(text: str, labels: list[Label], number: int, fence: re.Match[str], wrapped: bool) -> bool:
    """Whether only marks lie between a fence and the end or the next label, `labels[number]`, an Instruction label.

    A closing fence (`wrapped`) must also be separated from that label by more than a line end.
    """
    following = labels[number] if number < len(labels) else None
    end = following.line if following else len(text)
    if (following and following.kind != "instruction") or end - fence.end() > _NEAR:
        return False
    between = text[fence.end() : end]
    return bool(_MARKS.fullmatch(_FENCE.sub("", between))) and not (wrapped and following and between == "\n")


def is_title(line: str) -> bool:
    """Whether a line is only a task's number or title, such as "7", "### Task 3" or "**2. A poem**"."""
    line = line.strip()
    label = next(labels_in(line), None)
    if label and label.kind in ("instruction", "example") and (label.numbered or label.emphatic):
        return label.emphatic or not line[label.end :].strip()
    return bool(_NUMBER.fullmatch(line) or _NUMBERED_TITLE.fullmatch(line))


def trimmed(text: str, begin: int, end: int, wraps: Set[int], titled: bool) -> tuple[int, list[str]]:
    """Where the part from `begin` to `end` ends without what trails it, and the separators among that, last first.

    Blank lines, separators and wrapping fences are trimmed. If the tasks are `titled`, so is one title that stands
    apart: it belongs to the next task.
    """
    lines = text[begin:end].split("\n")
    separators: list[str] = []
    while len(lines) > 1:
        line = lines[-1].strip()
        start = end - len(lines[-1])
        if _SEPARATOR.fullmatch(line):
            separators.append(line)
        elif titled and line and _stands_apart(lines) and is_title(line):
            titled = False
        elif line and start not in wraps:
            break
        end = start - 1
        lines.pop()
    return end, separators


def _stands_apart(lines: list[str]) -> bool:
    """Whether the last line follows a blank line or a separator, and some line before it is not blank."""
    before = lines[-2].strip()
    return (not before or bool(_SEPARATOR.fullmatch(before))) and any(line.strip() for line in lines[:-1])


def divided(text: str, begin: int, end: int, separators: Set[str], wraps: Set[int]) -> int:
    """The offset of the last line that separates the last task from the talk after it; `end` if there is none.

    Two or more hashes and wrapping fences always separate; a single hash only at the very end, as it is a comment in
    code. Other separators count only if they also occur between the tasks (`separators`).
    """
    start = end
    for line in reversed(text[begin:end].split("\n")[1:]):
        start -= len(line)
        mark = line.strip()
        if start in wraps or mark in _HASHES or (mark in separators and mark != "#"):
            return start
        if mark == "#" and not text[start + len(line) : end].strip():
            return start
        start -= 1
    return end
