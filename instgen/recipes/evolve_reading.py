"""Readers for the replies in evolving: the evolved task, and a judge's verdict on it.

The rule: a reply is read in the requested form, else in an equivalent one; a judge's reply that is ambiguous gets a
verdict of its own (`unjudged`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from instgen.recipes.labels import Label, labels_in
from instgen.recipes.parts import ReadTask, content
from instgen.records import Verdict
from instgen.text.tokens import fold

_TAGGED = re.compile(r"<instruction>(.*?)(?:</instruction>|(?=<input>)|\Z)", re.DOTALL | re.IGNORECASE)
_INPUT = re.compile(r"<input>(.*)</input>|<input>(.*)\Z", re.DOTALL | re.IGNORECASE)
_UNCHANGED = frozenset(["unchanged", "same", "same as above", "same as before", "不变", "保持不变", "同上", "未改变"])
_NOT_EQUAL = re.compile(
    r"\b(?:not|\w+n.t) (?:the )?(?:equal|equivalent|same)\b|\bunequal|(?<!not )\bdifferent|不(?:相|等)?[同等]|不一样"
)
_EQUAL = re.compile(r"\b(?:equal|equivalent|same)\b|相等|相同|等同|一样|等价")
_FINDS = re.compile(r"\W*(?:contradiction\b|inconsistent\b|矛盾|冲突)(?!\W*(?:none|no|nothing|无|没有)\b)")
_CONSISTENT = re.compile(
    r"(?<!not )(?<!n.t )\bconsistent\b|\b(?:no|not|free of|without|\w+n.t)(?: \w+)? contradict|contradictions?: no"
    r"|(?:没有|无|不|未)\w{0,3}(?:矛盾|冲突)|(?:矛盾|冲突)\W*(?:无|没有)|(?<!不)一致"
)
_CONTRADICTION = re.compile(r"\bcontradict|\bnot consistent\b|n.t consistent\b|矛盾|冲突|不一致")


def read_evolved(reply: str) -> ReadTask:
    """The task in a reply: in the requested tags, else under labels, else the whole reply as the instruction."""
    text = reply.replace("\r\n", "\n")
    if tagged := _TAGGED.search(text):
        given = _INPUT.search(text, tagged.end())
        return ReadTask(content(tagged[1]), content(given[1] or given[2] or "") if given else "", "")
    labels = list(labels_in(text))
    start = next((label for label in labels if label.kind == "instruction"), None)
    if start is None:
        return ReadTask(content(text), "", "")
    mine = [label for label in labels if label.line > start.line and _is_written_as(start, label)]
    ends = min((label.line for label in mine if label.kind == "output"), default=len(text))
    given_at = next((label for label in mine if label.kind == "input" and label.line < ends), None)
    instruction = _between(text, start, given_at.line if given_at else ends)
    return ReadTask(instruction, _between(text, given_at, ends) if given_at else "", "")


def says_unchanged(text: str) -> bool:
    """Whether the text given as input only says that the parent's input is unchanged."""
    return fold(text).strip(" .。()（）") in _UNCHANGED


def equality(reply: str) -> Verdict | None:
    """None if the judge says that the child is not equal to its parent; else `equal` or `unjudged`."""
    folded = fold(reply)
    if _NOT_EQUAL.search(folded):
        return None
    return _verdict("equal" if _EQUAL.search(folded) else "unjudged", reply)


def contradiction(reply: str) -> Verdict | None:
    """None if the judge says that the child is consistent; else `contradiction` or `unjudged`.

    Only the first line counts: what follows may be reasons.
    """
    folded = fold(reply.strip().partition("\n")[0])
    if _FINDS.match(folded):
        return _verdict("contradiction", reply)
    if _CONSISTENT.search(folded):
        return None
    return _verdict("contradiction" if _CONTRADICTION.search(folded) else "unjudged", reply)


JUDGEMENTS: Mapping[str, Callable[[str], Verdict | None]] = {
    "evolve-equal": equality,
    "evolve-contradiction": contradiction,
}
"""The reader of the reply to each judge's prompt file, by the file's name."""


def _verdict(reason: str, reply: str) -> Verdict:
    return Verdict(reason, "judge", evidence=reply.strip()[:80])


def _is_written_as(start: Label, label: Label) -> bool:
    """Whether a label is written like the first one; others, such as those of a worked example, belong to the task."""
    return (label.style, label.indent) == (start.style, start.indent)


def _between(text: str, label: Label, end: int) -> str:
    return content(text[label.end : end].removesuffix(label.unclosed))
