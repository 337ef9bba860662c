"""What novelty costs: one candidate at a time as self-instruct asks, and whole sets as `filter` does.

    python -m tests.bench.novelty [--long] [SIZE]...

Rows are grown from real instructions: a head of one joined to a tail of another, words exchanged by other real ones, a
share of rare ones made up, and every sixth row an edit of an earlier row; about 13 words, a part of them Chinese. Each
set is judged in a process of its own, whose start and whose reading of the rows are in neither time nor memory's
growth; `peak` is all of that process, rows included. Alpaca's loop (its pool of processes over `rouge_score`, where
that package is installed, else the same comparisons in one process by rapidfuzz) is measured on 20 candidates against
the same rows and extrapolated. Ratios are what to look at on a shared machine.
"""

from __future__ import annotations

import json
import math
import multiprocessing
import random
import re
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from itertools import accumulate, islice
from pathlib import Path

from rapidfuzz.distance import LCSseq

from instgen.filters.duplicates import Exact, Near, Novel
from instgen.records import Record
from instgen.text import similarity
from instgen.text.tokens import tokens
from tests.text import plain as oracle

DATA = Path(__file__).parents[3] / "shared" / "data"
SOURCES = (
    "self_instruct/seed_tasks.jsonl",
    "alpaca_libre/alpaca_libre_tasks_v1.jsonl",
    "multilingual/zh_seed_tasks.json",
    "multilingual/ru_seed_tasks.jsonl",
    "self_instruct_raw_runs/share_oracle_rougeL_pairs.jsonl",
)
ONLINE = [1_000, 10_000, 50_000, 100_000]
BATCHES = [10_000, 52_000, 200_000]
LONG = 1_000_000
CANDIDATES = 300
TRIED = 20
BATCH = 4096

EDITED = 1 / 6
OLD = 0.6
"""The share of heads and tails that come from earlier rows."""
RARE = 0.12
RARE_WORDS = 400_000
LONGEST = 80
PIECE = re.compile(r"[\u4e00-\u9fff]|\S+\s*")

Index = oracle.NoveltyIndex | similarity.NoveltyIndex
Step = Exact | Near | Novel


class Grower:
    """Draws rows of pieces: words with the space behind them, or Chinese characters."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)
        texts, answers = real()
        self.base = [pieces for text in texts if len(pieces := PIECE.findall(text)[:60]) > 1]
        self.words = [piece for pieces in self.base for piece in pieces]
        self.words += [piece for text in answers for piece in PIECE.findall(text)]
        self.stems = [word for piece in self.words if (word := piece.strip()).isalpha() and len(word) > 3]
        self.weights = list(accumulate(1 / (rank + 30) for rank in range(RARE_WORDS)))

    def word(self) -> str:
        """A real word, or one made of halves of two."""
        if self.draw.random() >= RARE:
            return str(self.draw.choice(self.words))
        number = self.draw.choices(range(RARE_WORDS), cum_weights=self.weights)[0]
        count = len(self.stems)
        one, other = self.stems[number * 7919 % count], self.stems[(number * 104729 + number // count) % count]
        return f"{one[: len(one) // 2 + 1]}{other[len(other) // 2 :]} "

    def source(self, rows: list[list[str]]) -> list[str]:
        return list(self.draw.choice(rows if rows and self.draw.random() < OLD else self.base))

    def row(self, rows: list[list[str]]) -> list[str]:
        if rows and self.draw.random() < EDITED:
            made, rate = list(self.draw.choice(rows)), 0.25 * self.draw.random()
        else:
            head, tail = self.source(rows), self.source(rows)
            made = head[: self.draw.randint(1, len(head))] + tail[self.draw.randint(0, len(tail) - 1) :]
            rate = 0.1 + 0.6 * self.draw.random()
        return [self.word() if self.draw.random() < rate else piece for piece in made[:LONGEST]]


def real() -> tuple[list[str], list[str]]:
    """Real instructions, each once, and real answers."""
    texts: dict[str, None] = {}
    answers: list[str] = []
    for name in SOURCES:
        for line in (DATA / name).read_text("utf-8").splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            texts |= dict.fromkeys(row[key] for key in ("instruction", "a", "b") if isinstance(row.get(key), str))
            answers += [instance["output"] for instance in [row, *row.get("instances", [])] if "output" in instance]
    return list(texts), answers


def corpus(size: int) -> list[str]:
    """The same rows at the head of each size."""
    grower = Grower(20)
    rows: list[list[str]] = []
    for _ in range(size):
        rows.append(grower.row(rows))
    return ["".join(row).replace("\n", " ") for row in rows]


def filled(make: Callable[[], Index], rows: list[str]) -> Index:
    index = make()
    for number, row in enumerate(rows):
        index.add(str(number), row)
    return index


def memory(make: Callable[[], Index], rows: list[str]) -> float:
    """Bytes a row."""
    tracemalloc.start()
    index = filled(make, rows)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held / len(index)


def looked(index: Index, candidates: list[str]) -> tuple[float, int]:
    """Microseconds a candidate, and how many were too near a row."""
    began = time.process_time()
    near = 0
    for number, text in enumerate(candidates):
        near += index.nearest(text) is not None
        index.add(f"c{number}", text)
    return (time.process_time() - began) / len(candidates) * 1e6, near


def one_at_a_time(everything: list[str]) -> None:
    """The whole comparison (`plain`) and the prefix index (`similarity`), side by side."""
    print(f"{'rows':>9} {'index':11} {'µs a candidate':>15} {'to fill, µs a row':>18} {'bytes a row':>12} {'near':>5}")
    for size in ONLINE:
        rows, candidates = everything[:size], everything[size : size + CANDIDATES]
        times: list[float] = []
        for name, make in (("plain", oracle.NoveltyIndex), ("similarity", similarity.NoveltyIndex)):
            began = time.process_time()
            index = filled(make, rows)
            fill = (time.process_time() - began) / size * 1e6
            took, near = looked(index, candidates)
            del index
            times.append(took)
            print(f"{size:9,} {name:11} {took:15,.1f} {fill:18,.1f} {memory(make, rows):12,.0f} {near:5}")
        print(f"{'':9} {times[0] / times[1]:.1f} x as fast")


def batches(rows: list[str]) -> Iterator[list[Record]]:
    records = (Record(row, id=f"{number:032x}") for number, row in enumerate(rows))
    return iter(lambda: list(islice(records, BATCH)), [])


def judged(make: Callable[[], Step], rows: list[str]) -> tuple[float, int, float]:
    """Seconds, rows left out, and the most megabytes that the process had."""
    began = time.perf_counter()
    step = make()
    left_out = sum(verdict is not None for records in batches(rows) for verdict in step.judge(records))
    took = time.perf_counter() - began
    return took, left_out, peak()


def peak() -> float:
    """The most megabytes of this process; unlike `getrusage` it does not count those of the process that started it."""
    status = Path("/proc/self/status").read_text("utf-8")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))) / 1024


def alone(make: Callable[[], Step], rows: list[str]) -> tuple[float, int, float]:
    """The same in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(judged, (make, rows))


