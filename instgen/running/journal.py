"""The journal of a run: where the file is, opening it, and closing it after everything in its queue is stored."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from instgen import console
from instgen.errors import InputError, UsageError
from instgen.journal import Journal, NoJournal, SqliteJournal
from instgen.running.options import Asking, Writing


@contextlib.contextmanager
def open_journal(asking: Asking, writing: Writing) -> Iterator[Journal]:
    """The run's journal, closed at the end after everything in its queue is stored.

    Raises:
        InputError, UsageError, OutputFailed: as `SqliteJournal` and `journal_path` do.
    """
    if asking.no_journal:
        yield NoJournal()
        return
    journal = SqliteJournal(journal_path(asking.journal), retry_failed=asking.retry_failed)
    if journal.warning and not writing.quiet:
        console.say(f"instgen: {journal.warning}")
    with contextlib.closing(journal):
        yield journal


def existing_journal(named: Path | None) -> SqliteJournal:
    """An existing journal, to be inspected.

    Raises:
        InputError: there is no such file, or it is not a journal.
    """
    path = journal_path(named)
    if not path.is_file():
        raise InputError(str(path), "there is no journal here")
    return SqliteJournal(path)


def journal_path(named: Path | None) -> Path:
    """The journal's path: as given, or in the user's state folder, because it was paid for and is not a cache.

    Raises:
        UsageError: the given path is a directory.
    """
    if named is not None:
        if named.is_dir():
            raise UsageError(f"{named}: is a directory", "name the journal's file")
        return named
    import platformdirs

    return platformdirs.user_state_path("instgen") / "journal.sqlite"
