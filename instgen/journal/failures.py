"""Errors of SQLite and of the file system, turned into instgen's in one place.

The rule: the message says whether opening, reading or writing failed, and only a failed write suggests freeing
disk space.
"""

from __future__ import annotations

import contextlib
import errno
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from instgen.errors import InputError, OutputFailed

PRIMARY_CODE = 0xFF
"""Mask for the primary result code within an extended one (sqlite.org, "Result and Error Codes")."""
ELSEWHERE = "name another file with --journal"
_RECOVER = f"{ELSEWHERE}; `sqlite3 FILE .recover` may save the rest of this one"
_FREE_SPACE = f"{ELSEWHERE}, or free some disk space"


class Damaged(Exception):
    """A stored value is not a completion; `translated` turns it into an InputError."""


def primary_code(problem: sqlite3.Error) -> int:
    """The primary result code of an error; SQLITE_OK for those that Python itself raises, which have none."""
    code: int = getattr(problem, "sqlite_errorcode", sqlite3.SQLITE_OK)
    return code & PRIMARY_CODE


@contextlib.contextmanager
def translated(path: Path, action: Literal["opened", "read", "written"]) -> Iterator[None]:
    """Turn the exceptions of SQLite and the file system into `InputError` and `OutputFailed`.

    Args:
        path: the journal.
        action: what is being done to it, as the message names it. Opening also writes.
    """
    try:
        yield
    except sqlite3.OperationalError as problem:
        writes = action != "read" and primary_code(problem) in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
        hint = _FREE_SPACE if writes else ELSEWHERE
        raise OutputFailed(f"{path}: the journal cannot be {action}: {problem}", hint) from problem
    except sqlite3.DatabaseError as problem:
        if primary_code(problem) == sqlite3.SQLITE_CORRUPT:
            raise InputError(str(path), f"the journal is damaged ({problem})", _RECOVER) from problem
        raise InputError(str(path), f"not a journal ({problem})", ELSEWHERE) from problem
    except Damaged as problem:
        raise InputError(str(path), f"the journal is damaged: unreadable completion ({problem})", _RECOVER) from problem
    except OSError as problem:
        hint = _FREE_SPACE if problem.errno in {errno.ENOSPC, errno.EDQUOT} else ELSEWHERE
        raise OutputFailed(f"{path}: the journal cannot be {action}: {problem.strerror}", hint) from problem
