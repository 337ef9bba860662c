"""What novelty costs a candidate, one at a time (look, then keep), and what the index holds: the whole comparison
(`plain`) and the prefix index (`similarity`), side by side.

    python -m tests.bench.novelty [SIZE]...

Rows are made up: about 13 words each, drawn by Zipf's law, a part of them edits of earlier rows. Memory is what the
index adds to a process that holds the texts already. Ratios are what to look at on a shared machine.
"""

from __future__ import annotations

import random
import sys
import time
import tracemalloc
from collections.abc import Callable
from itertools import accumulate

from instgen.text import similarity
from tests.text import plain as oracle

SIZES = [int(size) for size in sys.argv[1:]] or [1_000, 10_000, 50_000, 100_000]
WORDS = 60_000
NEAR = 0.25
CANDIDATES = 300
WEIGHTS = list(accumulate(1 / (rank + 2.7) for rank in range(WORDS)))

Index = oracle.NoveltyIndex | similarity.NoveltyIndex


def made_up(draw: random.Random) -> str:
    length = min(120, max(2, int(draw.lognormvariate(2.4, 0.5))))
    return " ".join(f"w{word}" for word in draw.choices(range(WORDS), cum_weights=WEIGHTS, k=length))


def edited(text: str, draw: random.Random) -> str:
    words = text.split()
    for _ in range(draw.randint(1, max(1, len(words) // 3))):
        words[draw.randrange(len(words))] = f"w{draw.randrange(WORDS)}"
    return " ".join(words)


def corpus(size: int) -> list[str]:
    """Rows of which a fixed share are edits of an earlier one: the same rows at the head of each size."""
    draw = random.Random(20)
    rows: list[str] = []
    for _ in range(size):
        rows.append(edited(draw.choice(rows), draw) if rows and draw.random() < NEAR else made_up(draw))
    return rows


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


def main() -> None:
    everything = corpus(max(SIZES) + CANDIDATES)
    print(f"{'rows':>8} {'index':11} {'µs a candidate':>15} {'to fill, µs a row':>18} {'bytes a row':>12} {'near':>5}")
    for size in SIZES:
        rows, candidates = everything[:size], everything[size : size + CANDIDATES]
        times: list[float] = []
        for name, make in (("plain", oracle.NoveltyIndex), ("similarity", similarity.NoveltyIndex)):
            began = time.process_time()
            index = filled(make, rows)
            fill = (time.process_time() - began) / size * 1e6
            took, near = looked(index, candidates)
            del index
            times.append(took)
            held = memory(make, rows)
            print(f"{size:8,} {name:11} {took:15,.1f} {fill:18,.1f} {held:12,.0f} {near:5}")
        print(f"{'':8} {times[0] / times[1]:.1f} x as fast")


if __name__ == "__main__":
    main()
