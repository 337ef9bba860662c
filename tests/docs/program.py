"""The program as the pages call it, with fakes in place of services and models: nothing leaves the machine.

What a page says is run by the real program: its options, settings, keys, prices, journal and files. Only who answers is
another: a scripted teacher under the name, price and traits of the one that the page names, and vectors made of words.

The rule: `instgen` in a page's script is a client of few lines, which hands its arguments and streams to a server that
has done its imports; that forks for it. So a line takes milliseconds where a start takes half a second.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from instgen.errors import UsageError
from instgen.records import Completion, Prompt
from instgen.teachers.prices import FREE
from instgen.teachers.scripted import Scripted
from instgen.teachers.teacher import Settings, Teacher, Traits
from tests.cli.conftest import CHINESE, CLASSIC, EVOLUTION, TASKS
from tests.forked import live, loaded, take_over

SERVICES = ("openai", "anthropic", "gemini")
TASKS_PER_CALL = 3
"""As the scripted rules write them."""
ANSWER = re.compile(r" answer ([A-I])\n(.*)")
"""How `rank` shows an answer."""
NUMBERS = 32
"""Of a vector."""
RULES = (
    *CLASSIC,
    *EVOLUTION,
    CHINESE[0],
    {"when": "Now write", "reply": TASKS},
    CHINESE[1],
    {"when": "What the next message is for", "reply": "And what of {{words 8}}?"},
    {"reply": "That is {{words 14}}."},
)

CLIENT = """\
#!{python} -SE
import json, os, signal, socket, sys
line = socket.socket(socket.AF_UNIX)
line.connect({address!r})
asked = json.dumps(dict(argv=["instgen", *sys.argv[1:]], cwd=os.getcwd(), env=dict(os.environ))).encode()
socket.send_fds(line, [len(asked).to_bytes(4, "big")], [0, 1, 2])
line.sendall(asked)
for fd in (0, 1):
    os.close(fd)
told = line.makefile("r")
pid = int(told.readline())
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, _: os.kill(pid, number))
code = int(told.readline())
os._exit(code if code >= 0 else 128 - code)
"""


class StandIn:
    """A scripted teacher under another one's name; what a schema asks for, it fills in."""

    def __init__(self, name: str, identity: str, traits: Traits) -> None:
        self.name = name
        self.identity = identity
        self.traits = traits
        self._scripted = Scripted(RULES, name)

    async def complete(self, prompt: Prompt) -> Completion:
        """The scripted answer, at the price of whom it stands for."""
        made = await self._scripted.complete(prompt)
        if prompt.schema is not None:
            asked = "\n".join(message.content for message in prompt.messages) or prompt.text
            shape = filled(prompt.schema, random.Random(f"{self.name} {prompt.sample} {asked}"))
            made = replace(made, text=json.dumps(in_order(shape, asked)))
        usage = replace(made.usage, estimated=False)
        price = self.traits.price
        return replace(made, usage=usage, cost=price.cost(usage) if price else None, teacher=self.name)

    async def aclose(self) -> None:
        """There is nothing to let go of."""


def filled(schema: Mapping[str, Any], drawn: random.Random) -> Any:
    """Something that a JSON schema describes, as the judges' schemas are made."""
    if "enum" in schema:
        return drawn.choice(list(schema["enum"]))
    if "anyOf" in schema:
        return filled(schema["anyOf"][0], drawn)
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: filled(each, drawn) for name, each in schema["properties"].items()}
    if kind == "array" and "enum" in schema["items"]:
        return drawn.sample(schema["items"]["enum"], len(schema["items"]["enum"]))
    if kind == "array":
        return [filled(schema["items"], drawn) for _ in range(schema.get("minItems", 1))]
    if kind in ("integer", "number"):
        return drawn.randint(int(schema.get("minimum", 1)), int(schema.get("maximum", 5)))
    return "It says what was asked for."


