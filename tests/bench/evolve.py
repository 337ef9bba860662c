"""Whether evolving keeps a teacher busy, and what reading and eliminating cost.

    python -m tests.bench.evolve [RECORDS]

First the code alone, on texts of ordinary length: microseconds of CPU a call for reading replies and eliminating, and
for all that the recipe does. Then the whole command, four rounds of three calls a record with 256 in flight and a
scripted teacher that takes 200 ms: how near it comes to the ideal (calls by latency by calls in flight), beside
`respond` with as many single calls. Ratios are what to look at on a shared machine.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from instgen.filters import ANSWER_RULES, first_failing
from instgen.lines import records_of
from instgen.prompts.book import PromptBook
from instgen.recipes.elimination import Evolution, failing_answer, failing_task
from instgen.recipes.evolve import RULES, Evolving, Round, Wording, child_of, evolve_flow, read_reply
from instgen.recipes.evolve_ops import OPERATIONS, Turn, operations_of
from instgen.recipes.evolve_reading import equality
from instgen.records import Completion, Prompt, Record, born
from instgen.seedlist import seed_file
from tests.bench.http import costs
from tests.bench.http_server import WORDS as ANSWER

RECORDS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
ROUNDS = 4
CALLS_A_ROUND = 3
IN_FLIGHT = 256
LATENCY = 0.2
NAMES = ("add-constraints", "deepen", "concretize", "increase-reasoning")
ADDED = (
    "Keep it within ninety words and give one reason for each claim.",
    "Say as well what follows from it for people who live near the coast.",
    "Take the year 1904 and a town of four thousand as the case in point.",
    "First list what has to be known, then show how one part leads to another.",
)
"""What a round adds: ten to fifteen words, as the prompts ask for."""
EVOLVED = "<instruction>In this case, {{words 25}}</instruction>\n<input>unchanged</input>"


def rows() -> list[Record]:
    """Seeds with inputs and without, again and again under other numbers."""
    seeds = list(records_of([seed_file("en")]))
    texts = ((seed.instruction, seed.input) for _ in range(-(-RECORDS // len(seeds))) for seed in seeds)
    made = (born(Record(f"{text} (case {number})", given)) for number, (text, given) in enumerate(texts))
    return [row for row, _ in zip(made, range(RECORDS), strict=False)]


def turns() -> tuple[Turn, ...]:
    known = {operation.name: operation for operation in OPERATIONS}
    return tuple(Turn(known[name], 0.5) for name in NAMES)


def evolving() -> Evolving:
    book = PromptBook()
    templates = {each.operation.name: book.template(each.operation.file) for each in operations_of("wizardlm")}
    words = Wording(templates, book.template("respond"), (book.template("evolve-equal"),))
    return Evolving({"en": words}, operations_of("wizardlm"), rounds=ROUNDS)


def evolved(record: Record, number: int) -> str:
    given = "\n<input>unchanged</input>" if record.input else ""
    return f"<instruction>{record.instruction} {ADDED[number]}</instruction>{given}"


def checks(records: list[Record]) -> int:
    """Read and check what three calls a round bring, for chains in which nothing fails; how many calls that were."""
    way, words = evolving(), evolving().wordings["en"]
    calls = 0
    for record in records:
        chain = [record]
        for number, turn in enumerate(turns()):
            given = Round(number + 1, turn, tuple(chain), 0)
            reply = Completion(evolved(chain[-1], number))
            child = child_of(given, read_reply(given, reply, words), reply, words, way)
            verdict = failing_task(Evolution(tuple(chain), child, turn.operation)) or first_failing(child, RULES)
            verdict = verdict or equality("Not equal")
            answered = born(Record(child.instruction, child.input, ANSWER))
            verdict = verdict or first_failing(answered, ANSWER_RULES) or failing_answer(answered)
            calls += CALLS_A_ROUND
            assert verdict is None, verdict
            chain.append(answered)
    return calls


def flows(records: list[Record]) -> int:
    """Drive the recipe's own flows by hand; how many prompts they asked."""
    way, calls = evolving(), 0
    for record in records:
        flow = evolve_flow(record, turns(), way)
        last, number = record, 0
        prompts = next(flow)
        try:
            while True:
                calls += len(prompts)
                reply, last, number = _answer(prompts[0], last, number)
                prompts = flow.send((Completion(reply),))
        except StopIteration:
            continue
    return calls


