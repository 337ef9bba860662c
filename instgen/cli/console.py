"""Talk to a person, all of it on stderr: lines, and errors as words. Cheap to import: `--help` waits for it."""

from __future__ import annotations

import os
import shlex
import stat
import sys

from instgen.errors import InstgenError


def say(line: str) -> None:
    """One line to stderr, without the control characters that a teacher's text may hold."""
    clean = "".join(char if char.isprintable() or char == "\n" else "�" for char in line)
    sys.stderr.write(clean + "\n")
    sys.stderr.flush()


def tell(problem: InstgenError) -> None:
    """An error, what to do about it, and the line that continues."""
    say(f"instgen: {problem.message}")
    if problem.hint:
        say(f"  {problem.hint}")
    if problem.can_continue:
        more = [option for option in problem.continue_with.split() if option not in sys.argv]
        said = [word for word in sys.argv[1:] if word != "--force"]  # what is there now is ours, and to be continued
        say(f"to continue: {shlex.join(['instgen', *said, *more])}")


def argv() -> str:
    """The command line, as it could be given again."""
    return shlex.join(["instgen", *sys.argv[1:]])


def is_pipe(fd: int) -> bool:
    """Whether a descriptor leads to another process."""
    mode = os.fstat(fd).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def is_file(fd: int) -> bool:
    """Whether a descriptor leads to a regular file."""
    return stat.S_ISREG(os.fstat(fd).st_mode)


def duration(seconds: float) -> str:
    """A time as a person would say it."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min {rest} s"
