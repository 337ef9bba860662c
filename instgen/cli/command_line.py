"""The command line in a form that can be run again, for summaries and error messages."""

from __future__ import annotations

import shlex
import sys

from instgen.console import STDIN, STDOUT, is_file, is_pipe, say
from instgen.errors import InstgenError


def argv() -> str:
    """The command line of this process, quoted for a shell."""
    return shlex.join(["instgen", *sys.argv[1:]])


def tell(problem: InstgenError) -> None:
    """Print an error, its hint, and the command line that continues the run, if one does."""
    say(f"instgen: {' '.join(problem.message.split())}")
    if problem.hint:
        say(f"  {problem.hint}")
    if problem.can_continue:
        words = [word for word in sys.argv[1:] if word != "--force"]  # the output is ours now: continue it
        more = [option for option in problem.continue_with.split() if option not in words]
        say(f"to continue: {shlex.join(['instgen', *words, *more])}{_redirection()}")


def _redirection() -> str:
    """A shell comment that recalls the pipeline or the redirection, which only the shell has seen."""
    if is_pipe(STDIN) or is_pipe(STDOUT):
        return "  # in the same pipeline"
    return "  # with the same redirection" if is_file(STDIN) or is_file(STDOUT) else ""
