"""Runs `export`: records in as they arrive, rows out to a folder's files, rejects, and a report at the end.

The rules: every record is either written or rejected with a reason, and the counts must add up; memory does not grow
with the data; the folder receives all files at once, or none.
"""

from __future__ import annotations

import contextlib
import signal
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import orjson

from instgen import __version__, console
from instgen.cli import command_line, summary
from instgen.cli.bad_lines import BAD_LINE
from instgen.cli.collecting import IN_ROWS, seldom_collected
from instgen.cli.display import shown
from instgen.cli.progress import Progress
from instgen.cli.stopping import SIGNALS, handled
from instgen.cli.waiting import until_readable
from instgen.console import plural
from instgen.errors import InputError, InstgenError, Interrupted, Shortfall, UsageError
from instgen.export.card import CardData, card
from instgen.export.carried import Carried, meta
from instgen.export.columns import MARGIN, META
from instgen.export.example import STAGE, Choice, Example, Made, examples_of, kin_of, kind_of
from instgen.export.fitness import unfit
from instgen.export.format import Exported, Format, Layout
from instgen.export.kinds import Kind
from instgen.export.lines import Lines
from instgen.export.preview import rendered
from instgen.export.provenance import Provenance
from instgen.export.split import Splits
from instgen.formats import rejection_row
from instgen.jsonl import Destination
from instgen.lines import BadLine, Row, batches_of, records_at, rows_of
from instgen.records import Record, Rejection, Verdict
from instgen.running.folder import Folder
from instgen.running.options import Writing
from instgen.running.outputs import open_destinations
from instgen.running.row_files import Parts

LOOKED_AT = 100
"""Records from which the kind is determined if `--as` is not given."""
PREVIEWED = 3
KEYS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """The options of `export`."""

    form: Format
    inputs: Sequence[Path]
    folder: Path
    command: str
    kind: Kind | None = None
    choice: Choice = field(default_factory=Choice)
    splits: Splits = field(default_factory=Splits)
    shuffle: int | None = None
    """The seed of the random order; None keeps the rows in input order."""
    keep_meta: bool = False
    margin: bool = False
    template: str = ""
    card: bool = False
    license: str = "unknown"
    seeds: str = ""
    title: str = ""
    summaries: Sequence[Path] = ()
    skip_bad_lines: bool = False


@dataclass(slots=True)
class Account:
    """The counts of a run, in records except where noted."""

    seen: int = 0
    """Input rows."""
    read: int = 0
    kept: int = 0
    bad_lines: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    rows: dict[str, int] = field(default_factory=dict)
    kind: Kind = Kind.SFT
    carried: Carried = field(default_factory=Carried)
    lines: Lines = field(default_factory=Lines)
    began: float = field(default_factory=time.monotonic)

    def progress(self, rows: int | None) -> Progress:
        """The run's progress; `rows` is the number of rows in the input, if known."""
        total = rows if rows is not None and rows >= self.seen else None
        reasons = dict(self.reasons)  # a copy, because this is another thread
        return Progress(STAGE, self.seen, "row", total, f"{self.kept:,} {plural('record', self.kept)} kept", reasons)

    def check(self) -> None:
        """Raise RuntimeError if the counts do not add up, which would be a bug."""
        if self.read != self.kept + self.reasons.total():
            raise RuntimeError(f"{self.read} read, but {self.kept} kept and {self.reasons.total()} rejected")


def _check_applies(asked: ExportOptions, kind: Kind) -> None:
    """Raise UsageError if an option about preferences is given and no preferences are exported."""
    if asked.margin and not asked.form.layouts[kind].margins:
        raise UsageError(f"{asked.form.name} has no margin for {kind}", "--margin is for rm, in trl, ms-swift and hf")
    if asked.choice != Choice() and not (kind.compares or kind is Kind.KTO):
        raise UsageError(
            f"these rows are exported as {kind}, which compares nothing",
            "--by, --pairs, --ties and --min-margin are for --as dpo, rm or kto",
        )


def _summary_row(row: Row) -> Mapping[str, Any]:
    if not isinstance(row.value.get("command"), str):
        raise InputError(row.where, "is not a row of a --summary file", "--with-summary takes what --summary wrote")
    return row.value


