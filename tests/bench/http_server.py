"""The server of `tests.bench.http` where there is no C compiler: the same options, answers and counts, more slowly.

python -m tests.bench.http_server [--latency-ms MS] [--rps N --burst N] [--faults]

The rule: `http_server.c` says what it does; it prints its port, and ends with its standard input.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import resource
import socket
import struct
import sys
import time
from collections import Counter

FAULTS = {"429": 5, "500": 2, "503": 1, "reset": 1, "drop": 1, "cut": 1, "empty": 1, "null": 1}
ERROR = b'{"error":{"message":"not now","type":"server_error"}}'
WORDS = (
    "A plain answer of ordinary length, as teachers give them: not too short, and not too long either. It goes on for "
    "a few sentences, says one thing after another, and ends when nothing is left to be told about the matter at hand. "
    "First the question is taken apart into what is known and what is asked. Then each part is looked at by itself, "
    "with an example where one helps, and with the reason why it is so and not otherwise. Last come the limits of what "
    "was said: where it holds, where it does not, and what one would have to look up to be sure of the rest of it."
)


class Teacher:
    """What is sent for which body, and how often."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.latency = options.latency_ms / 1000
        self.counts: Counter[str] = Counter()
        self.requests = self.connections = self.in_flight = self.most = 0
        self._rate, self._burst = options.rps, max(1.0, options.burst)
        self._tokens, self._filled = self._burst, time.monotonic()
        self._faults = [name for name, times in FAULTS.items() for _ in range(times)] if options.faults else []
        self._seen: set[bytes] = set()

    def fate(self, digest: bytes) -> str:
        """What becomes of a request, by its body alone."""
        if self._rate and not self._admits():
            return "limited"
        if not self._faults or digest in self._seen:
            return "good"
        self._seen.add(digest)
        drawn = int.from_bytes(digest, "big") % 100
        return self._faults[drawn] if drawn < len(self._faults) else "good"

    def limits(self) -> str:
        if not self._rate:
            return ""
        reset = int((self._burst - self._tokens) / self._rate * 1000)
        return (
            f"x-ratelimit-limit-requests: {self._rate * 60:.0f}\r\n"
            f"x-ratelimit-remaining-requests: {int(self._tokens)}\r\nx-ratelimit-reset-requests: {reset}ms\r\n"
        )

    def stats(self) -> bytes:
        used = resource.getrusage(resource.RUSAGE_SELF)
        counts = {kind: self.counts[kind] for kind in ("good", *FAULTS, "limited")}
        cpu = int((used.ru_utime + used.ru_stime) * 1000)
        figures = {"requests": self.requests, "connections": self.connections, "most_in_flight": self.most}
        return json.dumps(figures | {"cpu_ms": cpu} | counts).encode()

    def _admits(self) -> bool:
        now = time.monotonic()
        self._tokens = min(self._burst, self._tokens + (now - self._filled) * self._rate)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Connection(asyncio.Protocol):
    """One connection, whose requests are answered one after another."""

    def __init__(self, teacher: Teacher) -> None:
        self._teacher = teacher
        self._held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._teacher.connections += 1

    def data_received(self, data: bytes) -> None:
        self._held += data
        head, found, rest = self._held.partition(b"\r\n\r\n")
        if not found:
            return
        if head.startswith(b"GET "):
            self._held = rest
            self._send(200, self._teacher.stats())
            return
        length = int(head.lower().partition(b"\ncontent-length:")[2].partition(b"\r")[0])
        if len(rest) >= length:
            self._held = rest[length:]
            self._hear(hashlib.blake2b(rest[:length], digest_size=8).digest())

    def _hear(self, digest: bytes) -> None:
        teacher = self._teacher
        teacher.requests += 1
        kind = teacher.fate(digest)
        if kind == "limited":
            self._answer(digest, kind)
            return
        teacher.in_flight += 1
        teacher.most = max(teacher.most, teacher.in_flight)
        asyncio.get_running_loop().call_later(teacher.latency, self._answer_late, digest, kind)

    def _answer_late(self, digest: bytes, kind: str) -> None:
        self._teacher.in_flight -= 1
        if not self._transport.is_closing():
            self._answer(digest, kind)

    def _answer(self, digest: bytes, kind: str) -> None:
        self._teacher.counts[kind] += 1
        if kind in {"limited", "429"}:
            self._send(429, ERROR, "Retry-After: 1\r\n" + self._teacher.limits())
        elif kind in {"500", "503"}:
            self._send(int(kind), ERROR)
        elif kind == "reset":
            self._send(200, b'{"choices"', claimed=1000)
            hard = struct.pack("ii", 1, 0)
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, hard)
            self._transport.close()
        elif kind == "drop":
            self._transport.close()
        else:
            body = _completion(digest, kind)
            self._send(200, body[: len(body) // 2] if kind == "cut" else body, self._teacher.limits())

    def _send(self, status: int, body: bytes, more: str = "", claimed: int | None = None) -> None:
        length = len(body) if claimed is None else claimed
        head = f"HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n{more}\r\n"
        self._transport.write(head.encode() + body)


def _completion(digest: bytes, kind: str) -> bytes:
    text = None if kind == "null" else f"Answer {digest.hex()}. {WORDS}"
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 380, "completion_tokens": 150, "total_tokens": 530}
    choices = [] if kind == "empty" else [choice]
    return json.dumps({"object": "chat.completion", "model": "bench", "choices": choices, "usage": usage}).encode()


async def serve(options: argparse.Namespace) -> None:
    teacher, loop, ended = Teacher(options), asyncio.get_running_loop(), asyncio.Event()
    server = await loop.create_server(lambda: Connection(teacher), "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    loop.add_reader(sys.stdin.fileno(), lambda: ended.set() if not os.read(sys.stdin.fileno(), 1) else None)
    await ended.wait()
    server.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("--latency-ms", "--rps", "--burst"):
        parser.add_argument(name, type=float, default=0.0)
    parser.add_argument("--faults", action="store_true")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
