"""The command `filter` as a function from records to records."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, cast

import orjson

from instgen import console
from instgen.api.direct import Direct
from instgen.api.keywords import PathLike, arguments
from instgen.api.result import Result
from instgen.api.rows import Rows, records_in
from instgen.formats import records_from, to_row
from instgen.lines import Row
from instgen.recipes.flow import Outcome
from instgen.records import Record, Rejection
from instgen.running.embedding import opened
from instgen.running.filter import sieve_for
from instgen.running.filter_options import Dedupe, FilterOptions
from instgen.running.options import Writing
from instgen.running.sieve import STAGE, Item, Sieve

if TYPE_CHECKING:
    from instgen.filters.semantic import Embed, Floats

BATCH = 256
"""Records judged together if they come from a file or a sequence; else each is judged as it comes."""
Method = Literal["exact", "near", "novelty", "semantic", "off"]


def filter_records(
    records: Rows,
    *,
    preset: Literal["default", "strict", "alpaca", "c4", "conversations", "off"] = "default",
    rule: str | Sequence[str] = (),
    no_rule: str | Sequence[str] = (),
    dedupe: Method | Sequence[Method] = (),
    near: float | None = None,
    novelty: float | None = None,
    novelty_script: Mapping[str, float] | None = None,
    novelty_on: Literal["task", "instruction"] = "task",
    semantic: float | None = None,
    embed: str | None = None,
    embed_url: str | None = None,
    embed_key_env: str | None = None,
    journal: PathLike | None = None,
    no_journal: bool = False,
    keep: Literal["first", "longest", "best"] = "first",
    against: PathLike | Sequence[PathLike] = (),
    decontaminate: str | Sequence[str] = (),
    decontaminate_by: Literal["both", "8-gram", "13-gram"] = "both",
    decontaminate_on: Literal["prompt", "all"] = "prompt",
    pii: Literal["drop", "mask", "flag"] | None = None,
    lang: str | Sequence[str] = (),
    same_lang: bool = False,
    balance_lang: bool = False,
    min: Mapping[str, float] | None = None,
    max: Mapping[str, float] | None = None,
    top: int | None = None,
    by: str | None = None,
    sample: int | None = None,
    diverse: int | None = None,
    seed: int = 0,
    config: PathLike | None = None,
    quiet: bool = False,
) -> Result:
    """The records that pass, unchanged except for repairs; the result's `rejections` has the others. Asks no teacher.

    The options are those of `instgen filter` (docs/filter.md); limits by score or script are mappings.

    Raises:
        UsageError: an option names something unknown, or options exclude each other.
        InputError: a file cannot be read.
    """
    given: dict[str, Any] = {**locals()}
    for name in ("records", "config", "quiet"):
        del given[name]
    for name in ("novelty_script", "min", "max"):
        given[name] = [f"{key}={value}" for key, value in (given[name] or {}).items()]
    args = arguments("filter", given, {"config": config, "quiet": quiet})
    asked = FilterOptions(**vars(args.own), explicit=args.asking.explicit)
    tell = console.silent if quiet else console.say
    vectors = _Vectors(asked, args.writing, tell)
    sieve = sieve_for(asked, tell, vectors if Dedupe.SEMANTIC in asked.methods else None)
    at_once = BATCH if isinstance(records, str | os.PathLike | Sequence) else 1
    return Result("filter", Direct(_sifted(sieve, records_in(records), at_once, vectors), records))


def _sifted(sieve: Sieve, records: Iterator[Record], at_once: int, vectors: _Vectors) -> Generator[Outcome]:
    """The outcome of each record, in order; if there are selections, only after the last record was read."""
    with vectors.open():
        outcomes = _judged(sieve, records, at_once)
        yield from _selected(sieve, outcomes) if sieve.selections else outcomes


def _judged(sieve: Sieve, records: Iterator[Record], at_once: int) -> Generator[Outcome]:
    number = 0
    while batch := list(islice(records, at_once)):
        rows = [Row(row := to_row(record), "row", number + at, orjson.dumps(row)) for at, record in enumerate(batch, 1)]
        number += len(batch)
        for record, judged in zip(batch, sieve.judge(rows), strict=True):
            if not isinstance(judged, Item):
                raise judged.problem
            yield _outcome(record, judged)


def _outcome(record: Record, item: Item) -> Outcome:
    if item.verdict:
        return Outcome((), (Rejection(STAGE, item.verdict, record),))
    kept = records_from(orjson.loads(item.line())) if item.changed else (record,)
    parts = (Rejection(STAGE, gone.verdict, part) for gone in item.dropped for part in records_from(gone.row))
    return Outcome(kept, tuple(parts))


def _selected(sieve: Sieve, outcomes: Iterable[Outcome]) -> Generator[Outcome]:
    """Apply the selections, each to what the ones before it have kept; the order of records stays."""
    selected = list(outcomes)
    for selection in sieve.selections:
        for position, outcome in enumerate(selected):
            for record in outcome.records:
                selection.add(position, record)
        for position, verdict in selection.rejected().items():
            (record,) = selected[position].records
            selected[position] = Outcome((), (Rejection(STAGE, verdict, record),))
    yield from selected


class _Vectors:
    """Embeds texts in a thread of its own, where no event loop runs; the model is opened with `open`."""

    def __init__(self, asked: FilterOptions, writing: Writing, tell: Callable[[str], None]) -> None:
        self._opened = opened(asked, writing, tell)
        self._is_wanted = Dedupe.SEMANTIC in asked.methods

    @contextmanager
    def open(self) -> Iterator[None]:
        """Keep the model open during the block, if vectors are needed."""
        if not self._is_wanted:
            yield
            return
        with ThreadPoolExecutor(1, "instgen filter") as self._thread:
            self._embed = cast("Embed", self._thread.submit(self._opened.__enter__).result())
            try:
                yield
            finally:
                self._thread.submit(self._opened.__exit__, None, None, None).result()

    def __call__(self, texts: Sequence[str]) -> Floats:
        """The vectors of the texts."""
        return self._thread.submit(self._embed, texts).result()