@seldom_collected(IN_ROWS)
def export_rows(asked: ExportOptions, writing: Writing) -> None:
    """Write the folder, show the progress and report on it.

    Raises:
        InstgenError: why nothing was written.
    """
    account = Account()
    summary.append(writing)
    problem: InstgenError | None = None
    notes: list[str] = []
    try:
        with handled(_end) as alarm, Folder(asked.folder, asked.inputs, force=writing.force) as folder:
            rejects = open_destinations(replace(writing, output=None), asked.inputs, resumable=True)[1:]
            with contextlib.ExitStack() as closing:
                for destination in rejects:
                    closing.callback(destination.close)
                notes += _Run(asked, writing, folder, rejects, account, alarm).all()
                for destination in rejects:
                    destination.verify_end()
    except InstgenError as ended:
        problem = ended
    if not writing.quiet:
        for line in (*_report(asked, account, written=problem is None), *notes):
            console.say(f"export: {line}")
    summary.append(writing, _summary(asked, account, problem))
    if problem is not None:
        raise problem
    account.check()


@dataclass(slots=True)
class _Run:
    """The state of one run."""

    asked: ExportOptions
    writing: Writing
    folder: Folder
    rejects: Sequence[Destination]
    account: Account
    alarm: int
    provenance: Provenance = field(default_factory=Provenance)
    previewed: int = 0

    def all(self) -> Iterator[str]:
        """Write everything, and yield notes for the user."""
        asked = self.asked
        summaries = [_summary_row(row) for row in rows_of(asked.summaries)]
        with shown(self.account.progress, asked.inputs, self.writing):
            exported = self._files()  # not shown any longer: its thread would receive signals that must be blocked
        self._side_files(exported, summaries)
        with _undisturbed():
            changed = self.folder.publish()
        yield from asked.form.notes(exported)
        if not changed:
            yield f"{self.folder.path} already holds the same"
        for column in () if asked.form.parquet else self.account.lines.dates or ():
            yield (
                f"every `{column}` is a date: the datasets library reads such a column as times; "
                "Parquet keeps it as text"
            )

    def _files(self) -> Exported:
        """Write the data files."""
        asked, account = self.asked, self.account
        read = self._read()
        first = list(islice(read, LOOKED_AT))
        kind = account.kind = _kind(asked, [one for one in first if isinstance(one, Record)])
        layout = asked.form.layouts[kind]
        _check_applies(asked, kind)
        columns = (*layout.columns, *((MARGIN,) if asked.margin else ()), *(META if asked.keep_meta else ()))
        parts = Parts(self.folder, asked.form, columns, asked.shuffle)
        with contextlib.closing(parts):
            for one in chain(first, read):
                account.read += 1
                if isinstance(one, Record):
                    self._record(one, kind, layout, parts)
                else:
                    self._reject(one)
            account.rows = {name: parts.rows.get(name, 0) for name in asked.splits.names}
            self._check_rows()
            files = parts.finish(asked.splits.names)
        return Exported(kind, columns, files, asked.title or self.folder.path.resolve().name, asked.license)

    def _read(self) -> Iterator[Record | Rejection]:
        """The records, and a rejection for each line that is not a row, if those are skipped."""
        for told in chain.from_iterable(
            batches_of(self.asked.inputs, waiting=lambda fd: until_readable(fd, self.alarm))
        ):
            self.account.seen += 1
            try:
                found = _records_in(told)
            except InputError as problem:
                if not self.asked.skip_bad_lines:
                    raise
                yield self._passed_over(told.raw, problem)
            else:
                yield from found

    def _record(self, record: Record, kind: Kind, layout: Layout, parts: Parts) -> None:
        account = self.account
        made = _fitting(examples_of(record, kind, self.asked.choice), layout, kind)
        if made.verdict:
            self._reject(Rejection(STAGE, made.verdict, record))
            return
        account.kept += 1
        split = self.asked.splits.of(kin_of(record, by_prompt=kind in _BY_PROMPT))
        for example in made.examples:
            row = layout.row(example)
            if self.asked.margin:
                row["margin"] = float(example.margin)
            if self.asked.keep_meta:
                row |= {"id": record.id, "meta": meta(record, kind)}
            parts.write(split, account.lines.line(row))
            self._preview(example, kind)
        if not self.asked.keep_meta:
            account.carried.note(record, kind)
        if self.asked.card:
            self.provenance.add(record)

    def _reject(self, rejection: Rejection) -> None:
        self.account.reasons[rejection.verdict.reason] += 1
        for destination in self.rejects:
            destination.write([orjson.dumps(rejection_row(rejection), option=orjson.OPT_APPEND_NEWLINE)])

    def _passed_over(self, raw: bytes, problem: InputError) -> Rejection:
        self.account.bad_lines += 1
        if self.account.bad_lines == 1 and not self.writing.quiet:
            console.say(f"export: skipped: {problem.message}")
        text = raw.decode("utf-8", "replace")
        return Rejection(STAGE, Verdict(BAD_LINE, evidence=problem.message), text=text)

    def _preview(self, example: Example, kind: Kind) -> None:
        if self.asked.template and self.previewed < PREVIEWED:
            self.previewed += 1
            for text in rendered(example, kind, self.asked.template):
                console.say_text(f"{text}\n")

    def _check_rows(self) -> None:
        rows = self.account.rows
        if not any(rows.values()):
            raise _nothing(f"no row can be exported as {self.account.kind}: nothing was written", _why(self.account))
        if empty := [name for name, count in rows.items() if not count]:
            raise _nothing(
                f"no row fell into {', '.join(empty)}: nothing was written",
                "give it a larger share, or --seed another number",
            )

    def _side_files(self, exported: Exported, summaries: Sequence[Mapping[str, Any]]) -> None:
        files = dict(self.asked.form.side_files(exported))
        if self.asked.card:
            told = CardData(
                exported,
                self.provenance,
                self.asked.command,
                self.account.read,
                self.account.reasons,
                self.asked.seeds,
                summaries,
            )
            files["README.md"] = card(told)
        for name, text in files.items():
            with self.folder.file(name) as file:
                file.write(text.encode("utf-8", "replace"))


