"""A judge's reply read as scores, wherever they stand in it, or the reason why it gives none.

Looked for, in this order: a JSON object, fenced or bare, with the names of the scales; `[[7]]`; a label with a number
(`Score: 4/5`, `**Accuracy**: 3`, `评分：８分`, `スコア：３`); the first or the last line, where it is nothing but a
number. Full-width digits and signs count as plain ones.

The rules: a number is read whole or not at all (10 is never 1); one that is off its scale, or over another scale's top,
is no score; what is said twice must be said alike, except that of several JSON objects or `[[7]]` the last is the
verdict; an overall score that the others contradict makes the whole verdict void.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from unicodedata import normalize

from instgen.recipes.json_objects import objects_in
from instgen.scores.rubric import Rubric, Scale

Reason = Literal["unparseable-verdict", "out-of-scale", "inconsistent-verdict"]
"""What is wrong with a verdict: it cannot be read, it is not on its scale, or it contradicts itself."""


@dataclass(frozen=True, slots=True)
class ReadVerdict:
    """What a reply says: a number for each scale, None where one does not apply; or why it says nothing."""

    values: Mapping[str, int | None] = field(default_factory=dict)
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class _Said:
    """A number as it was written, and the top of the scale that it was written over (`4/5`), if any."""

    number: str
    over: str | None = None


class _Invalid(Exception):
    """There is a verdict, but it does not count."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


_NUMBER = r"(?P<number>[-+\u2212]?\d+(?:[.,]\d+)*)"
_OVER = r"(?:\s*(?:/|out of|von|sur|de|满分)\s*(?P<over>\d+(?:\.\d+)?))?"
_END = r"(?!\s*[-\u2013~\u301c]\s*\d|\s*(?:to|or|bis|到|から)\s*\d|[\d%]|\s*[/\u2044]\s*\d)"
_WRAP = r"[\s*_`\"'\[({<]*"
_THOUSANDS = re.compile(r",(?=\d{3}\b)")
_SPAN = r"(?:[(\[]\s*\d+\s*[-\u2013~\u301c]\s*\d+\s*[)\]])"
_LINK = rf"[\s*_`\"'\])}}>]*(?:{_SPAN}[\s*_`\"']*)?(?::|=|\bis\b|\bof\b|は|为|是)"

_MARKED = re.compile(r"\[\[([^\[\]]{1,60})\]\]")
_WHOLE = re.compile(
    rf"{_WRAP}{_NUMBER}{_OVER}(?:[\s*_`\"'\])}}>.]*(?:点|分|points?))?[\s*_`\"'\])}}>.。]*", re.IGNORECASE
)
_GENERIC = (
    "score", "rating", "grade", "verdict", "overall", "final score", "final rating", "overall score", "overall rating",
    "评分", "評分", "得分", "分数", "分數", "总分", "總分", "评级", "評価", "スコア", "採点", "点数", "得点", "評点",
)  # fmt: skip
"""What a judge calls its one score, or the overall one, whatever the rubric calls it."""
_NOT = frozenset({"null", "none", "n/a", "na", "not applicable", "不适用", "不適用", "該当なし", "適用外"})
_YES = {"true": "1", "yes": "1", "是": "1", "はい": "1", "false": "0", "no": "0", "否": "0", "いいえ": "0"}


def read_verdict(reply: str, rubric: Rubric) -> ReadVerdict:
    """The scores that a reply gives by a rubric, held against one another."""
    read = read_scores(reply, rubric.scales, rubric.overall)
    if read.reason or not rubric.overall:
        return read
    overall = read.values[rubric.overall]
    others = [value for name, value in read.values.items() if name != rubric.overall and value is not None]
    if overall is None or not others:
        return read
    fits = min(others) - rubric.within <= overall <= max(others) + rubric.within
    return read if fits else ReadVerdict(reason="inconsistent-verdict")


def read_scores(reply: str, scales: Sequence[Scale], overall: str = "") -> ReadVerdict:
    """The number on each scale that a reply gives; `overall` names the scale that may be called just the score."""
    text = normalize("NFKC", reply.replace("\r\n", "\n"))
    main = overall or (scales[0].name if len(scales) == 1 else "")
    try:
        said = _in_json(text, scales, main)
        if said is None:
            said = {scale.name: _in_text(text, scale, is_main=scale.name == main) for scale in scales}
        return ReadVerdict({scale.name: _on_scale(said[scale.name], scale) for scale in scales})
    except _Invalid as problem:
        return ReadVerdict(reason=problem.reason)


