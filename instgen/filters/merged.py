"""Labels of another task inside a field, left over when a reply with several tasks was split in the wrong place.

Labels also occur in good texts (a recipe's "Instructions:", a program's "Input:" and "Output:", a numbered list about
input and output), so only these count: a line that begins with "Instruction:", singular; template headings such as
"### Response:"; two different labels with the same number ("4. Input: … 4. Output: …"); an instruction that begins with
"Task 3:".
"""

from __future__ import annotations

import re
from functools import cache

from instgen.filters.phrases import MARK, plain, spellings
from instgen.filters.rule import Hit, Rule, TextRule, excerpt
from instgen.filters.signs import Sign
from instgen.records import Record


def _any(section: str) -> str:
    return "|".join(sorted(map(re.escape, spellings(section)), reverse=True))


@cache
def _instruction_label() -> re.Pattern[str]:
    words = _any("instruction-label")
    return re.compile(rf"^[#*>\s]{{0,8}}(?:\d{{1,3}}[.)、]\s?)?[#*]{{0,4}}(?:{words})(?: \d{{1,3}})?\*{{0,2}} ?:", re.M)


@cache
def _numbered_label() -> re.Pattern[str]:
    return re.compile(rf"^[#*\s]{{0,8}}(\d{{1,3}})[.)、]\s?\*{{0,2}}({_any('labels')})\*{{0,2}} ?:", re.M)


@cache
def _heading() -> re.Pattern[str]:
    return re.compile(rf"^#{{2,4}} ?(?:{_any('headings')}) ?:", re.M)


def _mentions(section: str, folded: str) -> bool:
    return any(word in folded for word in spellings(section))


def _find(text: str) -> Hit | None:
    if ":" not in text and "：" not in text:
        return None
    folded = plain(text)
    label = _instruction_label().search(folded) if _mentions("instruction-label", folded) else None
    label = label or (_heading().search(folded) if "##" in folded else None)
    if label:
        return Hit(excerpt(folded, label.start(), label.end()))
    return _two_labels(folded) if _mentions("labels", folded) else None


def _sign(_: bool) -> str:
    """A label at the start of a line, with any markup or number before it."""
    labels = "|".join((_any("instruction-label"), _any("labels"), _any("headings")))
    return rf"(?m)(?:^|{MARK})[#*>\s]{{0,8}}(?:\d{{1,3}}[.)、]\s?)?[#*]{{0,4}} ?(?:{labels})[ \d*]{{0,6}}:"


def _two_labels(folded: str) -> Hit | None:
    """Two different labels with the same number."""
    numbers: dict[str, str] = {}
    for found in _numbered_label().finditer(folded):
        if numbers.setdefault(found[1], found[2]) != found[2]:
            return Hit(excerpt(folded, found.start(), found.end()))
    return None


MERGED = TextRule(
    "merged-tasks",
    "merged-tasks",
    "A field contains the label of another task or of a template, such as 'Instruction:' at the start of a line.",
    _find,
    Sign(_sign),
)


@cache
def _task_number() -> re.Pattern[str]:
    return re.compile(rf"\W{{0,4}}(?:{_any('tasks')}) ?#?\d{{1,3}}\W{{0,2}}:")


def _numbered_task(record: Record) -> Hit | None:
    head = plain(record.instruction[:40])
    number = _task_number().match(head) if ":" in head else None
    return Hit(excerpt(head, 0, number.end())) if number else None


NUMBERED = Rule(
    "numbered-task",
    "merged-tasks",
    "The instruction begins with the number of a task in a list, such as 'Task 3:'.",
    _numbered_task,
    sign=Sign(lambda _: rf"\A\W{{0,4}}(?:{_any('tasks')}) ?#?\d"),
)
