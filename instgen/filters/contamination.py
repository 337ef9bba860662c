"""Contamination: rows that contain items of a benchmark. A model trained on them has seen the test.

Two methods, alone or together. `13-gram`: row and item share a run of 13 tokens (GPT-3, arXiv 2005.14165, appendix C).
`8-gram`: more than half of the item's tokens lie in runs of 8 or more that it shares with one row (Tulu 3, arXiv
2411.15124, section on decontamination). An item of 5 tokens or more that is too short for a run counts if the row
contains all of it; a shorter one cannot be checked and is reported.

In scripts without spaces a token is a letter; there, the lengths are 20 for a run, 12 for a gram and 8 for an item.

The rule: a benchmark's boilerplate (`Choose the right answer …`) proves nothing. An 8-gram that occurs in more than 1 %
and more than five of a benchmark's items belongs to its frame; tokens of the frame count neither as shared nor as the
item's own. What a comparison of words cannot find (paraphrases, translations) is described in docs/contamination.md.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from instgen.filters.rule import excerpt
from instgen.records import Near, Record, Verdict
from instgen.text.grams import GramIndex, Lexicon, Run, common, covered
from instgen.text.scripts import UNSPACED
from instgen.text.tokens import tokens

Method = Literal["both", "13-gram", "8-gram"]
Where = Literal["prompt", "all"]

COVERAGE = 0.5
"""A row is contaminated if it contains more than this share of an item's tokens (Tulu 3)."""
_FRAME_SHARE = 0.01
_FRAME_ITEMS = 5
"""A gram in more than this share of a benchmark's items, and in more than this many, is its frame; our choice."""
_UNSPACED = re.compile(f"[{UNSPACED}]")


class Item(Protocol):
    """One item of a benchmark, named after it: the part before the last colon is the benchmark's name."""

    @property
    def name(self) -> str:
        """`file:line`."""
        ...

    @property
    def text(self) -> str:
        """The question."""
        ...


@dataclass(frozen=True, slots=True)
class _Sizes:
    """Lengths in tokens: of a gram, of a run that suffices by itself, and of the shortest item that can be checked."""

    gram: int
    run: int
    least: int


_WORDS = _Sizes(8, 13, 5)
_LETTERS = _Sizes(12, 20, 8)
"""Chinese rows share 12 or 20 letters by chance less often than English ones 8 or 13 words (docs/contamination.md)."""


@dataclass(frozen=True, slots=True)
class _Target:
    """An item prepared for comparison: `frame` has a 1 for each token that belongs to its benchmark's frame."""

    name: str
    text: str
    numbers: list[int]
    frame: bytearray

    @property
    def own(self) -> int:
        """The number of tokens outside the frame."""
        return self.frame.count(0)


@dataclass(frozen=True, slots=True)
class _Found:
    """How much of an item a row contains: the share of the item's own tokens, and their number in the longest run."""

    target: _Target
    coverage: float
    length: int
    run: Run


class _Part:
    """The items indexed by grams of one size."""

    def __init__(self, targets: list[_Target], gram: int, sizes: _Sizes) -> None:
        self._targets = targets
        self._sizes = sizes
        self._index = GramIndex([target.numbers for target in targets], gram, [target.frame for target in targets])

    def found(self, numbers: Sequence[int]) -> Iterator[_Found]:
        """Yield what the row shares with each item with which it shares a run."""
        runs = self._index.runs(numbers)
        for text in sorted({run.text for run in runs}):
            yield self._found(self._targets[text], [run for run in runs if run.text == text])

    def _found(self, target: _Target, runs: list[Run]) -> _Found:
        shared = bytearray(len(target.frame))
        for run in runs:
            shared[run.start : run.start + run.length] = b"\1" * run.length
        share = sum(1 for one, other in zip(shared, target.frame, strict=True) if one and not other) / target.own
        length, run = max(((_own(target, run), run) for run in runs), key=lambda pair: pair[0])
        return _Found(target, share, length, run)

    def verdict(self, found: _Found, method: Method, words: Sequence[str]) -> Verdict | None:
        """The verdict against a row with these words, or None if too little of the item was found."""
        own = found.target.own
        short = own < self._sizes.gram
        enough = found.coverage == 1 if short else found.coverage > COVERAGE
        value: float
        if method != "13-gram" and enough and not (short and found.length < own):
            rule, value, threshold = "8-gram", round(found.coverage, 3), COVERAGE
        elif method != "8-gram" and found.length >= min(self._sizes.run, own):
            rule, value, threshold = "13-gram", found.length, min(self._sizes.run, own)
        else:
            return None
        near = Near(found.target.name, round(found.coverage, 3), excerpt(found.target.text))
        seen = " ".join(words[found.run.at : found.run.at + found.run.length])
        return Verdict("contaminated", rule, value, threshold, excerpt(seen), near)


