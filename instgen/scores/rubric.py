"""Rubrics: what a judge is asked about a record, on which scales, and when its verdict contradicts itself.

    about = "How good the answer is, from 0 to 5."
    of = "answer"                # or "task"; or "example": task and answer, even if the answer is missing
    question = "How well does the answer serve the user?"

    [scores.quality]             # recorded as `quality` if named like the file, else as `FILE.NAME`
    from = 0
    to = 5
    means = "0: useless. 5: could not be better."

Each rubric is one TOML file, whose digest goes into the origin of the records it scored. Further keys:

- `siblings = true`: records with the same root are compared in one prompt.
- `all = true`: every score is 0 or 1, and a score named like the rubric is added, which is 1 if all of them are.
- `overall`: the score that must lie within `within` of the range of the others.
- `may_not_apply = true` for a score: the judge may answer null.
- `paper` for a score, or for the one that `all` adds: a published share of ones, shown beside the measured one.
- `[zh]`: the Chinese wording, with its `question`, and the meaning of each score under `[zh.means]`.

The rule: an unknown key is an error.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, cast, get_args

from instgen.errors import InputError

Of = Literal["task", "answer", "example"]
"""What is judged: the task alone, the answer to it, or both together, even if the answer is missing."""

SUFFIX = ".toml"
MOST = 100
"""The largest difference between `to` and `from`: judges cannot distinguish finer grades."""
_NAME = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
_OWN = frozenset({"about", "of", "question", "scores", "siblings", "all", "overall", "within", "paper", "zh"})
_OF_SCORE = frozenset({"from", "to", "means", "may_not_apply", "paper"})
_REASONING = "reasoning"


@dataclass(frozen=True, slots=True)
class Scale:
    """One score: its name in the prompt, its range of whole numbers, and what they mean."""

    name: str
    least: int
    most: int
    means: str = ""
    may_not_apply: bool = False
    """Whether the judge may answer null."""
    paper: float | None = None
    """The share of ones that a paper reports."""


@dataclass(frozen=True, slots=True)
class Words:
    """A rubric's wording in another language."""

    question: str
    means: Mapping[str, str]
    """By name of the score."""


