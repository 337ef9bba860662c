"""The command line, as it can be given again: in a summary, and after an error."""

from __future__ import annotations

import shlex
import sys

from instgen.console import STDIN, STDOUT, is_file, is_pipe, say
from instgen.errors import InstgenError


def argv() -> str:
    """The command line."""
    return shlex.join(["instgen", *sys.argv[1:]])


def tell(problem: InstgenError) -> None:
    """Say an error, what to do about it, and the line that continues."""
    say(f"instgen: {' '.join(problem.message.split())}")
    if problem.hint:
        say(f"  {problem.hint}")
    if problem.can_continue:
        said = [word for word in sys.argv[1:] if word != "--force"]  # what is there now is ours, and to be continued
        more = [option for option in problem.continue_with.split() if option not in said]
        say(f"to continue: {shlex.join(['instgen', *said, *more])}{_around()}")


def _around() -> str:
    """What belongs to the command line besides and only the shell has seen, as a comment for it."""
    if is_pipe(STDIN) or is_pipe(STDOUT):
        return "  # in the same pipeline"
    return "  # with the same redirection" if is_file(STDIN) or is_file(STDOUT) else ""