def in_order(shape: Any, asked: str) -> Any:
    """A verdict on answers shown with letters, the same whatever their places: the one that sorts first wins."""
    letters = [letter for _, letter in sorted((text, letter) for letter, text in ANSWER.findall(asked))]
    if "ranking" in shape:
        return {**shape, "ranking": [[letter] for letter in letters], "margins": ["better"] * (len(letters) - 1)}
    if "verdict" in shape:
        return {**shape, "verdict": letters[0]}
    return shape


def opens(real: Any) -> Any:
    """What opens a service's stand-in: as the real one does it, but for who answers."""

    def opened(model: str, settings: Settings) -> Teacher:
        teacher: Teacher = real(model, settings)
        traits = replace(teacher.traits, tasks_per_call=TASKS_PER_CALL)
        return StandIn(teacher.name, teacher.identity, traits)

    return opened


def open_local(model: str, settings: Settings) -> Teacher:
    """The stand-in of a model in this process, which need not be installed."""
    del settings
    if model and not model.endswith(".gguf"):
        raise UsageError(f"{model}: is not a GGUF file")
    name = f"local/{Path(model).name or 'SmolLM2-135M-Instruct'}"
    traits = Traits(4, 8, TASKS_PER_CALL, paid=False, small=not model, price=FREE)
    return StandIn(name, f"{name}@stand-in", traits)


class Vectors:
    """Makes vectors of words: those of the same words are the same."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.asked = self.replayed = self.tokens = 0

    def static(self, texts: Sequence[str]) -> Any:
        """A vector of length 1 a text."""
        import numpy as np

        made = np.zeros((len(texts), NUMBERS), dtype=np.float32)
        for row, text in zip(made, texts, strict=True):
            for word in text.lower().split():
                row[hashlib.blake2b(word.encode()).digest()[0] % NUMBERS] += 1
        return made / np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1)

    async def vectors(self, texts: Sequence[str]) -> Any:
        """The same, asked of an address."""
        self.asked += len(texts)
        return self.static(texts)

    async def aclose(self) -> None:
        """There is nothing to let go of."""


class _Static:
    def __init__(self, folder: str) -> None:
        self.vectors = Vectors(f"static/{folder}").static


def stand_in() -> None:
    """Put the fakes in their places."""
    names = (*SERVICES, "local", "embed", "static_embed")
    modules: dict[str, Any] = {name: importlib.import_module(f"instgen.teachers.{name}") for name in names}
    for service in SERVICES:
        modules[service].open = opens(modules[service].open)
    modules["local"].open = open_local
    modules["embed"].open_endpoint = lambda name, settings, purchases: Vectors(f"openai/{name}")
    modules["static_embed"].open_static = _Static


class Programs:
    """The server; scripts that have `folder` on their path call the program by it."""

    def __init__(self, folder: Path) -> None:
        """Start it in a folder of its own; it is ready when its imports are done."""
        address = str(folder / "socket")
        client = folder / "instgen"
        client.write_text(CLIENT.format(python=sys.executable, address=address))
        client.chmod(0o755)
        self.folder = folder
        one_thread = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # numpy's threads would not be there after a fork
        command = [sys.executable, "-m", "tests.docs.program", address]
        root = Path(__file__).parents[2]
        self._process = subprocess.Popen(command, cwd=root, env=one_thread, stdout=subprocess.PIPE)
        assert self._process.stdout
        self._process.stdout.readline()

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.communicate()


def serve(address: str) -> None:
    """Fork for each client: a keeper, which forks the program and tells its number and its end."""
    stand_in()
    run = loaded()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    print("ready", flush=True)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers are let go of by themselves
    while True:
        line, _ = listener.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listener.close()
            _keep(line, run)
            return
        line.close()


def _keep(line: socket.socket, run: Any) -> None:
    head, fds, _, _ = socket.recv_fds(line, 4, 3)
    told = line.makefile("rb")
    asked = json.loads(told.read(int.from_bytes(head, "big")))
    pid = os.fork()
    if pid == 0:
        told.close()
        line.close()
        take_over(asked["argv"], asked["cwd"], asked["env"], fds)
        live(run)
        return
    for fd in fds:
        os.close(fd)
    os.close(0)
    line.sendall(f"{pid}\n".encode())
    _, status = os.waitpid(pid, 0)
    line.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1])
