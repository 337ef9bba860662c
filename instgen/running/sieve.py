"""The sieve of `filter`: each row is read, repaired, judged by rules, and then by steps that keep state.

The rule: a row stays one item from input to output, and is counted as one. It is rejected when none of its instances or
candidates is left, and it is written byte for byte as it was read unless something in it changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import is_not
from typing import Any

import orjson

from instgen.errors import InputError
from instgen.filters.repairs import repaired
from instgen.filters.rulebook import Rulebook
from instgen.filters.steps import Selection, Stateful
from instgen.formats import RowError, records_from, rejection_row
from instgen.formats.edits import edited
from instgen.formats.quick import quick_record
from instgen.lines import BadLine, Row
from instgen.records import Record, Rejection, Verdict

STAGE = "filter"
RULES = "rules"
"""The name of the rules as a step."""
Cleaning = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""From a row to the same row or a changed one."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A part removed from a kept row: its place, the verdict, and the row with only that part."""

    part: str
    verdict: Verdict
    row: Mapping[str, Any]


@dataclass(slots=True)
class Item:
    """A row on its way through the sieve."""

    row: Row
    value: Mapping[str, Any]
    """The row after cleaning."""
    before: tuple[Record, ...]
    """The records in it."""
    after: list[Record | None]
    """Each of them after the steps so far; None for one that was removed."""
    step: str = ""
    verdict: Verdict | None = None
    """Why the row was rejected, by the step named in `step`; None if it was not."""
    dropped: list[Dropped] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether the row differs from what was read."""
        return self.value is not self.row.value or any(map(is_not, self.after, self.before))

    def line(self) -> bytes:
        """The row as a line of output."""
        if not self.changed:
            return self.row.raw + b"\n"
        return orjson.dumps(edited(self.value, self.before, self.after), option=orjson.OPT_APPEND_NEWLINE)

    def rejects(self) -> Iterator[bytes]:
        """Its lines in the rejects file: the whole row if it was rejected, else the parts removed from it."""
        if self.verdict:
            yield reject_line(self.value, self.verdict)
        else:
            for gone in self.dropped:
                yield reject_line(gone.row, gone.verdict, part=gone.part)

    def drop(self, place: int, step: str, verdict: Verdict) -> None:
        """Remove one of the records; if it was the last, reject the row."""
        now = self.after[place]
        self.after[place] = None
        if not any(self.after):
            self.step, self.verdict = step, verdict
            return
        alone = [now if other == place else None for other in range(len(self.after))]
        self.dropped.append(Dropped(f"instances[{place}]", verdict, edited(self.value, self.before, alone)))

    def drop_candidates(self, place: int, left: Record, dropped: Mapping[int, Verdict]) -> None:
        """Remove some candidates of one of the records, after which the record is `left`."""
        now = self.after[place]
        if now is None:
            return
        where = f"instances[{place}].candidates" if len(self.after) > 1 else "candidates"
        for number, verdict in dropped.items():
            one = now.candidates[number]
            alone: list[Record | None] = [None] * len(self.after)
            alone[place] = replace(now, candidates=(one,), output=one.output)
            row = edited(self.value, self.before, alone)
            self.dropped.append(Dropped(f"{where}[{number}]", verdict, row))
        self.after[place] = left


@dataclass(frozen=True, slots=True)
class Station:
    """A step, and how it is applied to rows with several instances."""

    step: Stateful
    by_task: bool = False
    """Whether it judges a row by its first instance only: the instances of one task are meant to be alike."""


@dataclass(frozen=True, slots=True)
class Sieve:
    """All that a row goes through, in this order; the rules come between repairs and stations."""

    rulebook: Rulebook
    repairs: bool
    cleaning: Cleaning | None = None
    stations: Sequence[Station] = ()
    selections: Sequence[Selection] = ()

    @property
    def steps(self) -> list[str]:
        """The names of the steps that can reject a row."""
        rules = [RULES] if self.rulebook.rules else []
        return [*rules, *(one.step.name for one in self.stations), *(one.name for one in self.selections)]

    def judge(self, batch: Sequence[Row | BadLine]) -> list[Item | BadLine]:
        """The next rows after all steps except the selections, which need all rows; in order."""
        named = bool(self.stations or self.selections)
        judged = [self._read(row, named=named) if isinstance(row, Row) else row for row in batch]
        items = [item for item in judged if isinstance(item, Item)]
        for item in items:
            self._by_rules(item)
        for station in self.stations:
            _by_station(station, items)
        return judged

    def _read(self, row: Row, *, named: bool) -> Item | BadLine:
        value = self.cleaning(row.value) if self.cleaning else row.value
        plain = quick_record(value, named=named)
        if plain is not None:
            return Item(row, value, (plain,), [plain])
        try:
            records = records_from(value)
        except RowError as problem:
            return BadLine(InputError(row.where, problem.problem, problem.hint), row.raw)
        return Item(row, value, records, list(records))

    def _by_rules(self, item: Item) -> None:
        if self.repairs:
            item.after = [_repaired(record) for record in item.before]
        if not self.rulebook.rules:
            return
        for place, now in enumerate(item.after):
            if now is None:
                continue
            judged = self.rulebook.judge(now)
            if judged.verdict:
                item.drop(place, RULES, judged.verdict)
            elif judged.record and judged.dropped:
                item.drop_candidates(place, judged.record, judged.dropped)


def reject_line(row: Mapping[str, Any], verdict: Verdict, *, part: str = "") -> bytes:
    """A line of the rejects file, in the row's own shape; `part` names the part if only a part was removed."""
    rejected = rejection_row(Rejection(STAGE, verdict))["rejected"]
    if part:
        rejected["part"] = part
    if "rejected" in row:
        rejected["was"] = row["rejected"]
    return orjson.dumps({**row, "rejected": rejected}, option=orjson.OPT_APPEND_NEWLINE)


def _repaired(record: Record) -> Record:
    """The record after repairs. Conversations are not repaired: their strings are derived from their turns."""
    if record.messages:
        return record
    return replace(repaired(record), output=record.output) if record.candidates else repaired(record)


def _by_station(station: Station, items: Sequence[Item]) -> None:
    places: list[tuple[Item, int]] = []
    for item in items:
        if item.verdict is None:
            alive = [(item, place) for place, record in enumerate(item.after) if record]
            places += alive[:1] if station.by_task else alive
    records = [record for item, place in places if (record := item.after[place])]
    for (item, place), verdict in zip(places, station.step.judge(records), strict=True):
        if verdict is None:
            continue
        others = range(len(item.after)) if station.by_task else (place,)
        for other in others:
            if item.after[other]:
                item.drop(other, station.step.name, verdict)
