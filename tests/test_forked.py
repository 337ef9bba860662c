"""A forked run ends as a fresh one does: its exit code, its last words, and what is done at the end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ENDS = {
    "it returns": "print('done')",
    "with a code": "print('done'); sys.exit(3)",
    "with nothing": "print('done'); sys.exit()",
    "with words": "sys.exit('no more')",
    "by a bug": "print('so far'); 1 / 0",
    "with something registered": "atexit.register(print, 'at last'); print('done')",
    "with a thread at work": "threading.Timer(0.05, print, ['later']).start(); print('done')",
    "with garbage that speaks": "loop = Speaking(); loop.me = loop; del loop",
    "with nowhere to write": "sys.stdout = open('/dev/full', 'w'); print('done')",
}
PROGRAM = """\
import atexit, sys, threading
from tests.forked import live

class Speaking:
    def __del__(self):
        print('gone')

def program():
    {end}

{way}
"""


def run(end: str, way: str) -> tuple[int, str, str]:
    program = PROGRAM.format(end=end, way=way)
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr.splitlines()[-1] if done.stderr else ""


@pytest.mark.parametrize("end", ENDS)
def test_a_forked_run_ends_as_a_fresh_one(end: str) -> None:
    if "/dev/full" in ENDS[end] and not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    assert run(ENDS[end], "live(program)") == run(ENDS[end], "program()") != (0, "", "")


def test_its_modules_are_not_taken_apart() -> None:
    end = "threading.kept = Speaking()"
    assert run(end, "program()")[1] == "gone\n"
    assert run(end, "live(program)")[1] == ""
