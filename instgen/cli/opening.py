"""Opening what a command line names: records, teachers, journals, prompt files, outputs."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import typer

from instgen.cli import console
from instgen.cli.named import named_teacher, price_of
from instgen.cli.options import Asking, Writing
from instgen.errors import InputError, UsageError
from instgen.formats import RowError, records_from
from instgen.journal import Journal, NoJournal, SqliteJournal
from instgen.jsonl import Destination, ResumedFile, Stream, open_destination
from instgen.lines import Row, rows_of
from instgen.prompts.book import SUFFIX, PromptBook
from instgen.prompts.template import Sampling
from instgen.records import Record, Role
from instgen.teachers.find import find_teacher
from instgen.teachers.teacher import Settings, Teacher

STDIN, STDOUT = 0, 1


@dataclass(frozen=True, slots=True)
class Teachers:
    """Who answers: the teacher, and the judge, who may be the same."""

    teacher: Teacher
    judge: Teacher

    def by_role(self) -> dict[Role, Teacher]:
        """Who answers prompts of each role."""
        return {"teacher": self.teacher, "judge": self.judge, "user": self.teacher}

    async def aclose(self) -> None:
        """Let go of both."""
        await self.teacher.aclose()
        if self.judge is not self.teacher:
            await self.judge.aclose()


def open_teachers(asking: Asking, writing: Writing) -> Teachers:
    """The teachers that the command line names; a model in this process leaves room for a pipeline's other stages.

    Where the judge is of another provider than the teacher, addresses and keys of the command line are not for it.
    """
    piped = console.is_pipe(STDIN) or console.is_pipe(STDOUT)
    reach = Reach(tuple(asking.base_url or ()), _api_key(asking.api_key_env, asking.api_key_file))

    def opened(said: str, reach: Reach) -> Teacher:
        named = named_teacher(said, writing.config)
        spec = named.teacher if named else said
        if named:
            reach = Reach(named.base_urls, _api_key(named.api_key_env, named.api_key_file))
        settings = Settings(
            base_urls=reach.base_urls,
            api_key=reach.api_key,
            timeout=asking.timeout,
            tries=asking.tries,
            threads=1 if piped else None,
            concurrency=asking.concurrency,
            rpm=(named.rpm if named else None) or asking.rpm,
            tpm=(named.tpm if named else None) or asking.tpm,
            price=(named.price if named else None) or price_of(spec, reach.base_urls, writing.config),
            allow_http=asking.allow_http,
            tell=_quiet if writing.quiet else _tell,
        )
        return find_teacher(spec, settings)

    teacher = opened(asking.teacher, reach)
    if asking.judge is None or asking.judge == asking.teacher:
        return Teachers(teacher, teacher)
    same = asking.judge.partition("/")[0] == asking.teacher.partition("/")[0]
    return Teachers(teacher, opened(asking.judge, reach if same else Reach()))


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a teacher is, and what opens it."""

    base_urls: tuple[str, ...] = ()
    api_key: str | None = field(default=None, repr=False)


def _tell(line: str) -> None:
    console.say(f"instgen: {line}")


def _quiet(line: str) -> None:
    del line


def open_prompts(asking: Asking, language: str) -> PromptBook:
    """The prompt files of a language, with the user's own in their place."""
    sampling = Sampling(asking.temperature, asking.top_p, asking.max_tokens)
    return PromptBook(language, _overrides(asking.prompts) if asking.prompts else None, sampling)


@contextlib.contextmanager
def open_journal(asking: Asking, writing: Writing) -> Iterator[Journal]:
    """The journal, closed in the end with all that was put into it."""
    if asking.no_journal:
        yield NoJournal()
        return
    journal = SqliteJournal(journal_path(asking.journal), retry_failed=asking.retry_failed)
    if journal.warning and not writing.quiet:
        console.say(f"instgen: {journal.warning}")
    with contextlib.closing(journal):
        yield journal


def existing_journal(named: Path | None) -> SqliteJournal:
    """The journal that is there, to be looked at.

    Raises:
        InputError: there is none.
    """
    path = journal_path(named)
    if not path.is_file():
        raise InputError(str(path), "there is no journal here")
    return SqliteJournal(path)


def journal_path(named: Path | None) -> Path:
    """Where completions are kept: in the user's state folder, for they were paid for and are no cache."""
    if named is not None:
        return named
    import platformdirs

    return platformdirs.user_state_path("instgen") / "journal.sqlite"


