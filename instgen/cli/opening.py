"""Opening what a command line names: records, teachers, journals, prompt files, outputs."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from instgen.cli import console
from instgen.cli.config import said_by
from instgen.cli.options import Asking, Writing
from instgen.errors import InputError, UsageError
from instgen.journal import Journal, NoJournal, SqliteJournal
from instgen.jsonl import Destination, Stream, Together, open_destination
from instgen.lines import records_at, rows_of
from instgen.prompts.book import SUFFIX, PromptBook
from instgen.prompts.template import Sampling
from instgen.records import Record, Role
from instgen.sources import DASH

if TYPE_CHECKING:
    from instgen.cli.named_schema import NamedTeacher
    from instgen.teachers.teacher import Settings, Teacher


@dataclass(frozen=True, slots=True)
class Teachers:
    """Who answers: the teacher; the judge, which may be the same one; and others that take turns with the first."""

    teacher: Teacher
    judge: Teacher
    others: tuple[Teacher, ...] = ()

    def by_role(self) -> dict[Role, Teacher]:
        """Who answers prompts of each role."""
        return {"teacher": self.teacher, "judge": self.judge, "user": self.teacher}

    def writers(self) -> tuple[Teacher, ...]:
        """Those who write data."""
        return (self.teacher, *self.others)

    def each(self) -> tuple[Teacher, ...]:
        """All of them, each once."""
        own = (self.teacher,) if self.judge is self.teacher else (self.teacher, self.judge)
        return (*own, *self.others)

    @property
    def paid(self) -> bool:
        """Whether a call of any of them costs somebody something."""
        return any(teacher.traits.paid for teacher in self.each())

    async def aclose(self) -> None:
        """Let go of all of them."""
        for teacher in self.each():
            await teacher.aclose()


@dataclass(frozen=True, slots=True)
class Reach:
    """Which teacher it is, where it is, and what opens it."""

    spec: str
    base_urls: tuple[str, ...] = ()
    api_key: str | None = field(default=None, repr=False)
    named: NamedTeacher | None = None
    """The table of the user's settings that says all this."""


def open_teachers(asking: Asking, writing: Writing, others: Sequence[str] = ()) -> Teachers:
    """The teachers that the command line names; a model in this process leaves room for a pipeline's other stages.

    A teacher that the user's settings name has its own address and key. Those of the command line are for its teacher,
    and for a judge or another teacher of the same provider: what is of another one never gets them.

    Raises:
        UsageError: no such teacher, a key that cannot be had, or others that are one teacher.
    """
    from instgen.teachers.find import find_teacher

    tell = console.silent if writing.quiet else _tell
    teacher = open_teacher(asking, writing.config, tell)

    def beside(spec: str) -> Teacher:
        reach = _reach_beside(spec, asking, writing.config)
        return find_teacher(reach.spec, _settings(reach, asking, writing.config, tell, beside=True))

    judge = teacher if asking.judge is None or asking.judge == asking.teacher else beside(asking.judge)
    more = tuple(beside(spec) for spec in others)
    if more:
        _check_different((asking.teacher, *others), (teacher, *more))
    return Teachers(teacher, judge, more)


def open_teacher(asking: Asking, config: Path | None, tell: Callable[[str], None]) -> Teacher:
    """The one teacher that `--teacher` names; `tell` gets what it has to say.

    Raises:
        UsageError: no such teacher, or a key that cannot be had.
    """
    from instgen.cli.named import named_teacher
    from instgen.teachers.find import find_teacher

    if named := named_teacher(asking.teacher, config):
        for option in ("base_url", "api_key_env", "api_key_file"):
            if said_by(option) == "flag":
                flag = f"--{option.replace('_', '-')}"
                raise UsageError(
                    f"{flag} does not go with {asking.teacher}, which has an address and a key of its own",
                    f"change [teachers.{asking.teacher}] in your settings, or write the teacher out: {named.teacher}",
                )
        reach = _reach_of(named, asking.teacher)
    else:
        reach = _reach_said(asking, asking.teacher)
    return find_teacher(reach.spec, _settings(reach, asking, config, tell))


def _reach_beside(spec: str, asking: Asking, config: Path | None) -> Reach:
    """Where one is that is asked beside the teacher."""
    from instgen.cli.named import named_teacher

    if named := named_teacher(spec, config):
        return _reach_of(named, spec)
    return _reach_said(asking, spec) if _provider(spec) == _provider(asking.teacher) else Reach(spec)


def _check_different(said: Sequence[str], teachers: Sequence[Teacher]) -> None:
    """Raise UsageError where two of them are one: their answers would be one purchase."""
    seen: dict[str, str] = {}
    for spec, teacher in zip(said, teachers, strict=True):
        if (same := seen.get(teacher.identity)) is not None:
            which = f"{spec} is named twice" if same == spec else f"{same} and {spec} are one teacher, {teacher.name}"
            raise UsageError(
                f"--with: {which}", "--samples asks one several times, --base-url spreads the load over its servers"
            )
        seen[teacher.identity] = spec


def _reach_said(asking: Asking, spec: str) -> Reach:
    key = _api_key(asking.api_key_env, asking.api_key_file, "--api-key-env", "--api-key-file")
    return Reach(spec, tuple(asking.base_url or ()), key)


def _reach_of(named: NamedTeacher, name: str) -> Reach:
    table = f"[teachers.{name}]"
    key = _api_key(named.api_key_env, named.api_key_file, f"{table} api_key_env", f"{table} api_key_file")
    return Reach(named.teacher, named.base_urls, key, named)


