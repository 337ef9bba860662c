"""What the engine costs a call: microseconds of processor time, against a zero-latency teacher in this process.

    python -m tests.bench.engine [CALLS]

The baseline is a bare asyncio loop that asks the same teacher the same number of times, in the same run; ratios are
what to look at on a shared machine.
"""

from __future__ import annotations

import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from instgen.calls import Calls
from instgen.engine import Run, Target
from instgen.journal import Journal, NoJournal, SqliteJournal
from instgen.lines import records_of
from instgen.prompts.book import PromptBook
from instgen.pump import Counter, Pump
from instgen.recipes.alpaca import Alpaca, AlpacaRecipe
from instgen.recipes.flow import Recipe
from instgen.recipes.respond import Answering, Respond
from instgen.records import Completion, Prompt, Record, Usage, born
from instgen.seedlist import seed_file
from instgen.teachers.teacher import Traits

CALLS = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
CONCURRENCY = 64
ANSWER = (
    "A plain answer of ordinary length, as teachers give them: not too short, and not too long either. It goes on for "
    "a few sentences, says one thing after another, and ends when nothing is left to be told about the matter at hand."
)


class Instant:
    """Answers at once; each reply is another one, so that novelty has work to do."""

    name = identity = "instant"
    traits = Traits()

    def __init__(self, *, tasks: bool) -> None:
        self._tasks = tasks
        self._asked = 0

    async def complete(self, prompt: Prompt) -> Completion:
        self._asked += 1
        text = self._task(self._asked) if self._tasks else ANSWER
        return Completion(text, usage=Usage(300, 80), cost=0.0, teacher=self.name)

    def _task(self, number: int) -> str:
        words = " ".join(f"w{word}" for word in random.Random(number).choices(range(5000), k=13))
        return f" Explain {words}.\nOutput: {ANSWER}"

    async def aclose(self) -> None:
        pass


def self_instruct() -> AlpacaRecipe:
    template = PromptBook().template("alpaca-continue")
    method = Alpaca(template, "English", examples=6, tasks=1, continues=True, window=CONCURRENCY)
    return AlpacaRecipe(records_of([seed_file("en")]), method)


def rows() -> Iterator[Record]:
    return (born(Record(f"Explain the number {number} to a child.")) for number in range(CALLS))


async def bare(teacher: Instant) -> int:
    asked = iter(range(CALLS))

    async def work() -> None:
        for number in asked:
            await teacher.complete(Prompt(text=f"Explain the number {number} to a child."))

    await asyncio.gather(*(work() for _ in range(CONCURRENCY)))
    return CALLS


async def engine(recipe: Recipe[Any], source: Counter | Pump[Record], teacher: Instant, journal: Journal) -> int:
    target = Target(CALLS, 1.0) if isinstance(source, Counter) else None
    calls = Calls({"teacher": teacher}, journal, seed=0, concurrency=CONCURRENCY)
    run = Run(recipe, source, calls, ahead=CONCURRENCY if target else 4 * CONCURRENCY, target=target)
    async for _ in run.outcomes():
        pass
    return calls.spending.asked + calls.spending.replayed


def measured(name: str, work: Callable[[], int], base: float | None) -> float:
    wall, cpu = time.perf_counter(), time.process_time()
    calls = work()
    cpu, wall = (time.process_time() - cpu) / calls * 1e6, time.perf_counter() - wall
    ratio = f"{cpu / base:6.1f} x the bare loop" if base else ""
    print(f"{name:46} {cpu:8.1f} µs of CPU a call {calls / wall:10,.0f} calls/s {ratio}")
    return cpu


def respond() -> Respond:
    return Respond(Answering(PromptBook().template("respond")))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        base = measured("bare loop", lambda: asyncio.run(bare(Instant(tasks=False))), None)

        def run(name: str, recipe: Recipe[Any], source: Counter | Pump[Record], tasks: bool, journal: Journal) -> None:
            measured(name, lambda: asyncio.run(engine(recipe, source, Instant(tasks=tasks), journal)), base)
            journal.close()

        run("respond, no journal", respond(), Pump(rows()), False, NoJournal())
        for name in ("respond, journal", "respond, replayed"):
            run(name, respond(), Pump(rows()), False, SqliteJournal(Path(folder) / "respond"))
        run("self-instruct (parsing, rules, novelty)", self_instruct(), Counter(), True, NoJournal())
        for name in ("self-instruct, journal", "self-instruct, replayed"):
            run(name, self_instruct(), Counter(), True, SqliteJournal(Path(folder) / "self-instruct"))


if __name__ == "__main__":
    main()
