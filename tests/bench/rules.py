"""What the rules cost a row, all of them and each where it is asked, beside reading and writing the row as JSON.

    python -m tests.bench.rules [FILE]...

Rows are Alpaca's three keys, from JSON or JSONL files; without one, real rows of 430 bytes on average from the shared
data, or else the bundled English seed tasks. Processor time; ratios are what to look at on a shared machine.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import orjson

from instgen.filters import RULES, first_failing, repaired
from instgen.filters.rule import Rule
from instgen.filters.signs import Screen
from instgen.records import Record, Verdict

ROOT = Path(__file__).parents[2]
SHARED = ROOT / ".." / "shared" / "data"
REAL = [
    SHARED / "alpaca_libre" / "alpaca_libre_tasks_v1.jsonl",
    SHARED / "chat_formats" / "llamafactory_alpaca_en_demo.json",
]
SEEDS = [ROOT / "seeds" / "en.jsonl"]
KEYS = ("instruction", "input", "output")
TURNS = 7


def rows_of(path: Path) -> list[dict[str, str]]:
    data = path.read_bytes()
    rows = (
        orjson.loads(data) if data.lstrip()[:1] == b"[" else [orjson.loads(line) for line in data.splitlines() if line]
    )
    flat = [{**row, **instance} for row in rows for instance in row.get("instances", [{}])]
    return [{key: row.get(key) or "" for key in KEYS} for row in flat]


def cost(do: Callable[[], object], rows: int) -> float:
    """Microseconds a row, the best of several turns."""
    best = float("inf")
    for _ in range(TURNS):
        began = time.process_time()
        do()
        best = min(best, time.process_time() - began)
    return best / rows * 1e6


def asking(rule: Rule, records: list[Record]) -> list[Verdict | None]:
    return [rule(record) for record in records]


def main() -> None:
    files = [Path(name) for name in sys.argv[1:]] or (REAL if all(path.exists() for path in REAL) else SEEDS)
    lines = [orjson.dumps(row) for path in files for row in rows_of(path)]
    records = [Record(*(orjson.loads(line)[key] for key in KEYS)) for line in lines]
    screen = Screen(rule.sign for rule in RULES if rule.sign)
    seen = [screen.seen(record) for record in records]
    size = sum(map(len, lines)) / len(lines)
    print(f"{len(lines):,} rows of {size:.0f} bytes, {sum(map(bytes.isascii, lines)) / len(lines):.0%} of them ASCII\n")
    json = cost(lambda: [orjson.dumps(orjson.loads(line)) for line in lines], len(lines))
    everything = cost(lambda: [first_failing(record, RULES) for record in records], len(lines))
    print(f"{'what':24} {'µs a row':>8}\n{'JSON, read and written':24} {json:8.2f}")
    print(f"{'repairs':24} {cost(lambda: [repaired(record) for record in records], len(lines)):8.2f}")
    print(f"{'all rules':24} {everything:8.2f}   {1e6 / everything:,.0f} rows/s, {everything / json:.1f} x JSON\n")
    print(f"{'signs of all rules':24} {cost(lambda: [screen.seen(record) for record in records], len(lines)):8.2f}")
    for rule in RULES:
        asked = [record for record, signs in zip(records, seen, strict=True) if rule.sign is None or rule.sign in signs]
        took = cost(partial(asking, rule, asked), len(lines))
        print(f"{rule.name:24} {took:8.2f}   asked of {len(asked) / len(records):.1%}")


if __name__ == "__main__":
    main()
