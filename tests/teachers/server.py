"""A small HTTP server on loopback that answers from a list and remembers what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True)
class Answer:
    """What to send: `wire` as it is, if given; else a response. `stall` sends nothing and keeps the connection."""

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    wire: bytes | None = None
    stall: bool = False


@dataclass
class Server:
    answers: Callable[[Request], Answer]
    requests: list[Request] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                answer = self._answer(head, await reader.readexactly(_length(head)))
                if answer.stall:
                    await reader.read()
                writer.write(_bytes(answer))
                await writer.drain()
                if answer.wire is not None:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _answer(self, head: bytes, body: bytes) -> Answer:
        first, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        request = Request(first.split()[1], headers, json.loads(body))
        self.requests.append(request)
        return self.answers(request)


@asynccontextmanager
async def serving(answers: Iterable[Answer] | Callable[[Request], Answer]) -> AsyncIterator[Server]:
    """The server; it gives the answers in turn, or what the function says."""
    if not callable(answers):
        queue = iter(answers)
        server = Server(lambda _: next(queue))
    else:
        server = Server(answers)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, backlog=512)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()


def chat(text: str | None = "Hello", finish: str | None = "stop", **more: Any) -> Answer:
    """A chat completion, with more keys in its message."""
    message = {"role": "assistant", "content": text, **more}
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    return Answer(body={"choices": [{"index": 0, "message": message, "finish_reason": finish}], "usage": usage})


def error(status: int, message: str = "no", headers: Mapping[str, str] | None = None, **more: Any) -> Answer:
    """An error in OpenAI's shape."""
    return Answer(status, {"error": {"message": message, **more}}, headers or {})


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length: "):
            return int(line.partition(b": ")[2])
    return 0


def _bytes(answer: Answer) -> bytes:
    if answer.wire is not None:
        return answer.wire
    body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
    headers = {"content-length": str(len(body)), **answer.headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {answer.status} Said\r\n{lines}\r\n".encode() + body