def open_destinations(writing: Writing, inputs: Sequence[Path], *, resumable: bool) -> list[Destination]:
    """Where records go, and after it, if asked for, where rejects go; `resumable` is whether the run can be repeated.

    Raises:
        UsageError: an output is also an input, or cannot be an output.
    """
    together: list[ResumedFile] = []
    named = [path for path in (writing.output, writing.rejects) if path is not None and str(path) != "-"]
    if writing.rejects is not None and str(writing.rejects) == "-":
        raise UsageError("--rejects -: rejects do not go among the records", "name a file")
    to_stdout = writing.output is None or str(writing.output) == "-"
    _check_distinct(named, inputs, to_stdout=to_stdout)

    def opened(path: Path | None) -> Destination:
        if path is None or str(path) == "-":
            return Stream(STDOUT, "stdout")
        return open_destination(path, together, force=writing.force, resumable=resumable)

    return [opened(writing.output), *([opened(writing.rejects)] if writing.rejects else [])]


def need_input(context: typer.Context, files: Sequence[Path] | None) -> tuple[Path, ...]:
    """The files named, or stdin; with neither (a terminal is no input), the command's help and exit 2."""
    if not files and sys.stdin.isatty():
        sys.stderr.write(context.get_help() + "\n")
        raise typer.Exit(UsageError.exit_code)
    return tuple(files or (Path("-"),))


def records_of(paths: Sequence[Path], *, may_be_empty: bool = False) -> Iterator[Record]:
    """The records of files, or of stdin, in any shape that we read; that the files are there is checked at once.

    Args:
        paths: files, `-` for stdin.
        may_be_empty: whether stdin may hold no row at all, as in a pipeline whose first stage kept nothing.

    Raises:
        InputError: a file or a row that cannot be read, with its place.
    """
    return _records(rows_of(paths, may_be_empty=("-",) if may_be_empty else ()))


def _records(rows: Iterable[Row]) -> Iterator[Record]:
    for row in rows:
        try:
            yield from records_from(row.value)
        except RowError as problem:
            raise InputError(row.where, problem.problem, problem.hint) from problem


Allowed = Callable[[int], float]
"""How many of so many items may fail."""


def allowed_failures(said: str) -> Allowed:
    """What `--max-failures N` or `P%` means."""
    number, percent = said.removesuffix("%"), said.endswith("%")
    if not number.isdecimal():
        raise UsageError(f"--max-failures {said}: not a number or a percentage", "for example 5, or 2%")
    return lambda items: int(number) * items / 100 if percent else int(number)


def _check_distinct(outputs: Sequence[Path], inputs: Sequence[Path], *, to_stdout: bool) -> None:
    taken = {_identity(path.stat()): str(path) for path in inputs if path.is_file()}
    if console.is_file(STDIN):
        taken[_identity(os.fstat(STDIN))] = "stdin"
    if to_stdout and console.is_file(STDOUT) and (same := taken.get(_identity(os.fstat(STDOUT)))):
        raise UsageError(f"stdout is also {same}, and would feed on itself", "redirect it to another file")
    for path in outputs:
        there = _identity(path.stat()) if path.is_file() else str(path.resolve())
        if there in taken:
            raise UsageError(f"{path}: is also {taken[there]}, and would be destroyed", "name another output")
        taken[there] = str(path)


def _identity(status: os.stat_result) -> str:
    return f"{status.st_dev}:{status.st_ino}"


def _overrides(folder: Path) -> dict[str, str]:
    """The user's prompt files by name: `respond.txt`, or `zh/respond.txt` for one language."""
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder of prompt files", "instgen prompts export DIR makes one")
    files = sorted(folder.glob(f"*{SUFFIX}")) + sorted(folder.glob(f"*/*{SUFFIX}"))
    return {file.relative_to(folder).as_posix().removesuffix(SUFFIX): _text(file) for file in files}


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as problem:
        raise InputError(str(file), "is not UTF-8 text") from problem
    except OSError as problem:
        raise InputError(str(file), f"cannot be read: {problem.strerror}") from problem


def _api_key(variable: str | None, file: Path | None) -> str | None:
    """The key by the named variable or file; None leaves the provider's usual variable."""
    if variable and file:
        raise UsageError("--api-key-env and --api-key-file are two places for one key", "give one of them")
    if variable:
        if not (key := os.environ.get(variable)):
            raise UsageError(f"--api-key-env {variable}: this variable is not set")
        return key
    if not file:
        return None
    try:
        if file.stat().st_mode & 0o077:
            raise UsageError(f"{file}: others may read this key", f"chmod 600 {file}")
        return file.read_text("utf-8").strip()
    except OSError as problem:
        raise UsageError(f"{file}: cannot be read: {problem.strerror}") from problem