def alpacas_loop(rows: list[str], size: int) -> float:
    """Seconds for all rows, by what the last few cost against all before them: half of that on average."""
    kept, candidates = [tokens(row) for row in rows[: size - TRIED]], rows[size - TRIED : size]
    began = time.perf_counter()
    for candidate in candidates:
        words = tokens(candidate)
        if find_spec("rouge_score"):
            score = import_module("rouge_score.rouge_scorer")._score_lcs
            with multiprocessing.get_context("fork").Pool() as pool:
                list(pool.map(partial(score, words), kept))
        else:
            max(2 * LCSseq.similarity(words, other) / (len(words) + len(other) or 1) for other in kept)
    return (time.perf_counter() - began) / TRIED * size / 2


def whole_sets(everything: list[str], sizes: list[int]) -> None:
    print(f"\n{'rows':>9} {'step':8} {'seconds':>8} {'µs a row':>9} {'left out':>9} {'peak MB':>8}")
    times: dict[int, float] = {}
    for size in sizes:
        rows = everything[:size]
        for make in (Exact, Near, Novel):
            took, left_out, most = alone(make, rows)
            print(f"{size:9,} {make.name:8} {took:8.2f} {took / size * 1e6:9.1f} {left_out / size:9.1%} {most:8,.0f}")
        times[size] = took
    for size in [size for size in sizes if size <= 52_000]:
        loop = alpacas_loop(everything, size)
        by = "rouge_score" if find_spec("rouge_score") else "rapidfuzz"
        print(f"{size:9,} Alpaca's loop by {by}: about {loop:,.0f} s, {loop / times[size]:,.0f} x as long as novelty")
    if {52_000, max(sizes)} <= set(sizes) and max(sizes) > 52_000:
        exponent = math.log(times[max(sizes)] / times[52_000]) / math.log(max(sizes) / 52_000)
        print(f"growth from 52,000 to {max(sizes):,}: exponent {exponent:.2f}")


def planted(count: int = 20_000) -> None:
    """How many copies with one of thirteen words exchanged are found as near duplicates."""
    draw = random.Random(8)
    rows = [[f"w{word}" for word in draw.sample(range(60_000), 13)] for _ in range(count)]
    for where, place in (("in the middle", 6), ("at the end", 12)):
        step = Near(against=[Record(" ".join(row)) for row in rows])
        copies = [Record(" ".join([*row[:place], "other", *row[place + 1 :]])) for row in rows]
        found = sum(verdict is not None for verdict in step.judge(copies))
        print(f"near: finds {found / count:.2%} of {count:,} copies with another word {where} of thirteen")


def main() -> None:
    said = [int(size) for size in sys.argv[1:] if size != "--long"]
    sizes = said or [*BATCHES, *([LONG] if "--long" in sys.argv else [])]
    everything = corpus(max(*sizes, *([] if said else ONLINE)) + CANDIDATES)
    if not said:
        one_at_a_time(everything)
    whole_sets(everything, sizes)
    planted()


if __name__ == "__main__":
    main()
