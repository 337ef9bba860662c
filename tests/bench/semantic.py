"""What a small static model finds of paraphrases and of duplicates at which threshold, and what a row costs.

    python -m tests.bench.semantic [ROWS ...]

The pairs are real: grade-school problems and their rephrasings, programs and theirs, German sentences of which half are
made of the same words and mean something else, Korean questions. Speed and memory are measured with ROWS (10,000 and
50,000) tasks that are made up of real ones' words, and of vectors as long as those of endpoints.
"""

from __future__ import annotations

import csv
import json
import random
import re
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from instgen.filters.semantic import CosineIndex, Semantic
from instgen.records import Record
from instgen.teachers.static_embed import StaticModel, open_static

ROWS = [int(each) for each in sys.argv[1:]] or [10_000, 50_000]
DATA = Path(__file__).parents[2].parent / "shared" / "data"
THRESHOLDS = (0.7, 0.75, 0.8, 0.85, 0.9, 0.92, 0.95, 0.97, 0.99)
ENDPOINT_DIMENSIONS = 1536
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts, and whether they mean the same."""

    one: str
    other: str
    same: bool


def json_rows(path: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (DATA / path).read_text("utf-8").splitlines() if line.strip()]


def german() -> list[Pair]:
    with (DATA / "near_duplicate_pairs" / "pawsx_de_dev.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [Pair(row["sentence1"], row["sentence2"], row["label"] == "1") for row in rows if row["sentence2"]]


def korean() -> list[Pair]:
    with (DATA / "near_duplicate_pairs" / "ko_pair_train.csv").open(encoding="utf-8-sig") as file:
        return [Pair(row["question1"], row["question2"], row["is_duplicate"] == "0") for row in csv.DictReader(file)]


def problems() -> tuple[list[str], list[str]]:
    """Grade-school problems, and each one rephrased."""
    asked = [row["question"] for row in json_rows("decontam_targets/gsm8k_test.jsonl")]
    said = [row["text"].partition("\nAnswer:")[0] for row in json_rows("decontam_rephrased/rephrase_gsm8k.jsonl")]
    return asked, [re.sub(r"^Question: ", "", text) for text in said]


def programs() -> tuple[list[str], list[str]]:
    """Programs with their descriptions, and each one rephrased."""
    asked = [row["text"] for row in json_rows("decontam_rephrased/HumanEval.jsonl")]
    return asked, [row["text"] for row in json_rows("decontam_rephrased/humaneval_python.jsonl")]


def units(model: StaticModel, texts: Sequence[str]) -> NDArray[np.float64]:
    vectors = model.vectors(texts).astype(np.float64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths == 0, 1, lengths)


def tell_pairs(name: str, model: StaticModel, pairs: Sequence[Pair]) -> None:
    ones, others = (units(model, texts) for texts in zip(*[(pair.one, pair.other) for pair in pairs], strict=True))
    same = np.array([pair.same for pair in pairs])
    cosines = (ones * others).sum(axis=1)
    unread = int((~ones.any(axis=1) | ~others.any(axis=1)).sum())
    print(f"{name}: {len(pairs):,} pairs, of which {same.mean():.1%} mean the same; {unread:,} cannot be read")
    for threshold in THRESHOLDS:
        hits = cosines >= threshold
        right = int((hits & same).sum())
        print(f"  {threshold:.2f}  precision {right / max(1, hits.sum()):.3f}  recall {right / same.sum():.3f}")


def tell_rephrased(name: str, model: StaticModel, asked: Sequence[str], rephrased: Sequence[str]) -> None:
    """A pair means the same where it is an item and its rephrasing; any other pair does not."""
    cosines = units(model, rephrased) @ units(model, asked).T
    print(f"{name}: {len(rephrased):,} rephrased, against all {len(asked):,}")
    for threshold in THRESHOLDS:
        hits = cosines >= threshold
        own = np.diag(hits)
        others = hits.sum(axis=1) > own
        print(
            f"  {threshold:.2f}  precision {own.sum() / max(1, hits.sum()):.3f}  recall {own.mean():.3f}"
            f"  rows that hit another item too {others.mean():.3f}"
        )


def made_up(count: int) -> list[Record]:
    """Tasks of words of real ones, a twentieth of them an earlier one with a word more."""
    draw = random.Random(5)
    words = " ".join(row["instruction"] for row in json_rows("alpaca_libre/alpaca_libre_tasks_v1.jsonl")).split()
    texts: list[str] = []
    for _ in range(count):
        if texts and draw.random() < 0.05:
            texts.append(f"{draw.choice(texts)} {draw.choice(words)}")
        else:
            texts.append(" ".join(draw.sample(words, draw.randint(6, 18))))
    return [Record(text, id=str(number)) for number, text in enumerate(texts)]


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def tell_cost(model: StaticModel, count: int) -> None:
    rows = made_up(count)
    began = time.process_time()
    for start in range(0, count, BATCH):
        model.vectors([row.instruction for row in rows[start : start + BATCH]])
    embedding = time.process_time() - began
    before, step = peak(), Semantic(model.vectors)
    watch, began, gone = time.perf_counter(), time.process_time(), 0
    for start in range(0, count, BATCH):
        gone += sum(verdict is not None for verdict in step.judge(rows[start : start + BATCH]))
    whole, watched = time.process_time() - began, time.perf_counter() - watch
    print(
        f"{count:,} rows: {watched:.1f} s, {whole:.1f} s of processor time, of which {embedding:.1f} s for vectors;"
        f" {gone:,} gone; {peak() - before:.0f} MB more"
    )


def tell_index(count: int) -> None:
    draw = np.random.default_rng(2)
    before, index = peak(), CosineIndex(0.9)
    spent = watched = 0.0
    for _ in range(0, count, BATCH):
        vectors = draw.normal(size=(BATCH, ENDPOINT_DIMENSIONS)).astype(np.float32)
        watch, began = time.perf_counter(), time.process_time()
        index.judge(vectors)
        spent, watched = spent + time.process_time() - began, watched + time.perf_counter() - watch
    print(
        f"{count:,} vectors of {ENDPOINT_DIMENSIONS} numbers: {watched:.1f} s, {spent:.1f} s of processor time;"
        f" {peak() - before:.0f} MB more"
    )


def main() -> None:
    model = open_static(str(DATA / "small_embedding_model"))
    tell_rephrased("grade-school problems", model, *problems())
    tell_rephrased("programs", model, *programs())
    tell_pairs("German", model, german())
    tell_pairs("Korean", model, korean())
    for count in ROWS:
        tell_cost(model, count)
    for count in ROWS:
        tell_index(count)


if __name__ == "__main__":
    main()