_BY_PROMPT = (Kind.DPO, Kind.RM, Kind.KTO)


def _records_in(told: Row | BadLine) -> tuple[Record, ...]:
    if isinstance(told, BadLine):
        raise told.problem
    return records_at(told)


def _kind(asked: ExportOptions, first: Sequence[Record]) -> Kind:
    """The kind given by `--as`; otherwise that of most of the first records, or the format's first kind."""
    kinds = asked.form.layouts
    if asked.kind is not None:
        if asked.kind not in kinds:
            raise UsageError(f"{asked.form.name} has no {asked.kind}", f"it has: {', '.join(kinds)}")
        return asked.kind
    kind = kind_of(first)
    return kind if kind in kinds else next(iter(kinds))


def _fitting(made: Made, layout: Layout, kind: Kind) -> Made:
    """The examples that fit the format; if none does, the reason why the first does not."""
    if made.verdict:
        return made
    judged = [(example, unfit(example, layout, kind)) for example in made.examples]
    fitting = tuple(example for example, verdict in judged if verdict is None)
    return Made(fitting) if fitting else Made(verdict=judged[0][1])


def _nothing(message: str, hint: str) -> Shortfall:
    """An error for a run that wrote nothing; repeating the command would end the same way."""
    problem = Shortfall(message, hint)
    problem.can_continue = False
    return problem


def _why(account: Account) -> str:
    reasons = ", ".join(f"{reason} {count}" for reason, count in account.reasons.most_common())
    return f"rejected: {reasons}; --rejects FILE lists them" if reasons else "there was nothing to read"


def _report(asked: ExportOptions, account: Account, *, written: bool) -> Iterable[str]:
    rows = ", ".join(f"{name} {count:,}" for name, count in account.rows.items())
    if written:
        total, read = sum(account.rows.values()), account.read
        yield (
            f"{total:,} {plural('row', total)} as {account.kind} from {read:,} {plural('record', read)}, "
            f"for {asked.form.for_whom}: {asked.folder} ({rows}); {console.duration(time.monotonic() - account.began)}"
        )
    if account.reasons:
        why = ", ".join(f"{reason} {count:,}" for reason, count in account.reasons.most_common())
        yield f"rejected: {why}"
    if lost := account.carried.keys.most_common():
        names = ", ".join(f"{key} {count:,}" for key, count in lost[:KEYS_SHOWN])
        more = f" and {len(lost) - KEYS_SHOWN} more" if len(lost) > KEYS_SHOWN else ""
        yield f"not exported: {names}{more}; --keep-meta keeps them"
    if account.lines.replaced:
        yield f"lone surrogates replaced in {account.lines.replaced:,} {plural('row', account.lines.replaced)}"


def _summary(asked: ExportOptions, account: Account, problem: InstgenError | None) -> dict[str, Any]:
    return {
        "command": "export",
        "version": __version__,
        "argv": command_line.argv(),
        "format": asked.form.name,
        "as": account.kind.value,
        "read": account.read,
        "kept": account.kept,
        "rejected": account.reasons.total() - account.bad_lines,
        "bad_lines": account.bad_lines,
        "reasons": dict(account.reasons.most_common()),
        "rows": account.rows,
        "not_carried": dict(account.carried.keys.most_common()),
        "replaced": account.lines.replaced,
        "dates": account.lines.dates or [],
        "seconds": round(time.monotonic() - account.began, 3),
        "exit_code": problem.exit_code if problem else 0,
    }


def _end(signum: int, frame: FrameType | None) -> NoReturn:
    """End the run by an exception, so that temporary files are removed."""
    del frame
    raise Interrupted(signum)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Block signals, so that the folder is published completely."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
