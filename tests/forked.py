"""The program as a process of its own, without waiting for its imports: a server that has them forks for each run.

A run has its own folder, environment, standard streams (pipes with a name) and end. What differs from starting it anew
is that the modules below are there already, and are not taken apart at the end. Tests of signals, kills and start-up
start it anew.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import importlib.util
import json
import os
import pkgutil
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

ROOT = Path(__file__).parents[1]
PACKAGES = ("cli", "export", "filters", "formats", "recipes", "report", "running", "scores", "text")
"""Of the program; all their modules are there. Teachers bring clients of services, which start threads."""
PRELOADED = (
    *(
        module.name
        for package in PACKAGES
        for module in pkgutil.walk_packages([str(ROOT / "instgen" / package)], f"instgen.{package}.")
    ),
    "instgen.teachers.find",
    "instgen.teachers.scripted",
    "instgen.teachers.openai",
    "concurrent.futures.thread",
    "encodings.utf_8_sig",
    "importlib.resources.readers",
    "platformdirs",
    "pydantic",
    *(["uvloop"] if importlib.util.find_spec("uvloop") else []),
)


class Server:
    """Forks the program for each run, one after another."""

    def __init__(self) -> None:
        """Start it; it is ready when its imports are done."""
        command = [sys.executable, "-m", "tests.forked"]
        one_thread = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # numpy's threads would not be there after a fork
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=one_thread, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(
        self, arguments: Sequence[str], data: bytes, environment: Mapping[str, str], timeout: float = 60
    ) -> subprocess.CompletedProcess[bytes]:
        """The program's end and what it said, as `subprocess.run` gives them."""
        with TemporaryDirectory() as folder:
            pipes = [str(Path(folder) / name) for name in ("stdin", "stdout", "stderr")]
            for pipe in pipes:
                os.mkfifo(pipe)
            said: dict[str, bytes] = {}
            threads = [threading.Thread(target=_feed, args=(pipes[0], data), daemon=True)]
            threads += [threading.Thread(target=_drain, args=(pipe, said), daemon=True) for pipe in pipes[1:]]
            for thread in threads:
                thread.start()
            code = self.code_of(arguments, environment, pipes, timeout)
            for thread in threads:
                thread.join(5)
        return subprocess.CompletedProcess(arguments, code, said.get(pipes[1], b""), said.get(pipes[2], b""))

    def code_of(
        self, arguments: Sequence[str], environment: Mapping[str, str], streams: Sequence[str], timeout: float = 60
    ) -> int:
        """The exit code of the program; its standard streams are the pipes or terminals of these names."""
        named = {"argv": ["instgen", *arguments], "cwd": str(Path.cwd()), "env": dict(environment), "streams": streams}
        self._tell(named)
        killer = threading.Timer(timeout, os.kill, (self._hear(), 9))
        killer.start()
        code = self._hear()
        killer.cancel()
        return code

    def close(self) -> None:
        """End the server."""
        self._process.communicate()

    def _tell(self, asked: Mapping[str, object]) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()

    def _hear(self) -> int:
        assert self._process.stdout
        return int(self._process.stdout.readline())


def _feed(pipe: str, data: bytes) -> None:
    with Path(pipe).open("wb", buffering=0) as file, contextlib.suppress(BrokenPipeError):
        file.write(data)


def _drain(pipe: str, said: dict[str, bytes]) -> None:
    said[pipe] = Path(pipe).read_bytes()


def serve() -> None:
    """Fork for each line of stdin; say the child's process id, then its exit code."""
    run = loaded()
    asked = sys.stdin.readline()
    while asked:
        pid = os.fork()
        if pid == 0:
            _become(json.loads(asked))
            live(run)
            return
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
        asked = sys.stdin.readline()


def loaded() -> Callable[[], None]:
    """The program, with its modules imported, and left alone by the collector of cycles in whoever is forked."""
    for module in PRELOADED:
        importlib.import_module(module)
    importlib.import_module("instgen.text.language").known()
    run: Callable[[], None] = importlib.import_module("instgen.cli.main").run
    gc.collect()
    gc.freeze()
    return run


def live(program: Callable[[], None]) -> None:
    """Run the program; it ends as usual, but its modules are not taken apart: that takes longer than most runs.

    Threads are waited for, what is registered for the end is called, garbage is collected and the streams are flushed.
    Where that fails, the interpreter's own way out tells it.
    """
    code = 1

    def leave() -> None:
        with contextlib.suppress(OSError, ValueError):
            gc.collect(1)
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            os._exit(code)

    atexit.register(leave)
    try:
        program()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        raise


def _become(asked: Mapping[str, Any]) -> None:
    """Take over the streams by their names, and all else of a run."""
    fds = [os.open(name, os.O_WRONLY if fd else os.O_RDONLY) for fd, name in enumerate(asked["streams"])]
    take_over(asked["argv"], asked["cwd"], asked["env"], fds)


def take_over(arguments: Sequence[str], folder: str, settings: Mapping[str, str], fds: Sequence[int]) -> None:
    """Be a fresh process of the program: what a shell would have set up for it; `fds` become its standard streams."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(settings)
    sys.argv = [*arguments]
    sys.modules["__main__"].__package__ = ""  # or help would call the program `python -m tests.instgen`
    for fd, given in enumerate(fds):
        os.dup2(given, fd)
    for given in {*fds} - {0, 1, 2}:
        os.close(given)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False, errors="backslashreplace")


if __name__ == "__main__":
    serve()
