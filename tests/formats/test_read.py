"""Shapes are told apart by their keys, in real files too."""

from __future__ import annotations

from pathlib import Path

import pytest

from instgen.formats import RowError, from_row, records_from, to_row
from instgen.formats.read import SHAPES
from instgen.lines import rows_of

DATA = Path(__file__).parents[2].parent / "shared" / "data"
TURN = {"role": "user", "content": "Why?"}

REAL_FILES = {
    "self_instruct/seed_tasks.jsonl": 175,
    "multilingual/da_seed_tasks.jsonl": 176,
    "multilingual/ko_seed_tasks_merged.jsonl": 134,
    "multilingual/ru_seed_tasks.jsonl": 137,
    "multilingual/vi_seed_tasks.jsonl": 8,
    "multilingual/zh_seed_tasks.json": 175,
    "skills_difficulty/code_seed_tasks.jsonl": 21,
    "chat_formats/fastchat_dummy_conversation.json": 500,
    "chat_formats/llamafactory_alpaca_en_demo.json": 999,
    "chat_formats/llamafactory_alpaca_zh_demo.json": 1000,
    "chat_formats/llamafactory_dpo_en_demo.json.gz": 300,
    "chat_formats/llamafactory_glaive_toolcall_en_demo.json.gz": 300,
    "chat_formats/llamafactory_identity.json": 91,
    "chat_formats/llamafactory_kto_en_demo.json.gz": 300,
    "chat_formats/llamafactory_v1_sft_demo.jsonl": 500,
    "chat_formats/oasst_fr_top1.jsonl": 256,
    "alpaca_libre/alpaca_libre_tasks_v1.jsonl": 2375,
    "alpaca_regen_runs/regen_laerebogen_da.json": 140,
    "wizardlm/h2o_wizardlm.9186.json": 35,
    "decontam_targets/gsm8k_test.jsonl": 1319,
    "decontam_targets/HumanEval.jsonl.gz": 164,
}
"""Records in each: as many as rows, but for one of the Vietnamese seed tasks, which has two instances."""


def real(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"the shared data are not here: {name}")
    return path


@pytest.mark.parametrize(
    ("row", "name"),
    [
        ({"messages": [TURN]}, "messages"),
        ({"messages": [TURN], "instruction": "Why?", "input": "", "output": ""}, "messages"),
        ({"conversations": [{"from": "human", "value": "Why?"}]}, "ShareGPT"),
        ({"prompt": [TURN]}, "prompt and completion turns"),
        ({"instruction": "Sort.", "instances": []}, "seed task"),
        ({"instruction": "Sort."}, "record or Alpaca"),
        ({"instruction": "Sort.", "messages": [], "conversations": None, "instances": 3}, "record or Alpaca"),
        ({"prompt": "Sort."}, "record or Alpaca"),
        ({"input": "Sort.", "output": ""}, "record or Alpaca"),
    ],
)
def test_a_row_is_told_by_its_keys(row, name) -> None:
    assert next(shape for shape in SHAPES if shape.fits(row)).name == name


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({}, "no instruction in this row: it is empty"),
        ({"text": "x", "url": "y"}, "no instruction in this row: its keys are `text`, `url`"),
        ({"text": "Sorry.", "rejected": {}}, "no instruction in this row: its keys are `text`, `rejected`"),
        ({"input": "x"}, "no instruction in this row: its keys are `input`"),
        ({"instruction": None}, "no instruction in this row: its keys are `instruction`"),
        ({"prompt": 3}, "no instruction in this row: its keys are `prompt`"),
    ],
)
def test_a_row_of_no_known_shape_is_refused_with_its_keys(row, problem) -> None:
    with pytest.raises(RowError) as caught:
        records_from(row)
    assert caught.value.problem == problem


@pytest.mark.parametrize(("name", "count"), REAL_FILES.items())
def test_every_row_of_a_real_file_is_a_record(name, count) -> None:
    assert sum(len(records_from(row.value)) for row in rows_of([real(name)])) == count


@pytest.mark.parametrize("name", REAL_FILES)
def test_records_of_a_real_file_survive_their_rows(name) -> None:
    records = [record for row in rows_of([real(name)]) for record in records_from(row.value)]
    assert [from_row(to_row(record)) for record in records] == records


@pytest.mark.parametrize("name", REAL_FILES)
def test_no_key_of_a_real_file_is_lost(name) -> None:
    renamed = {"conversations", "instances", "question", "answer", "prompt"}
    rows = list(rows_of([real(name)]))
    lost = [key for row in rows for key in row.value.keys() - to_row(records_from(row.value)[0]).keys() - renamed]
    assert lost == []


def test_turns_with_reasoning_parts_are_refused_with_the_reason() -> None:
    row = next(rows_of([real("chat_formats/llamafactory_reason_tool_use_demo_50.jsonl")]))
    with pytest.raises(RowError, match="turn 3 has a part that is not text"):
        records_from(row.value)
