"""What of a record is compared with other records, and the index that does it."""

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
"""Records compared at a time, where that is ours to say."""

On = Literal["task", "instruction"]


def task(record: Record) -> str:
    """What is asked: the instruction with its input, or all that the user says in a conversation.

    Conversations begin alike ("Hi, can you help me?") and go on otherwise, so the first turn alone is no sign.
    """
    if record.messages:
        return "\n".join(message.content for message in record.messages if message.role == "user")
    return f"{record.instruction}\n{record.input}" if record.input else record.instruction


def _instruction(record: Record) -> str:
    return record.instruction


TEXTS: Mapping[str, Callable[[Record], str]] = {"task": task, "instruction": _instruction}


class Index(Protocol):
    """Texts that were kept, whole or in batches."""

    def add(self, texts: Sequence[str]) -> None:
        """Keep these texts, new or not."""
        ...

    def judge(self, texts: Sequence[str], thresholds: Sequence[Fraction] | None = None) -> list[Match | None]:
        """For each text the kept one that it is most like, or None: then it is kept; thresholds are the texts' own."""
        ...


class _OneByOne:
    """The novelty index, called like the batch index, for thresholds that the latter does not support."""

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
    """The index for thresholds from the least to the most.

    What needs numpy is imported here, as that takes longer than all else at start-up.

    Raises:
        UsageError: a threshold is not between 0 and 1.
    """
    from instgen.text.batch import BatchIndex, serves

    return BatchIndex(least) if serves(least) and serves(most) else _OneByOne(least)


def in_batches(records: Iterable[Record]) -> Iterable[list[Record]]:
    """The records, some thousand at a time."""
    rest = iter(records)
    return iter(lambda: list(islice(rest, AT_ONCE)), [])
