"""The journal of a run: where it lies, and that it is closed with all that was put into it."""

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
    """Where completions are kept: in the user's state folder, for they were paid for and are no cache.

    Raises:
        UsageError: it is named, and a directory.
    """
    if named is not None:
        if named.is_dir():
            raise UsageError(f"{named}: is a directory", "name the journal's file")
        return named
    import platformdirs

    return platformdirs.user_state_path("instgen") / "journal.sqlite"