class Contamination:
    """Rejects rows that contain a benchmark's items; the verdict names the item with the largest share in the row."""

    name = "contamination"

    def __init__(self, items: Iterable[Item], method: Method = "both", where: Where = "prompt") -> None:
        """Index the items.

        Args:
            items: the items of all benchmarks.
            method: which of the two methods counts.
            where: where to look in a row: only in what the user says, or also in the system prompt and the answers.
        """
        self._method = method
        self._where = where
        self._lexicon = Lexicon()
        self._parts: list[_Part] = []
        self.unchecked: tuple[str, ...] = ()
        """The names of the items that cannot be checked, because too few of their tokens are outside the frame."""
        spaced: list[_Target] = []
        unspaced: list[_Target] = []
        for benchmark in _by_benchmark(items):
            for kind, sizes, targets in ((False, _WORDS, spaced), (True, _LETTERS, unspaced)):
                targets.extend(self._targets([item for item in benchmark if _letters(item.text) is kind], sizes))
        for targets, sizes in ((spaced, _WORDS), (unspaced, _LETTERS)):
            self._index(targets, sizes)

    def judge(self, records: Sequence[Record]) -> list[Verdict | None]:
        """A verdict for each record that contains an item."""
        return [self._judge(record) for record in records]

    def _judge(self, record: Record) -> Verdict | None:
        words: list[str] = []
        for text in _texts(record, self._where):
            words += tokens(text)
            words.append("")
        numbers = self._lexicon.look(words)
        if not any(numbers):
            return None
        found = [(each, part) for part in self._parts for each in part.found(numbers)]
        found.sort(key=lambda pair: -pair[0].coverage)
        verdicts = (part.verdict(each, self._method, words) for each, part in found)
        return next((verdict for verdict in verdicts if verdict), None)

    def _targets(self, items: list[Item], sizes: _Sizes) -> list[_Target]:
        """Prepare the items of one benchmark, with its frame marked."""
        texts = [self._lexicon.add(tokens(item.text)) for item in items]
        frame = common(texts, sizes.gram, max(_FRAME_ITEMS, int(_FRAME_SHARE * len(texts))))
        return [
            _Target(item.name, item.text, text, covered(text, sizes.gram, frame))
            for item, text in zip(items, texts, strict=True)
        ]

    def _index(self, targets: list[_Target], sizes: _Sizes) -> None:
        fit = [target for target in targets if target.own >= sizes.least]
        self.unchecked += tuple(target.name for target in targets if target.own < sizes.least)
        long = [target for target in fit if len(target.numbers) >= sizes.gram]
        short = [target for target in fit if len(target.numbers) < sizes.gram]
        self._parts += [_Part(part, gram, sizes) for part, gram in ((long, sizes.gram), (short, sizes.least)) if part]


def _own(target: _Target, run: Run) -> int:
    return target.frame.count(0, run.start, run.start + run.length)


def _letters(text: str) -> bool:
    """Whether most tokens of a text are letters of a script without spaces."""
    if text.isascii():
        return False
    words = tokens(text)
    return 2 * sum(1 for word in words if _UNSPACED.match(word)) > len(words)


def _by_benchmark(items: Iterable[Item]) -> Iterable[list[Item]]:
    groups: defaultdict[str, list[Item]] = defaultdict(list)
    for item in items:
        groups[item.name.rpartition(":")[0]].append(item)
    return groups.values()


def _texts(record: Record, where: Where) -> Iterator[str]:
    """The texts of a record that are searched; a run does not extend from one into the next."""
    if record.messages:
        yield from (message.content for message in record.messages if where == "all" or message.role == "user")
    else:
        yield f"{record.instruction}\n{record.input}"
    if where == "all":
        yield from filter(None, (record.system, record.reasoning, "" if record.messages else record.output))
        yield from (candidate.output for candidate in record.candidates if candidate.output != record.output)