@dataclass(frozen=True, slots=True)
class Rubric:
    """A parsed rubric file."""

    name: str
    about: str
    of: Of
    question: str
    scales: tuple[Scale, ...]
    source: str = ""
    """`rubric/name@digest`, for the origin of the records it scored."""
    siblings: bool = False
    """Whether consecutive records with the same root are compared in one prompt."""
    all: bool = False
    """Whether a score named like the rubric is computed rather than asked for: 1 if all others are 1, else 0."""
    overall: str = ""
    """The name of the scale whose value must agree with the others; "" if there is none."""
    within: float = 1.0
    """How far the overall value may lie outside the range of the others."""
    paper: float | None = None
    """The share of ones that a paper reports for the score that `all` adds."""
    words: Mapping[str, Words] = field(default_factory=dict)
    """Other wordings, by language."""

    def worded(self, language: str) -> Rubric:
        """The rubric in this language's wording; unchanged if it has none."""
        words = self.words.get(language)
        if words is None:
            return self
        scales = tuple(replace(scale, means=words.means[scale.name]) for scale in self.scales)
        return replace(self, question=words.question, scales=scales)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the scores that a record gets; the one named like the rubric, if any, comes first."""
        own = [self.name] if self.all else []
        return tuple(sorted((*own, *map(self.score_name, self.scales)), key=lambda name: name != self.name))

    def score_name(self, scale: Scale) -> str:
        """The name under which a record holds the score of a scale."""
        return self.name if scale.name == self.name else f"{self.name}.{scale.name}"


def schema_of(scales: tuple[Scale, ...]) -> Mapping[str, Any]:
    """The JSON schema of a verdict: the reasoning first, then a whole number on each scale."""
    properties: dict[str, Any] = {_REASONING: {"type": "string"}}
    for scale in scales:
        number = {"type": "integer", "minimum": scale.least, "maximum": scale.most}
        properties[scale.name] = {"anyOf": [number, {"type": "null"}]} if scale.may_not_apply else number
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def parse_rubric(name: str, content: str, where: str = "") -> Rubric:
    """Parse the text of a rubric file.

    Args:
        name: the rubric's name: that of its file without the suffix.
        content: the file's text (TOML).
        where: how errors name the file; by default, the name with the suffix.

    Raises:
        InputError: the file is malformed.
    """
    read = _Reader(where or name + SUFFIX)
    if not _NAME.fullmatch(name):
        raise read.error(f"a rubric cannot be named {name!r}", "use lowercase letters and digits, joined by - or _")
    try:
        found = tomllib.loads(content.replace("\r\n", "\n"))
    except (ValueError, RecursionError) as problem:  # a number of 5,000 digits, 1,000 brackets
        raise read.error(f"is not TOML: {problem}") from problem
    read.only("", found, _OWN)
    digest = hashlib.blake2b(content.encode(), digest_size=6).hexdigest()
    rubric = Rubric(
        name=name,
        about=read.text(found, "about"),
        of=read.of(found),
        question=read.text(found, "question"),
        scales=read.scales(found),
        source=f"rubric/{name}@{digest}",
        siblings=read.flag(found, "siblings"),
        all=read.flag(found, "all"),
        overall=read.text(found, "overall", ""),
        within=read.number(found, "within", 1.0),
        paper=read.share(found),
        words=read.words(found),
    )
    read.check(rubric)
    return rubric


class _Reader:
    """Reads the values of one file and reports what is wrong with them."""

    def __init__(self, where: str) -> None:
        self._where = where

    def error(self, problem: str, hint: str = "") -> InputError:
        return InputError(self._where, problem, hint or "docs/score.md describes the format of a rubric")

    def only(self, place: str, found: Mapping[str, Any], known: frozenset[str]) -> None:
        for key in found:
            if key not in known:
                raise self.error(f"{place}{key}: unknown key", f"known: {', '.join(sorted(known))}")

    def text(self, found: Mapping[str, Any], key: str, default: str | None = None, place: str = "") -> str:
        value = found.get(key, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise self.error(f"{place}{key} must be a string" if key in found else f"{place}{key} is missing")
        return value.strip()

    def of(self, found: Mapping[str, Any]) -> Of:
        subject = self.text(found, "of")
        for known in get_args(Of):
            if subject == known:
                return cast("Of", known)
        raise self.error(f"of = {subject!r}: unknown value", f"known: {', '.join(get_args(Of))}")

    def flag(self, found: Mapping[str, Any], key: str) -> bool:
        value = found.get(key, False)
        if not isinstance(value, bool):
            raise self.error(f"{key} must be true or false")
        return value

    def number(self, found: Mapping[str, Any], key: str, default: float) -> float:
        value = found.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
            raise self.error(f"{key} must be a number that is not negative")
        return float(value)

    def share(self, found: Mapping[str, Any]) -> float | None:
        return self.number(found, "paper", 0.0) if "paper" in found else None

    def words(self, found: Mapping[str, Any]) -> Mapping[str, Words]:
        """The Chinese wording, if there is one; it must then be complete."""
        if "zh" not in found:
            return {}
        table = self._table("[zh] ", found["zh"], frozenset({"question", "means"}))
        names = list(found["scores"])
        means = self._table("[zh.means] ", table.get("means", {}), frozenset(names))
        texts = {name: self.text(means, name, place="[zh.means] ") for name in names}
        return {"zh": Words(self.text(table, "question", place="[zh] "), texts)}

    def _table(self, place: str, found: object, known: frozenset[str]) -> Mapping[str, Any]:
        if not isinstance(found, dict):
            raise self.error(f"{place}must be a table")
        self.only(place, found, known)
        return found

    def scales(self, found: Mapping[str, Any]) -> tuple[Scale, ...]:
        tables = found.get("scores")
        if not isinstance(tables, dict) or not tables:
            raise self.error("there is no score", "each score has its own table, such as [scores.quality]")
        return tuple(self._scale(name, table) for name, table in tables.items())

    def _scale(self, name: str, table: object) -> Scale:
        place = f"[scores.{name}] "
        if not _NAME.fullmatch(name) or name == _REASONING:
            raise self.error(f"a score cannot be named {name!r}", "use lowercase letters and digits, joined by - or _")
        read = self._table(place, table, _OF_SCORE)
        least, most = self._whole(place, read, "from"), self._whole(place, read, "to")
        if not least < most <= least + MOST:
            raise self.error(f"{place}from = {least}, to = {most}: to must be greater than from, by at most {MOST}")
        return Scale(
            name,
            least,
            most,
            self.text(read, "means", place=place),
            self.flag(read, "may_not_apply"),
            self.share(read),
        )

    def _whole(self, place: str, table: Mapping[str, Any], key: str) -> int:
        value = table.get(key)
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.error(f"{place}{key} must be a whole number" if key in table else f"{place}{key} is missing")
        return value

    def check(self, rubric: Rubric) -> None:
        """Check that the keys are consistent with one another."""
        names = [scale.name for scale in rubric.scales]
        if rubric.overall and (rubric.overall not in names or len(names) == 1):
            raise self.error(f"overall = {rubric.overall!r}: there is no such score, or no other to compare it with")
        if rubric.siblings and (len(names) > 1 or rubric.of != "task"):
            raise self.error('siblings = true needs of = "task" and exactly one score')
        zero_or_one = all((scale.least, scale.most) == (0, 1) for scale in rubric.scales)
        if rubric.all and (rubric.name in names or not zero_or_one):
            raise self.error(
                f"all = true needs every score to be from 0 to 1, and none named {rubric.name}, which is computed"
            )
