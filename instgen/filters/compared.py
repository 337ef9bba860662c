"""The text of a record that is compared with other records, and the index that compares it by ROUGE-L."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import islice
from typing import TYPE_CHECKING, Literal, Protocol

from instgen.records import Record
from instgen.text.rouge import exact
from instgen.text.similarity import NoveltyIndex

if TYPE_CHECKING:
    from instgen.text.greedy import Match

AT_ONCE = 4096
"""Records compared at a time, where this module chooses the batches."""

On = Literal["task", "instruction"]


def task(record: Record) -> str:
    """The task of a record: the instruction with its input, or in a conversation all user turns.

    Many conversations begin alike ("Hi, can you help me?") and continue differently, so the first turn is not enough.
    """
    if record.messages:
        return "\n".join(message.content for message in record.messages if message.role == "user")
    return f"{record.instruction}\n{record.input}" if record.input else record.instruction


def _instruction(record: Record) -> str:
    return record.instruction


TEXTS: Mapping[str, Callable[[Record], str]] = {"task": task, "instruction": _instruction}


class Index(Protocol):
    """An index of kept texts that judges new ones in batches, as `text.batch.BatchIndex` does."""

    def add(self, texts: Sequence[str]) -> None:
        """Keep these texts without judging them."""
        ...

    def judge(self, texts: Sequence[str], thresholds: Sequence[Fraction] | None = None) -> list[Match | None]:
        """For each text, the most similar kept text above its threshold (default: the index's), or None: it is kept."""
        ...


class _OneByOne:
    """The novelty index behind the batch index's interface, for thresholds that the batch index does not support."""

    def __init__(self, threshold: Fraction) -> None:
        self._index = NoveltyIndex(threshold)

    def add(self, texts: Sequence[str]) -> None:
        for text in texts:
            self._index.add(str(len(self._index)), text)

    def judge(self, texts: Sequence[str], thresholds: Sequence[Fraction] | None = None) -> list[Match | None]:
        limits = thresholds or [self._index.threshold] * len(texts)
        return [self._judge(text, limit) for text, limit in zip(texts, limits, strict=True)]

    def _judge(self, text: str, threshold: Fraction) -> Match | None:
        from instgen.text.greedy import Match

        near = self._index.nearest(text)
        if near and (threshold == self._index.threshold or exact(near.similarity) > threshold):
            return Match(int(near.id), near.similarity)
        self.add([text])
        return None


def index_for(least: Fraction, most: Fraction) -> Index:
    """An index for thresholds from `least` to `most`.

    Modules that need numpy are imported here, because importing it is the slowest part of start-up.

    Raises:
        UsageError: a threshold is not between 0 and 1.
    """
    from instgen.text.batch import BatchIndex, serves

    return BatchIndex(least) if serves(least) and serves(most) else _OneByOne(least)


def in_batches(records: Iterable[Record]) -> Iterable[list[Record]]:
    """The records in lists of at most `AT_ONCE`."""
    rest = iter(records)
    return iter(lambda: list(islice(rest, AT_ONCE)), [])
