"""Read a judge's reply as scores, wherever they are in it, or give the reason why it has none.

Looked for, in this order: a JSON object, fenced or bare, with the names of the scales; `[[7]]`; a label with a number
(`Score: 4/5`, `**Accuracy**: 3`, `评分：８分`, `スコア：３`); a first or last line that is only a number. Full-width
digits and signs count as plain ones.

The rules: a number is read completely or not at all (10 is never 1); a number off its scale, or given out of another
maximum, is no score; repeated scores must agree, except that the last of several JSON objects or `[[7]]` is the
verdict; an overall score that contradicts the others makes the whole verdict void.
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
"""What is wrong with a verdict: it cannot be read, is off its scale, or contradicts itself."""


@dataclass(frozen=True, slots=True)
class ReadVerdict:
    """The scores in a reply: a number per scale, None if a scale does not apply; or the reason why it has none."""

    values: Mapping[str, int | None] = field(default_factory=dict)
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class _RawScore:
    """A score as written (a number or a word such as `null`), and the maximum given with it (`4/5`), if any."""

    number: str
    over: str | None = None


class _Invalid(Exception):
    """The reply has no valid verdict, for this reason."""

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
"""What judges call their only score, or the overall one, whatever name the rubric gives it."""
_NOT = frozenset({"null", "none", "n/a", "na", "not applicable", "不适用", "不適用", "該当なし", "適用外"})
_YES = {"true": "1", "yes": "1", "是": "1", "はい": "1", "false": "0", "no": "0", "否": "0", "いいえ": "0"}


def read_verdict(reply: str, rubric: Rubric) -> ReadVerdict:
    """The scores in a reply by a rubric, with the overall score, if any, checked against the others."""
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
    """The number on each scale in a reply; `overall` is the name of the scale that may be labelled just "score"."""
    text = normalize("NFKC", reply.replace("\r\n", "\n"))
    main = overall or (scales[0].name if len(scales) == 1 else "")
    try:
        raw = _in_json(text, scales, main)
        if raw is None:
            raw = {scale.name: _in_text(text, scale, is_main=scale.name == main) for scale in scales}
        return ReadVerdict({scale.name: _on_scale(raw[scale.name], scale) for scale in scales})
    except _Invalid as problem:
        return ReadVerdict(reason=problem.reason)


def _on_scale(raw: _RawScore | None, scale: Scale) -> int | None:
    """The value of a score; None if it says that the scale does not apply."""
    if raw is None:
        raise _Invalid("unparseable-verdict")
    if raw.number.strip().casefold() in _NOT:
        if scale.may_not_apply:
            return None
        raise _Invalid("unparseable-verdict")
    word = _YES.get(raw.number.strip().casefold(), raw.number) if (scale.least, scale.most) == (0, 1) else raw.number
    try:
        value = float(_THOUSANDS.sub("", word.replace("\u2212", "-")).replace(",", "."))
        top = scale.most if raw.over is None else float(raw.over)
    except ValueError:
        raise _Invalid("unparseable-verdict") from None
    if not value.is_integer() or not scale.least <= value <= scale.most or top != scale.most:
        raise _Invalid("out-of-scale")
    return int(value)


def _in_json(text: str, scales: Sequence[Scale], main: str) -> dict[str, _RawScore | None] | None:
    """The scores in the last JSON object that names a scale; None if there is no such object."""
    names = {_key(scale.name): scale.name for scale in scales}
    if len(scales) == 1:
        names |= {_key(word): main for word in _GENERIC if _key(word) not in names}
    found: dict[str, _RawScore | None] | None = None
    for outer in objects_in(text):
        inner = {key: value for held in outer.values() if isinstance(held, dict) for key, value in held.items()}
        named: dict[str, _RawScore | None] = {}
        for key, value in (*inner.items(), *outer.items()):
            if (name := names.get(_key(key))) is not None:
                raw = _json_value(value)
                if raw is not None and named.get(name, raw) != raw:
                    raise _Invalid("inconsistent-verdict")
                named[name] = raw
        if named:
            found = {scale.name: named.get(scale.name) for scale in scales}
    return found


def _json_value(value: object) -> _RawScore | None:
    if value is None or isinstance(value, bool):
        return _RawScore(str(value).lower())
    if isinstance(value, int | float):
        return _RawScore(repr(value))
    if isinstance(value, dict):
        return next((_json_value(value[key]) for key in ("score", "rating", "value") if key in value), None)
    if not isinstance(value, str):
        return None
    whole = _WHOLE.fullmatch(value)
    return _raw_score(whole) if whole else _RawScore(value)


def _in_text(text: str, scale: Scale, *, is_main: bool) -> _RawScore | None:
    """The score on one scale in a reply without JSON."""
    labels = [re.escape(word) for word in _spellings(scale.name)]
    named = _agreed(_labelled(text, labels))
    if not is_main:
        return named
    if marked := [mark for mark in _MARKED.findall(text) if re.search(r"\d", mark)]:
        whole = _WHOLE.fullmatch(marked[-1].strip())
        return _raw_score(whole) if whole else None
    generic = _agreed(_labelled(text, [re.escape(word) for word in _GENERIC]))
    if named and generic and named != generic:
        raise _Invalid("inconsistent-verdict")
    return named or generic or _alone(text)


def _labelled(text: str, labels: Sequence[str]) -> list[_RawScore]:
    either = "|".join(labels)
    value = rf"(?:{_NUMBER}{_OVER}{_END}|(?P<word>n/?a\b|not applicable|null|yes\b|no\b|true\b|false\b))"
    pattern = re.compile(rf"(?<![a-z])(?:{either})(?![a-z]){_LINK}{_WRAP}{value}", re.IGNORECASE)
    return [_raw_score(match) for match in pattern.finditer(text)]


def _raw_score(match: re.Match[str]) -> _RawScore:
    groups = match.groupdict()
    return _RawScore(groups.get("word") or groups["number"], groups["over"])


def _agreed(raw: Sequence[_RawScore]) -> _RawScore | None:
    """The one score given, whether once or several times; None if there is none."""
    numbers = {each.number for each in raw}
    if len(numbers) > 1:
        raise _Invalid("inconsistent-verdict")
    return next((each for each in raw if each.over), raw[0]) if raw else None


def _alone(text: str) -> _RawScore | None:
    """A score that is all there is on the first or the last line."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    ends = [whole for line in (lines[:1] + lines[-1:]) if (whole := _WHOLE.fullmatch(line))]
    return _agreed([_raw_score(whole) for whole in ends])


def _spellings(name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((name, name.replace("-", " "), name.replace("-", "_"), name.replace("_", " "))))


def _key(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name.casefold())
