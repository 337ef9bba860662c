"""A fresh environment with the wheel in it, and a folder outside the checkout to use it from.

The rule: nothing of the checkout or of this user's settings is on any path; where this machine permits, the lines run
without any network.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ALONE = ("unshare", "--net")
"""Runs a command where there is no network at all; Linux lets root do that."""
VERSIONS = ("3.11", "3.12", "3.13", "3.14")


class Fault(Exception):
    """What a line should have done, and what it did."""


@dataclass(frozen=True, slots=True)
class Use:
    """A line of shell, the exit code it ends with, and what it says on the way."""

    line: str
    says: str = ""
    code: int = 0


@dataclass(frozen=True, slots=True)
class Environment:
    """What was installed where, and the folder that lines are run in."""

    place: Path
    folder: Path

    def pip(self, *words: str) -> None:
        """Run this environment's own pip."""
        command = [str(self.place / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Fault(f"$ pip {' '.join(words)}\n{done.stdout}{done.stderr}")

    def run(self, use: Use, *, offline: bool = True, **settings: str) -> None:
        """Run a line and hold it against what it should do.

        Raises:
            Fault: another exit code, a traceback, or other words.
        """
        path = f"{self.place / 'bin'}:/usr/bin:/bin"
        own = {"PATH": path, "HOME": str(self.folder), "LANG": "C.UTF-8", "COLUMNS": "100", **settings}
        command = [*(alone() if offline else ()), "sh", "-c", use.line]
        done = subprocess.run(
            command, cwd=self.folder, env=own, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        told = done.stdout + done.stderr
        if done.returncode != use.code or use.says not in told or "Traceback" in told:
            wanted = f"exit {use.code}" + f" and “{use.says}”" * bool(use.says)
            raise Fault(f"$ {use.line}\nwanted {wanted}, got exit {done.returncode}:\n{told}")


def fresh(python: str, folder: Path, name: str) -> Environment:
    """An empty environment of that Python, with a folder beside it."""
    place, use = folder / f"{name}-venv", folder / name
    subprocess.run([python, "-m", "venv", str(place)], check=True)
    use.mkdir()
    return Environment(place, use)


def alone() -> tuple[str, ...]:
    """What to put before a command so that it has no network; nothing where that is not permitted."""
    if shutil.which(ALONE[0]) and subprocess.run([*ALONE, "true"], capture_output=True, check=False).returncode == 0:
        return ALONE
    return ()


def pythons() -> dict[str, str]:
    """The Pythons of this machine by version: on the path, or by pyenv; this one is the first."""
    found = {f"3.{sys.version_info.minor}": sys.executable}
    kept = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for version in VERSIONS:
        names = [shutil.which(f"python{version}"), *map(str, sorted(kept.glob(f"{version}.*/bin/python")))]
        for name in filter(None, names):
            if (
                version not in found
                and subprocess.run([name, "-c", ""], capture_output=True, check=False).returncode == 0
            ):
                found[version] = name
    return found