def _on_scale(said: _Said | None, scale: Scale) -> int | None:
    """The value of what was said, None where it says that the scale does not apply."""
    if said is None:
        raise _Invalid("unparseable-verdict")
    if said.number.strip().casefold() in _NOT:
        if scale.may_not_apply:
            return None
        raise _Invalid("unparseable-verdict")
    word = _YES.get(said.number.strip().casefold(), said.number) if (scale.least, scale.most) == (0, 1) else said.number
    try:
        value = float(_THOUSANDS.sub("", word.replace("\u2212", "-")).replace(",", "."))
        top = scale.most if said.over is None else float(said.over)
    except ValueError:
        raise _Invalid("unparseable-verdict") from None
    if not value.is_integer() or not scale.least <= value <= scale.most or top != scale.most:
        raise _Invalid("out-of-scale")
    return int(value)


def _in_json(text: str, scales: Sequence[Scale], main: str) -> dict[str, _Said | None] | None:
    """What the last JSON object that names a scale says; None where there is no such object."""
    names = {_key(scale.name): scale.name for scale in scales}
    if len(scales) == 1:
        names |= {_key(word): main for word in _GENERIC if _key(word) not in names}
    found: dict[str, _Said | None] | None = None
    for outer in objects_in(text):
        inner = {key: value for held in outer.values() if isinstance(held, dict) for key, value in held.items()}
        named: dict[str, _Said | None] = {}
        for key, value in (*inner.items(), *outer.items()):
            if (name := names.get(_key(key))) is not None:
                said = _json_value(value)
                if said is not None and named.get(name, said) != said:
                    raise _Invalid("inconsistent-verdict")
                named[name] = said
        if named:
            found = {scale.name: named.get(scale.name) for scale in scales}
    return found


def _json_value(value: object) -> _Said | None:
    if value is None or isinstance(value, bool):
        return _Said(str(value).lower())
    if isinstance(value, int | float):
        return _Said(repr(value))
    if isinstance(value, dict):
        return next((_json_value(value[key]) for key in ("score", "rating", "value") if key in value), None)
    if not isinstance(value, str):
        return None
    whole = _WHOLE.fullmatch(value)
    return _said(whole) if whole else _Said(value)


def _in_text(text: str, scale: Scale, *, is_main: bool) -> _Said | None:
    """What a reply without JSON says on one scale."""
    labels = [re.escape(word) for word in _spellings(scale.name)]
    named = _agreed(_labelled(text, labels))
    if not is_main:
        return named
    if marked := [mark for mark in _MARKED.findall(text) if re.search(r"\d", mark)]:
        whole = _WHOLE.fullmatch(marked[-1].strip())
        return _said(whole) if whole else None
    generic = _agreed(_labelled(text, [re.escape(word) for word in _GENERIC]))
    if named and generic and named != generic:
        raise _Invalid("inconsistent-verdict")
    return named or generic or _alone(text)


def _labelled(text: str, labels: Sequence[str]) -> list[_Said]:
    either = "|".join(labels)
    value = rf"(?:{_NUMBER}{_OVER}{_END}|(?P<word>n/?a\b|not applicable|null|yes\b|no\b|true\b|false\b))"
    pattern = re.compile(rf"(?<![a-z])(?:{either})(?![a-z]){_LINK}{_WRAP}{value}", re.IGNORECASE)
    return [_said(match) for match in pattern.finditer(text)]


def _said(match: re.Match[str]) -> _Said:
    groups = match.groupdict()
    return _Said(groups.get("word") or groups["number"], groups["over"])


def _agreed(said: Sequence[_Said]) -> _Said | None:
    """What was said, once or several times alike."""
    numbers = {each.number for each in said}
    if len(numbers) > 1:
        raise _Invalid("inconsistent-verdict")
    return next((each for each in said if each.over), said[0]) if said else None


def _alone(text: str) -> _Said | None:
    """A number that has the first or the last line for itself."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    ends = [whole for line in (lines[:1] + lines[-1:]) if (whole := _WHOLE.fullmatch(line))]
    return _agreed([_said(whole) for whole in ends])


def _spellings(name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((name, name.replace("-", " "), name.replace("-", "_"), name.replace("_", " "))))


def _key(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name.casefold())
