"""Out is the inverse of in: real files of others, read and written again in their own format."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from instgen.export.example import Choice, examples_of
from instgen.export.find import find_format
from instgen.export.fitness import unfit
from instgen.export.format import Layout
from instgen.export.kinds import Kind
from instgen.formats import records_from

FILES = Path(__file__).parents[2].parent / "shared" / "data" / "chat_formats"
Row = dict[str, Any]


def rows_of(name: str) -> list[Row]:
    path = FILES / name
    if not path.exists():
        pytest.skip(f"{name} is not beside the project")
    text = gzip.decompress(path.read_bytes()).decode() if name.endswith(".gz") else path.read_text("utf-8")
    rows: list[Row] = (
        json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.split("\n") if line]
    )
    return rows


def again(row: Row, layout: Layout, kind: Kind) -> Row | str:
    """The row after import and export; else the reason why there is none."""
    (record,) = records_from(row)
    made = examples_of(record, kind, Choice())
    assert made.verdict is None
    (example,) = made.examples
    verdict = unfit(example, layout, kind)
    return verdict.reason if verdict else layout.row(example)


def without(*keys: str) -> Callable[[Row], Row]:
    return lambda row: {key: value for key, value in row.items() if key not in keys}


def as_text(row: Row) -> Row:
    """LLaMA-Factory's newer rows: parts instead of strings, weights that say the usual."""
    turns = row["messages"]
    assert all(turn["loss_weight"] == (turn["role"] == "assistant") for turn in turns)
    return {
        "messages": [{"role": turn["role"], "content": "".join(p["value"] for p in turn["content"])} for turn in turns]
    }


WHOLE = [
    ("llamafactory_alpaca_en_demo.json", "alpaca", Kind.SFT, without()),
    ("llamafactory_alpaca_zh_demo.json", "alpaca", Kind.SFT, without()),
    ("llamafactory_identity.json", "alpaca", Kind.SFT, without()),
    ("llamafactory_dpo_en_demo.json.gz", "sharegpt", Kind.DPO, without()),
    ("llamafactory_kto_en_demo.json.gz", "llamafactory", Kind.KTO, without()),
    ("fastchat_dummy_conversation.json", "sharegpt", Kind.SFT, without("id")),
    ("oasst_fr_top1.jsonl", "openai", Kind.SFT, without("id")),
    ("llamafactory_v1_sft_demo.jsonl", "openai", Kind.SFT, as_text),
]


@pytest.mark.parametrize(("name", "form", "kind", "carried"), WHOLE, ids=[whole[0] for whole in WHOLE])
def test_what_came_in_goes_out(name: str, form: str, kind: Kind, carried: Callable[[Row], Row]) -> None:
    layout = find_format(form).layouts[kind]
    for row in rows_of(name):
        assert again(row, layout, kind) == carried(row)


def test_conversations_with_tools_are_left_out_and_counted() -> None:
    layout = find_format("sharegpt").layouts[Kind.SFT]
    found = [(row, again(row, layout, Kind.SFT)) for row in rows_of("llamafactory_glaive_toolcall_en_demo.json.gz")]
    assert sum(result == "tools" for _, result in found) == 191
    assert all(result == {"conversations": row["conversations"]} for row, result in found if result != "tools")


FORMS = [(name, kind) for name in ("openai", "sharegpt", "trl", "llamafactory", "ms-swift") for kind in Kind]


@pytest.mark.parametrize(("name", "kind"), [pair for pair in FORMS if pair[1] in find_format(pair[0]).layouts])
def test_every_row_that_we_write_we_read_again(name: str, kind: Kind) -> None:
    turns = [{"role": "system", "content": "Be."}, {"role": "user", "content": "Hi"}]
    answers = [{"output": "Yes.", "rank": 1}, {"output": "No.", "rank": 2}]
    row = {"messages": [*turns, {"role": "assistant", "content": "Yes."}], "candidates": answers}
    (record,) = records_from(row)
    layout = find_format(name).layouts[kind]
    for example in examples_of(record, kind, Choice()).examples:
        written = layout.row(example)
        (read,) = records_from(written)
        (same,) = examples_of(read, kind, Choice()).examples
        assert layout.row(same) == written
