"""What a run over HTTP costs: whole `instgen respond` processes, on this machine's own server, at a latency.

    python -m tests.bench.http [CALLS] [--long]

Each case is the same command on prompts of 1.5 KB that all differ. Beside it stand the floor, which no client can
pass (rounds of the calls in flight times the latency), and a bare loop of aiohttp workers, in the same run; ratios are
what to look at on a shared machine. `default` has pyreqwest and uvloop hidden from it, `fast` uses them. Answers are
counted by their texts, which differ from prompt to prompt. --long adds a run of 200,000 calls, for its memory.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import math
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RUN = "import sys; sys.modules.update(dict.fromkeys({hidden!r})); from instgen.cli.main import run; run()"
FAST = ("pyreqwest", "uvloop")
WORDS = [
    f"{left}{right}" for left in ("ba", "ke", "li", "mo", "nu", "ri", "te", "vu") for right in ("ban", "fil", "mek")
]
RETRY_AFTER = 1.0
"""Seconds that the server asks for at each 429."""
PATIENCE = 600
"""Seconds until a case is given up."""


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    calls: int
    in_flight: int
    latency: float = 0.2
    limits: tuple[str, ...] = ()
    """More options of the server."""
    rate: float = 0.0
    burst: int = 0
    bare: bool = True

    @property
    def floor(self) -> float:
        """Seconds below which no client gets."""
        rounds = math.ceil(self.calls / self.in_flight) * self.latency
        if self.rate:
            return max(rounds, (self.calls - self.burst) / self.rate + self.latency)
        return rounds + (RETRY_AFTER if "--faults" in self.limits else 0.0)

    @property
    def options(self) -> list[str]:
        limits = ["--rps", str(self.rate), "--burst", str(self.burst)] if self.rate else []
        return ["--latency-ms", str(self.latency * 1000), *self.limits, *limits]


@dataclass(frozen=True, slots=True)
class Cost:
    wall: float
    cpu: float
    """Seconds of processor time, of the process and its threads."""
    rss: int
    """The most memory it had, in MB."""
    code: int


def cases(calls: int, *, long: bool) -> Iterator[Case]:
    few = min(calls, 2_000)
    yield Case("one record: start-up", 1, 256, bare=False)
    yield Case("256 in flight", few, 256)
    if calls > few:
        yield Case("256 in flight", calls, 256)
    yield Case("1,024 in flight", calls, 1_024)
    yield Case("no latency", few, 256, latency=0.0)
    yield Case("limited to 400/s, bursts of 100", few, 256, rate=400, burst=100, bare=False)
    yield Case("13 % fail once", few, 256, latency=0.05, limits=("--faults",), bare=False)
    if long:
        yield Case("memory", 200_000, 1_024)


def compiled(folder: Path) -> list[str]:
    """The command that starts the server."""
    compiler = shutil.which("cc")
    if compiler is None:
        print("no C compiler: the server is Python, and may be what limits the rates below")
        return [sys.executable, "-m", "tests.bench.http_server"]
    server = folder / "server"
    subprocess.run([compiler, "-O2", "-o", str(server), str(HERE / "http_server.c")], check=True)
    return [str(server)]


@contextmanager
def serving(server: list[str], case: Case) -> Iterator[str]:
    """The base address of a new server."""
    process = subprocess.Popen([*server, *case.options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


def stats(url: str) -> dict[str, int]:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(f"{url}/stats") as answer:
        figures: dict[str, int] = json.load(answer)
    return figures


def prompts(path: Path, calls: int) -> Path:
    """A file of records of 1.5 KB without an answer."""
    rng = random.Random(calls)
    with path.open("w", encoding="utf-8") as file:
        for number in range(calls):
            words = " ".join(rng.choices(WORDS, k=230))
            file.write(json.dumps({"instruction": f"Explain the text number {number}: {words}"}) + "\n")
    return path


def costs(command: list[str], folder: Path) -> Cost:
    """What a process takes from its start to its end."""
    homes = {name: str(folder / name.lower()) for name in ("HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME")}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INSTGEN_")} | homes
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - started
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss // 1024, process.returncode)


def respond(url: str, case: Case, source: Path, folder: Path, hidden: tuple[str, ...]) -> tuple[Cost, int]:
    """What `instgen respond` takes, and how many different answers it wrote."""
    output = folder / "out.jsonl"
    arguments = ["respond", str(source), "-t", "openai/bench", "--base-url", f"{url}/v1", "-q", "-o", str(output)]
    flight = ["--concurrency", str(case.in_flight), "--journal", str(folder / "journal")]
    cost = costs([sys.executable, "-c", RUN.format(hidden=hidden), *arguments, *flight], folder)
    with output.open("rb") as lines:
        return cost, len({json.loads(line)["output"] for line in lines})


def line(name: str, case: Case, cost: Cost, base: float | None, more: str) -> None:
    ratios = f"{cost.wall / case.floor:5.2f} x floor" if case.floor else " " * 13
    bare = f"{cost.wall / base:5.2f} x bare" if base else " " * 12
    print(
        f"  {name:12} {cost.wall:7.2f} s {ratios} {bare} {case.calls / cost.wall:7,.0f} calls/s"
        f" {cost.cpu / case.calls * 1000:8.3f} ms CPU a call {cost.rss:5} MB  {more}",
        flush=True,
    )


def measure(case: Case, server: list[str], folder: Path) -> None:
    print(f"{case.name}: {case.calls:,} calls, {case.latency * 1000:g} ms, floor {case.floor:.2f} s", flush=True)
    source = prompts(folder / "in.jsonl", case.calls)
    base = None
    if case.bare:
        with serving(server, case) as url:
            command = [sys.executable, "-m", "tests.bench.http", "--bare", url, str(case.in_flight), str(source)]
            cost = costs(command, folder)
        base = cost.wall
        line("bare aiohttp", case, cost, None, f"exit {cost.code}" if cost.code else "")
    for name, hidden in (("default", FAST), ("fast", ())):
        if name == "fast" and not all(importlib.util.find_spec(module) for module in FAST):
            print("  fast         pyreqwest and uvloop are not installed")
            continue
        own = folder / name
        own.mkdir()
        with serving(server, case) as url:
            cost, answers = respond(url, case, source, own, hidden)
            seen = stats(url)
        more = f"{answers:,} answers, {seen['requests']:,} requests, {seen['limited']} refused"
        line(name, case, cost, base, more + (f", exit {cost.code}" if cost.code else ""))
        shutil.rmtree(own)


async def bare(url: str, in_flight: int, source: Path) -> None:
    """Workers that post the prompts by aiohttp, read the answers and drop them."""
    import aiohttp

    with source.open("rb") as lines:

        async def work(session: aiohttp.ClientSession) -> None:
            for text in lines:
                message = {"role": "user", "content": json.loads(text)["instruction"]}
                body = json.dumps({"model": "bench", "messages": [message]}).encode()
                async with session.post(f"{url}/v1/chat/completions", data=body) as response:
                    json.loads(await response.read())

        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            async with asyncio.timeout(PATIENCE):
                await asyncio.gather(*(work(session) for _ in range(in_flight)))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.http")
    parser.add_argument("calls", nargs="?", type=int, default=20_000)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--bare", nargs=3, metavar=("URL", "IN_FLIGHT", "FILE"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.bare:
        url, in_flight, source = asked.bare
        asyncio.run(bare(url, int(in_flight), Path(source)))
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 8_192)), hard))
    with tempfile.TemporaryDirectory() as folder:
        server = compiled(Path(folder))
        for case in cases(asked.calls, long=asked.long):
            measure(case, server, Path(folder))


if __name__ == "__main__":
    main()
