"""A static model's vector of a text is the mean of its tokens' rows; a text that it cannot read has none."""

from __future__ import annotations

import importlib
import json
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from instgen.errors import InputError, MissingPiece
from instgen.teachers.static_embed import TABLE, TOKENS, StaticModel, open_static

SMALL = Path(__file__).parents[2].parent / "shared" / "data" / "small_embedding_model"
needs_tokenizers = pytest.mark.skipif(
    importlib.util.find_spec("tokenizers") is None, reason="tokenizers is not installed: pip install 'instgen[embed]'"
)
WORDS = ("[UNK]", "name", "a", "tall", "tree", "b", "c", "木")
TABLE_OF_WORDS = np.array([[9, 9], [1, 0], [0, 1], [2, 2], [4, 0], [1, 1], [1, 2], [0, 5]], np.float32)
KINDS = {"float32": "F32", "float64": "F64", "int8": "I8", "int64": "I64"}


def write_model(folder: Path, words: Sequence[str] = WORDS, **tensors: np.ndarray) -> Path:
    """A model of whole words."""
    header: dict[str, Any] = {}
    data = b""
    for name, tensor in ({"embeddings": TABLE_OF_WORDS} | tensors).items():
        span = [len(data), len(data) + tensor.nbytes]
        header[name] = {"dtype": KINDS[tensor.dtype.name], "shape": tensor.shape, "data_offsets": span}
        data += tensor.tobytes()
    said = json.dumps(header).encode()
    folder.mkdir(exist_ok=True)
    (folder / TABLE).write_bytes(struct.pack("<Q", len(said)) + said + data)
    model = {"type": "WordLevel", "vocab": {word: number for number, word in enumerate(words)}, "unk_token": "[UNK]"}
    tokenizer: Mapping[str, Any] = {
        "version": "1.0",
        "truncation": {"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0},
        "padding": None,
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": model,
    }
    (folder / TOKENS).write_text(json.dumps(tokenizer))
    return folder


def vectors(folder: Path, *texts: str) -> list[list[float]]:
    found: list[list[float]] = open_static(str(folder)).vectors(texts).tolist()
    return found


@needs_tokenizers
def test_a_vector_is_the_mean_of_all_tokens_rows(tmp_path):
    folder = write_model(tmp_path / "m")
    assert vectors(folder, "name a tall tree", "tree") == [[1.75, 0.75], [4, 0]]


@needs_tokenizers
@pytest.mark.parametrize("text", ["", "   ", "name a tall oak", "a b c", "树"])
def test_a_text_that_cannot_be_read_has_no_vector(tmp_path, text):
    assert vectors(write_model(tmp_path / "m"), text) == [[0, 0]]


@needs_tokenizers
def test_a_word_that_is_one_letter_of_its_script_can_be_read(tmp_path):
    assert vectors(write_model(tmp_path / "m"), "木", "a tree") == [[0, 5], [2, 0.5]]


@needs_tokenizers
def test_one_unknown_token_in_ten_is_passed_over(tmp_path):
    text = "name " * 9
    assert vectors(write_model(tmp_path / "m"), text + "oak") == [[1, 0]]


@needs_tokenizers
def test_tokens_may_share_rows_and_weigh_differently(tmp_path):
    rows = np.array([0, 1, 1, 2, 3, 0, 0, 0], np.int64)
    weights = np.array([1, 1, 3, 1, 2, 1, 1, 1], np.float64)
    table = np.array([[0, 0], [1, 2], [3, 4], [-1, 5]], np.int8)
    folder = write_model(tmp_path / "m", embeddings=table, mapping=rows, weights=weights)
    assert vectors(folder, "name tree", "name a") == [[(1 - 2) / 2, (2 + 10) / 2], [2, 4]]


@needs_tokenizers
@pytest.mark.parametrize(
    "tensors",
    [
        {"embeddings": TABLE_OF_WORDS[:5]},
        {"embeddings": TABLE_OF_WORDS.ravel()},
        {"embeddings": TABLE_OF_WORDS[:0]},
        {"mapping": np.array([0, 1, 2, 3, 4, 5, 6, 8])},
        {"mapping": np.array([0, 1, 2, 3, 4, 5, 6, -1])},
        {"weights": np.array([1.0, 2.0])},
    ],
)
def test_a_table_that_does_not_fit_its_tokens_is_no_model(tmp_path, tensors):
    with pytest.raises(InputError):
        open_static(str(write_model(tmp_path / "m", **tensors)))


@needs_tokenizers
def test_what_is_no_number_is_said_to_be_none(tmp_path):
    table = TABLE_OF_WORDS.copy()
    table[1, 0] = np.nan
    with pytest.raises(InputError, match="not numbers"):
        vectors(write_model(tmp_path / "m", embeddings=table), "name")


@needs_tokenizers
def test_what_is_no_tokenizer_is_said_to_be_none(tmp_path):
    folder = write_model(tmp_path / "m")
    (folder / TOKENS).write_text("{}")
    with pytest.raises(InputError, match="not a tokenizer"):
        open_static(str(folder))


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(InputError, match=f"{tmp_path}: there is no {TABLE}"):
        open_static(str(tmp_path))


def test_without_tokenizers_the_extra_is_named(tmp_path, monkeypatch):
    def missing(name: str) -> None:
        raise ImportError(name)

    folder = write_model(tmp_path / "m")
    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(MissingPiece) as problem:
        open_static(str(folder))
    assert problem.value.hint == "pip install 'instgen[embed]'"


@pytest.fixture
def small() -> StaticModel:
    if not SMALL.exists():
        pytest.skip("the small embedding model is not here")
    return open_static(str(SMALL))


@needs_tokenizers
def test_a_real_model_knows_a_paraphrase_from_another_task(small):
    texts = ["What is the capital of Australia?", "What is the capital city of Australia?", "Write a poem about rain."]
    found = small.vectors(texts).astype(float)
    units = found / np.linalg.norm(found, axis=1, keepdims=True)
    assert units[0] @ units[1] > 0.9 > 0.5 > units[0] @ units[2]


@needs_tokenizers
@pytest.mark.parametrize(
    "text", ["한국어로 된 문장을 써 주세요", "Напишите стихотворение о дожде", "请把这句话翻译成法语"]
)
def test_an_english_model_does_not_pretend_to_read_other_scripts(small, text):
    assert not small.vectors([text]).any()


@needs_tokenizers
def test_a_vector_does_not_depend_on_the_texts_beside_it(small):
    texts = [f"Name {number} trees that {'grow ' * number}here" for number in range(20)]
    together = small.vectors(texts)
    assert all(np.array_equal(small.vectors([text])[0], row) for text, row in zip(texts, together, strict=True))