def _answer(prompt: Prompt, last: Record, number: int) -> tuple[str, Record, int]:
    asked = prompt.messages[-1].content
    if prompt.role == "judge":
        return "Not equal", last, number
    if asked.startswith("You make tasks"):
        made = Record(f"{last.instruction} {ADDED[number]}", last.input)
        return evolved(last, number), made, number + 1
    return ANSWER, last, number


def script(path: Path) -> Path:
    """A teacher that evolves, judges and answers, each after the latency."""
    rules: Iterator[dict[str, Any]] = iter(
        (
            {"traits": {"concurrency": IN_FLIGHT}},
            {"when": "Are they equal?", "reply": "Not equal", "latency": LATENCY},
            {"when": "Reply in this form", "reply": EVOLVED, "latency": LATENCY},
            {"reply": ANSWER, "latency": LATENCY},
        )
    )
    path.write_text("".join(json.dumps(rule) + "\n" for rule in rules))
    return path


def microseconds(name: str, work: Callable[[list[Record]], int], records: list[Record]) -> None:
    best, calls = float("inf"), 0
    for _ in range(3):
        began = time.process_time()
        calls = work(records)
        best = min(best, (time.process_time() - began) / calls * 1e6)
    print(f"{name:44} {best:7.1f} µs of CPU a call ({calls:,} calls)", flush=True)


def command(name: str, source: Path, folder: Path, options: tuple[str, ...]) -> float:
    """Run a whole command; the seconds that it took beyond those of a run of one record (its start-up)."""
    run = [sys.executable, "-m", "instgen", name, "-t", f"scripted/{folder / 'rules.jsonl'}", "-q", *options]
    few = folder / "few.jsonl"
    few.write_text(source.read_text("utf-8").partition("\n")[0] + "\n", "utf-8")
    started = costs([*run, "--no-journal", "-o", str(folder / "few.out"), str(few)], folder)
    (folder / "few.out").unlink()
    journal = folder / f"{name}.journal"
    summary = ("--summary", str(folder / f"{name}.summary"))
    cost = costs([*run, *summary, "--journal", str(journal), "-o", str(folder / f"{name}.out"), str(source)], folder)
    calls = int(json.loads((folder / f"{name}.summary").read_text("utf-8"))["asked"])
    chain = LATENCY * (ROUNDS * CALLS_A_ROUND if name == "evolve" else 1)
    wall = cost.wall - (started.wall - chain)
    ideal = calls * LATENCY / IN_FLIGHT
    print(
        f"{name:10} {calls:,} calls: {wall:6.2f} s without start-up, ideal {ideal:.2f} s, achieved {ideal / wall:.2f}"
        f" of it; {cost.cpu / calls * 1e3:.2f} ms of CPU a call, exit {cost.code}",
        flush=True,
    )
    return ideal / wall


def main() -> None:
    records = rows()
    microseconds("reading and eliminating", checks, records)
    microseconds("all of the recipe (prompts too)", flows, records)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        script(folder / "rules.jsonl")
        source = folder / "in.jsonl"
        lines = (json.dumps({"id": row.id, "instruction": row.instruction, "input": row.input}) for row in records)
        source.write_text("\n".join(lines) + "\n", "utf-8")
        in_depth = ",".join(NAMES)
        options = ("--rounds", str(ROUNDS), "--ops", in_depth, "--growth", "1000", "--concurrency", str(IN_FLIGHT))
        evolve = command("evolve", source, folder, options)
        with source.open("a", encoding="utf-8") as file:
            for number in range(RECORDS * (ROUNDS * CALLS_A_ROUND - 1)):
                text = " ".join(random.Random(number).choices(ANSWER.split(), k=60))
                file.write(json.dumps({"instruction": f"Explain number {number}: {text}"}) + "\n")
        single = command("respond", source, folder, ("--concurrency", str(IN_FLIGHT)))
        print(f"evolve keeps the teacher {evolve / single:.2f} times as busy as single calls do", flush=True)


if __name__ == "__main__":
    main()
