"""Do the libraries that everything else is built on load what we write: the same rows, the same types?

`make consumers-light` runs this file twice: with the newest `datasets`, and with 4.0.0.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.consumers.exports import KINDS, LATE

pytestmark = [pytest.mark.consumers, pytest.mark.filterwarnings("default")]
Exports = dict[tuple[str, str], Path]
EVERY = [(name, kind) for name, kinds in KINDS.items() for kind in kinds]
LINES = [
    *(pair for pair in EVERY if pair[0] != "parquet"),
    *((f"late {name}", kind) for name, kind in LATE),
    ("margin trl", "rm"),
]


@pytest.fixture(scope="session")
def datasets(exports: Exports) -> Any:
    return importlib.import_module("datasets")


def written(folder: Path) -> list[dict[str, Any]]:
    (file,) = [*folder.glob("*.jsonl"), *folder.glob("data/train.jsonl")]
    return [json.loads(line) for line in file.read_text("utf-8").split("\n") if line]


def plain(value: Any) -> Any:
    """A value without what a library adds to objects: keys that are null, its own kinds of list."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if item is not None}
    return [plain(item) for item in value] if isinstance(value, list) else value


def bare(value: Any) -> Any:
    """A record of Croissant's as the row that it came from: names without their paths, text that is not bytes."""
    if isinstance(value, dict):
        return {key.rpartition("/")[2]: bare(item) for key, item in value.items()}
    if isinstance(value, bytes):
        return value.decode()
    return [bare(item) for item in value] if isinstance(value, list) else value


def data_files(folder: Path) -> dict[str, str]:
    return {"train": str(next(iter([*folder.glob("*.jsonl"), *folder.glob("data/train.jsonl")])))}


@pytest.mark.parametrize("pair", LINES, ids="-".join)
def test_json_lines_come_back_as_they_were_written(exports: Exports, datasets: Any, pair: tuple[str, str]) -> None:
    folder = exports[pair]
    loaded = datasets.load_dataset("json", data_files=data_files(folder), split="train")
    assert plain(loaded.to_list()) == written(folder)


@pytest.mark.parametrize(
    "pair", [*(("hf", kind) for kind in (*KINDS["hf"], "meta")), ("late hf", "sft"), ("margin hf", "rm")], ids="-".join
)
def test_the_folder_for_the_hub_loads_by_its_path_with_the_types_it_declares(
    exports: Exports, datasets: Any, pair: tuple[str, str]
) -> None:
    folder, kind = exports[pair], pair[1]
    loaded = datasets.load_dataset(str(folder))
    builder = datasets.load_dataset_builder(str(folder))
    first = next(iter(written(folder) if kind != "meta" else loaded["train"]))
    assert set(loaded) == ({"train", "val"} if kind == "meta" else {"train"})
    for split in loaded.values():
        assert list(split.features) == list(first)
        assert split.features == builder.info.features
    assert {name: split.num_examples for name, split in builder.info.splits.items()} == {
        name: len(split) for name, split in loaded.items()
    }
    if kind == "meta":
        meta = [json.loads(row["meta"]) for row in loaded["train"]]
        assert all(one["origin"][0]["teacher"] == "scripted/rules.jsonl" for one in meta)
    else:
        assert plain(loaded["train"].to_list()) == written(folder)


@pytest.mark.parametrize("kind", KINDS["parquet"])
def test_parquet_holds_the_rows_of_the_lines(exports: Exports, datasets: Any, kind: str) -> None:
    loaded = datasets.load_dataset(str(exports["parquet", kind]), split="train")
    assert loaded.to_list() == written(exports["trl", kind])


@pytest.mark.parametrize("pair", LINES, ids="-".join)
def test_polars_reads_the_same(exports: Exports, pair: tuple[str, str]) -> None:
    polars = pytest.importorskip("polars")
    (file,) = data_files(exports[pair]).values()
    assert plain(polars.read_ndjson(file, infer_schema_length=None).to_dicts()) == written(exports[pair])


@pytest.mark.parametrize("pair", EVERY, ids="-".join)
def test_duckdb_reads_the_same(exports: Exports, pair: tuple[str, str]) -> None:
    duckdb = pytest.importorskip("duckdb")
    folder = exports[pair]
    if pair[0] == "parquet":
        query = f"select * from read_parquet('{folder / 'train.parquet'}')"
    else:
        (file,) = data_files(folder).values()
        query = f"select * from read_json('{file}', format='newline_delimited', maximum_object_size=1048576)"
    found = duckdb.sql(query)
    names = found.columns
    rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    assert plain(rows) == written(exports["trl", pair[1]] if pair[0] == "parquet" else folder)


def test_croissant_is_valid_and_its_records_are_the_rows(exports: Exports) -> None:
    pytest.importorskip("mlcroissant")
    for kind in (*KINDS["hf"], "meta"):
        folder = exports["hf", kind]
        program = Path(sys.executable).with_name("mlcroissant")
        done = subprocess.run(
            [str(program), "validate", "--jsonld", "croissant.json"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "HOME": str(folder.parent)},
        )
        assert done.returncode == 0, done.stderr
        assert "error" not in done.stderr.lower(), done.stderr


def test_croissant_reads_every_row(exports: Exports) -> None:
    croissant = pytest.importorskip("mlcroissant")
    for kind in KINDS["hf"]:
        folder = exports["hf", kind]
        records = list(croissant.Dataset(jsonld=str(folder / "croissant.json")).records(record_set="train"))
        assert [bare(record) for record in records] == written(folder)
