"""What the contamination check finds of planted items and in clean rows, what it misses, and what a row costs.

    python -m tests.bench.contamination [ITEMS]

Items of five benchmarks are planted as they are and with edits; the rephrased sets are looked for as they are. Speed
and memory are measured against ITEMS (20,000) items that are made up of the real ones' words.
"""

from __future__ import annotations

import random
import re
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from instgen.errors import InputError
from instgen.filters.contamination import Contamination, Method, Where
from instgen.formats.fields import RowError
from instgen.formats.items import Item
from instgen.formats.read import records_from
from instgen.lines import rows_of
from instgen.records import Record
from instgen.running.benchmarks import benchmark
from instgen.seedlist import seed_file

ITEMS = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
DATA = Path(__file__).parents[2].parent / "shared" / "data"
TARGETS = [
    "gsm8k_test.jsonl",
    "HumanEval.jsonl.gz",
    "mt_bench_question.jsonl",
    "ifeval_input_data.jsonl",
    "mmlu_dev.jsonl.gz",
]
METHODS: tuple[Method, ...] = ("both", "8-gram", "13-gram")
LATIN_PUNCTUATION = re.compile(r"[.,;:!?\"()\u201c\u201d]")


def records(path: Path | str) -> list[Record]:
    found: list[Record] = []
    for row in rows_of([str(path)]):
        try:
            found += records_from(row.value)
        except RowError:
            continue
    return found


def clean() -> list[Record]:
    """Rows that nobody took from a benchmark."""
    rows = [row for language in ("en", "es", "fr", "zh") for row in records(str(seed_file(language)))]
    rows += records(DATA / "self_instruct" / "seed_tasks.jsonl")
    for folder in ("chat_formats", "multilingual", "wizardlm", "alpaca_regen_runs", "alpaca_libre"):
        for path in sorted((DATA / folder).glob("*.json*")):
            try:
                rows += records(path)
            except InputError:
                continue
    return rows


def words_changed(every: int) -> Callable[[str, random.Random], str]:
    def edit(text: str, draw: random.Random) -> str:
        words = text.split(" ")
        for place in draw.sample(range(len(words)), -(-len(words) // every)):
            words[place] = draw.choice(["thing", "maybe", "quick", "seven", "table", "river"])
        return " ".join(words)

    return edit


def longer(text: str, draw: random.Random) -> str:
    around = ENGLISH[draw.randrange(len(ENGLISH))], ENGLISH[draw.randrange(len(ENGLISH))]
    return f"{around[0]}\n\n{text}\n\n{around[1]}"


ENGLISH = [row.instruction for row in records(str(seed_file("en")))]
EDITS: dict[str, Callable[[str, random.Random], str]] = {
    "as it is": lambda text, draw: text,
    "capitals, no punctuation": lambda text, draw: LATIN_PUNCTUATION.sub("", text).upper(),
    "inside a longer prompt": longer,
    "other numbers": lambda text, draw: re.sub(r"\d+", lambda found: str(int(found[0][:9]) + 7), text),
    "one word in 20 changed": words_changed(20),
    "one word in 10 changed": words_changed(10),
    "one word in 5 changed": words_changed(5),
    "first half only": lambda text, draw: " ".join(text.split(" ")[: len(text.split(" ")) // 2]),
}


def recall(items: tuple[Item, ...], method: Method) -> list[float]:
    check = Contamination(items, method)
    looked = [item for item in items if item.name not in check.unchecked]
    shares = []
    for name, edit in EDITS.items():
        draw = random.Random(name)
        verdicts = check.judge([Record(edit(item.text, draw)) for item in looked])
        shares.append(sum(1 for verdict in verdicts if verdict) / len(looked))
    return shares


def planted() -> None:
    for target in TARGETS:
        items = benchmark(str(DATA / "decontam_targets" / target)).items
        check = Contamination(items)
        print(f"\n{target}: {len(items):,} items, {len(check.unchecked)} cannot be checked")
        shares = {method: recall(items, method) for method in METHODS}
        print(f"  {'found, %':26}" + "".join(f"{method:>9}" for method in METHODS))
        for place, name in enumerate(EDITS):
            print(f"  {name:26}" + "".join(f"{100 * shares[method][place]:9.1f}" for method in METHODS))


def false_alarms() -> None:
    items = [item for target in TARGETS for item in benchmark(str(DATA / "decontam_targets" / target)).items]
    rows = clean()
    print(f"\nclean rows: {len(rows):,}")
    wheres: tuple[Where, ...] = ("prompt", "all")
    for where in wheres:
        verdicts = Contamination(items, where=where).judge(rows)
        print(f"  {where}: {sum(1 for verdict in verdicts if verdict)} hits")
        for verdict in filter(None, verdicts):
            print("   ", verdict.rule, verdict.value, verdict.near, verdict.evidence)


def rephrased() -> None:
    print("\nrephrased items that are found, %")
    for target, file in (
        ("decontam_targets/gsm8k_test.jsonl", "rephrase_gsm8k.jsonl"),
        ("decontam_rephrased/HumanEval.jsonl", "humaneval_python.jsonl"),
    ):
        items = benchmark(str(DATA / target)).items
        rows = [Record(item.text) for item in benchmark(str(DATA / "decontam_rephrased" / file)).items]
        for method in METHODS:
            verdicts = Contamination(items, method).judge(rows)
            found = sum(1 for verdict in verdicts if verdict)
            print(f"  {file:26}{method:>9}{100 * found / len(rows):7.1f} ({found} of {len(rows):,})")


@dataclass(frozen=True)
class MadeUp:
    name: str
    text: str


def made_up(count: int) -> list[MadeUp]:
    draw = random.Random(7)
    words = [
        word
        for target in TARGETS
        for item in benchmark(str(DATA / "decontam_targets" / target)).items
        for word in item.text.split()
    ]
    return [MadeUp(f"made-up:{number}", " ".join(draw.choices(words, k=45))) for number in range(count)]


def cost() -> None:
    items: list[MadeUp] = made_up(ITEMS)
    tracemalloc.start()
    check = Contamination(items)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    began = time.process_time()
    check = Contamination(items)
    took = time.process_time() - began
    draw = random.Random(8)
    known = [word for item in items[:200] for word in item.text.split()]
    rows = [Record(" ".join(draw.choices(known, k=40))) for _ in range(5000)]
    real = clean()
    print(
        f"\n{ITEMS:,} items of 45 words: {took:.2f} s to index; {held / 1e6:.0f} MB held, {peak / 1e6:.0f} MB at most"
    )
    print(
        f"  {cpu(check, rows):.0f} µs a row of 40 words that all occur in them, {cpu(check, real):.0f} µs a clean row"
    )


def cpu(check: Contamination, rows: Iterable[Record]) -> float:
    listed = list(rows)
    began = time.process_time()
    check.judge(listed)
    return (time.process_time() - began) / len(listed) * 1e6


if __name__ == "__main__":
    planted()
    false_alarms()
    rephrased()
    cost()