def _settings(
    reach: Reach, asking: Asking, config: Path | None, tell: Callable[[str], None], *, beside: bool = False
) -> Settings:
    """How to ask one teacher. Flags and variables are about the teacher: the table of one beside it beats them."""
    from instgen.cli.named import price_of
    from instgen.teachers.teacher import Settings

    named = reach.named

    def limit(option: str) -> Any:
        own = getattr(named, option, None)
        return getattr(asking, option) if own is None or (said_by(option) and not beside) else own

    return Settings(
        base_urls=reach.base_urls,
        api_key=reach.api_key,
        timeout=limit("timeout"),
        tries=limit("tries"),
        threads=1 if console.is_pipe(console.STDIN) or console.is_pipe(console.STDOUT) else None,
        concurrency=asking.concurrency,
        rpm=limit("rpm"),
        tpm=limit("tpm"),
        price=(named.price if named else None) or price_of(reach.spec, reach.base_urls, config),
        allow_http=asking.allow_http,
        tell=tell,
    )


def _provider(spec: str) -> str:
    return spec.partition("/")[0]


def _tell(line: str) -> None:
    console.say(f"instgen: {line}")


def open_prompts(asking: Asking, language: str) -> PromptBook:
    """The prompt files of a language, with the user's own in their place."""
    return PromptBook(language, _overrides(asking.prompts) if asking.prompts else None, sampling_of(asking))


def sampling_of(asking: Asking) -> Sampling:
    """What the command line says about sampling."""
    return Sampling(asking.temperature, asking.top_p, asking.max_tokens)


def text_of(file: Path, hint: str = "") -> str:
    """What a text file holds.

    Raises:
        InputError: it cannot be read; `hint` says what to do where it cannot even be opened.
    """
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as problem:
        raise InputError(str(file), "is not UTF-8 text") from problem
    except OSError as problem:
        raise InputError(str(file), f"cannot be read: {problem.strerror}", hint) from problem


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
        if named.is_dir():
            raise UsageError(f"{named}: is a directory", "name the journal's file")
        return named
    import platformdirs

    return platformdirs.user_state_path("instgen") / "journal.sqlite"


def open_destinations(writing: Writing, inputs: Sequence[Path], *, resumable: bool) -> list[Destination]:
    """Where records go, and after it, if asked for, where rejects go; `resumable` is whether the run can be repeated.

    Raises:
        UsageError: an output is also an input, or cannot be an output.
    """
    together: Together = []
    named = [path for path in (writing.output, writing.rejects) if path is not None and str(path) != DASH]
    if writing.rejects is not None and str(writing.rejects) == DASH:
        raise UsageError("--rejects -: rejects do not go among the records", "name a file")
    to_stdout = writing.output is None or str(writing.output) == DASH
    _check_distinct(named, inputs, to_stdout=to_stdout)

    def opened(path: Path | None) -> Destination:
        if path is None or str(path) == DASH:
            return Stream(console.STDOUT, "stdout")
        return open_destination(path, together, force=writing.force, resumable=resumable)

    return [opened(writing.output), *([opened(writing.rejects)] if writing.rejects else [])]


def need_input(context: typer.Context, files: Sequence[Path] | None) -> tuple[Path, ...]:
    """The files named, or stdin; with neither (a terminal is no input), the command's help and exit 2."""
    if not files and sys.stdin.isatty():
        sys.stderr.write(context.get_help() + "\n")
        raise typer.Exit(UsageError.exit_code)
    return tuple(files or (Path(DASH),))


def records_of(paths: Sequence[Path], *, may_be_empty: bool = False) -> Iterator[Record]:
    """The records of files, or of stdin, in any shape that we read; that the files are there is checked at once.

    Args:
        paths: files, `-` for stdin.
        may_be_empty: whether stdin may hold no row at all, as in a pipeline whose first stage kept nothing.

    Raises:
        InputError: a file or a row that cannot be read, with its place.
    """
    return chain.from_iterable(map(records_at, rows_of(paths, may_be_empty=(DASH,) if may_be_empty else ())))


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
    if console.is_file(console.STDIN):
        taken[_identity(os.fstat(console.STDIN))] = "stdin"
    if to_stdout and console.is_file(console.STDOUT) and (same := taken.get(_identity(os.fstat(console.STDOUT)))):
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
    if not os.access(folder, os.R_OK | os.X_OK):
        raise InputError(str(folder), "you have no permission to read this folder")
    files = sorted(folder.glob(f"*{SUFFIX}")) + sorted(folder.glob(f"*/*{SUFFIX}"))
    return {file.relative_to(folder).as_posix().removesuffix(SUFFIX): text_of(file) for file in files}


def _api_key(variable: str | None, file: Path | None, variable_said: str, file_said: str) -> str | None:
    """The key by the named variable or file; None leaves the provider's usual variable.

    What was given is not repeated where it leads nowhere: it may be the key itself, by mistake.
    """
    if variable and file:
        raise UsageError(f"{variable_said} and {file_said} are two places for one key", "give one of them")
    if variable:
        if not (key := os.environ.get(variable)):
            raise UsageError(
                f"{variable_said}: no variable of this name is set", "it is the variable's name, not the key"
            )
        return key
    if not file:
        return None
    path = file.expanduser()
    try:
        if path.stat().st_mode & 0o077:
            raise UsageError(f"{file}: others may read this key", f"chmod 600 {file}")
        return path.read_text("utf-8").strip()
    except OSError as problem:
        raise UsageError(
            f"{file_said}: cannot be read: {problem.strerror}", "it is a file that holds the key"
        ) from None
    except UnicodeDecodeError:
        raise UsageError(f"{file_said}: is not UTF-8 text", "it is a file that holds nothing but the key") from None
