"""What can go wrong, whose fault it is, and what to do about it.

    InstgenError                     exit code   whose fault
    ├── UsageError                       2       the command line: a wrong option, an unknown name
    │   ├── MissingPiece                 2       an extra or a model that is not installed
    │   └── OutputDiffers                2       the output file holds something else than this run makes
    ├── Shortfall                        3       fewer records than asked, or too many failures
    ├── LimitMissed                      3       the data: a number of `stats` is beyond a limit that the user set
    ├── InputError                       4       a file that is missing, empty or malformed
    ├── TeacherError
    │   ├── TeacherRefused               5       the teacher will not serve us: key, quota, unknown model
    │   └── ItemFailed                   -       this one prompt has no answer; the engine makes a completion of it
    ├── BudgetReached                    6       a limit that the user set
    ├── OutputLocked                     7       another run holds the output
    ├── OutputFailed                    74       the disk is full, or the like
    ├── Interrupted                 129, 130, 143  the end of the terminal, SIGINT or SIGTERM
    └── ReaderGone                     141       the next command in the pipe has ended

Each error carries a message of one line and, where there is one, a `hint`: the thing to do. The command line turns
them into words and an exit code in one place (`cli/console.py`); anything else that escapes is a bug and keeps its
traceback, exit code 1.
"""

from __future__ import annotations

import signal


class InstgenError(Exception):
    """Something that we expected could go wrong, told in one line."""

    exit_code = 1
    can_continue = False
    """Whether running the same line again goes on from here."""
    continue_with = ""
    """What that line needs besides."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(InstgenError):
    """The command line asks for something that cannot be."""

    exit_code = 2


class MissingPiece(UsageError):
    """An extra or a model that is not installed; the hint is the exact command that installs it."""


class OutputDiffers(UsageError):
    """The output file holds something that this run would not have written; it was left untouched."""


class Shortfall(InstgenError):
    """The run ended with fewer records than asked for, or with more failures than allowed."""

    exit_code = 3
    can_continue = True

    def __init__(self, message: str, hint: str = "", *, failures: bool = False) -> None:
        super().__init__(message, hint)
        self.continue_with = "--retry-failed --force" if failures else ""


class LimitMissed(InstgenError):
    """The data is not as good as a limit asks for."""

    exit_code = 3


class InputError(InstgenError):
    """Input that cannot be read; `where` is `file` or `file:line`."""

    exit_code = 4

    def __init__(self, where: str, problem: str, hint: str = "") -> None:
        super().__init__(f"{where}: {problem}", hint)
        self.where = where
        self.problem = problem


class TeacherError(InstgenError):
    """A teacher did not answer."""


class TeacherRefused(TeacherError):
    """The teacher will answer nothing in this run: wrong key, no quota, unknown model."""

    exit_code = 5
    can_continue = True


class ItemFailed(TeacherError):
    """No answer to this prompt, after the tries that its kind of failure deserves; others may well succeed."""

    def __init__(self, message: str, hint: str = "", *, unreachable: bool = False) -> None:
        super().__init__(message, hint)
        self.unreachable = unreachable
        """Whether no server was there to answer at all."""


class BudgetReached(InstgenError):
    """A limit on requests, tokens or cost was reached."""

    exit_code = 6
    can_continue = True


class OutputLocked(InstgenError):
    """Another run is writing the output file."""

    exit_code = 7


class OutputFailed(InstgenError):
    """The output could not be written."""

    exit_code = 74
    can_continue = True


class Interrupted(InstgenError):
    """The user stopped the run by a signal."""

    can_continue = True

    def __init__(self, signum: int) -> None:
        super().__init__(f"stopped by {signal.Signals(signum).name}")
        self.exit_code = 128 + signum


class ReaderGone(InstgenError):
    """The command that reads our output has ended: there is nobody to write for."""

    exit_code = 141
