"""What can go wrong, whose fault it is, and what to do about it.

    InstgenError                     exit code   whose fault
    ├── UsageError                       2       the command line: a wrong option, an unknown name
    │   ├── MissingPiece                 2       an extra or a model that is not installed
    │   └── OutputDiffers                2       the output file does not hold what this run writes
    ├── Shortfall                        3       fewer records than asked for, or too many failures
    ├── LimitMissed                      3       the data: a figure of `stats` is beyond a limit that the user set
    ├── InputError                       4       a file that is missing, empty or malformed
    ├── TeacherError
    │   ├── TeacherRefused               5       the teacher refuses access: key, quota, unknown model
    │   └── ItemFailed                   -       one prompt got no answer; stored as a completion with finish "failed"
    ├── BudgetReached                    6       a limit that the user set
    ├── OutputLocked                     7       another run holds the output
    ├── OutputFailed                    74       the system: the disk is full, a file cannot be written
    ├── Interrupted                 129, 130, 143  SIGHUP (the terminal was closed), SIGINT or SIGTERM
    └── ReaderGone                     141       the next command in the pipe has ended

Each error carries a one-line message and, if there is one, a `hint` that says what to do. The command line turns
errors into messages and exit codes in one place (`cli/command_line.py`); any other exception that escapes is a bug and
keeps its traceback, exit code 1.
"""

from __future__ import annotations

import signal


class InstgenError(Exception):
    """An anticipated failure, with a one-line message; the base of all errors here."""

    exit_code = 1
    can_continue = False
    """Whether running the same command again continues from here."""
    continue_with = ""
    """Options that the command needs in addition for that."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(InstgenError):
    """The command line is wrong: an invalid option or combination, an unknown name."""

    exit_code = 2


class MissingPiece(UsageError):
    """An extra or a model that is not installed; the hint is the exact command that installs it."""


class OutputDiffers(UsageError):
    """The output file does not begin with what this run writes; it was left untouched."""


class Shortfall(InstgenError):
    """The run ended with fewer records than asked for, or with more failures than allowed."""

    exit_code = 3
    can_continue = True

    def __init__(self, message: str, hint: str = "", *, failures: bool = False) -> None:
        super().__init__(message, hint)
        self.continue_with = "--retry-failed --force" if failures else ""


class LimitMissed(InstgenError):
    """A figure of `stats` is beyond a limit that the user set."""

    exit_code = 3


class InputError(InstgenError):
    """Input that cannot be read; `where` is `file` or `file:line`."""

    exit_code = 4

    def __init__(self, where: str, problem: str, hint: str = "") -> None:
        super().__init__(f"{where}: {problem}", hint)
        self.where = where
        self.problem = problem


class TeacherError(InstgenError):
    """A teacher gave no answer."""


class TeacherRefused(TeacherError):
    """The teacher will answer no prompt of this run: wrong key, no quota, unknown model."""

    exit_code = 5
    can_continue = True

    def __init__(self, message: str, hint: str = "", *, unsent: bool = False) -> None:
        super().__init__(message, hint)
        self.unsent = unsent
        """Whether the prompt was not sent at all, as without a key or a connection."""


class ItemFailed(TeacherError):
    """One prompt got no answer, after as many tries as its kind of failure allows; other prompts may succeed."""

    def __init__(self, message: str, hint: str = "", *, unreachable: bool = False) -> None:
        super().__init__(message, hint)
        self.unreachable = unreachable
        """Whether no server could be reached at all."""


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
    """The process that reads our output through a pipe has ended."""

    exit_code = 141
