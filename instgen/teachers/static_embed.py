"""`static/FOLDER`: embeddings from a static model, a table with one row per token, as model2vec writes them.

A text's vector is the mean of its tokens' rows, so word order does not matter; no key and no network are needed.

The rule: a text's vector depends on the text alone, never on others in the batch. A text in a script that the model
does not know gets no vector, because all such texts would be alike.
"""

from __future__ import annotations

import importlib
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import orjson
from numpy.typing import NDArray

from instgen.errors import InputError, MissingPiece
from instgen.teachers.safetensors import tensors

MAX_UNKNOWN = 0.1
"""The share of a text's tokens that may be unknown to the model. A text with more gets no vector, because what
distinguishes it from another may be among them."""
MAX_LETTERS = 0.5
"""The share of a text's tokens that may be single letters of an alphabet. With more, its words have been split into
letters, and it gets no vector. With an English model the share is 93 % in Russian and 95 % in Korean tasks, but at most
43 % in English and 47 % in Danish ones."""
WORDS = ("CJK", "HANGUL SYLLABLE", "HIRAGANA", "KATAKANA")
"""Prefixes of the Unicode names of letters that are words or syllables."""
MARKS = ("##", "\u2581", "\u0120")
"""Prefixes by which tokenizers mark a token that continues or begins a word."""
TABLE, TOKENS = "model.safetensors", "tokenizer.json"


class Encoded(Protocol):
    """A tokenized text."""

    ids: Sequence[int]


class Tokenizer(Protocol):
    """The part of the tokenizers library's `Tokenizer` that is used."""

    def encode_batch_fast(self, texts: Sequence[str], *, add_special_tokens: bool) -> Sequence[Encoded]:
        """The tokens of each text."""
        ...

    def get_vocab(self, *, with_added_tokens: bool) -> Mapping[str, int]:
        """The id of each token."""
        ...

    def token_to_id(self, token: str) -> int | None:
        """The id of one token; None if it is unknown."""
        ...


class StaticModel:
    """A table of vectors and its tokenizer."""

    def __init__(self, folder: Path) -> None:
        """Open the files; the table is memory-mapped and read when it is used.

        Raises:
            MissingPiece: `tokenizers` is not installed.
            InputError: the folder does not contain a static model.
        """
        self.name = f"static/{folder}"
        self._folder = folder
        self._tokenizer, self._unknown = _tokenizer(folder / TOKENS)
        self._letters = _letters(self._tokenizer)
        """By token id, whether the token is a single letter."""
        found = tensors(folder / TABLE)
        table = found.get("embeddings", found.get("embedding.weight"))
        if table is None or table.ndim != 2 or not table.size:
            raise InputError(str(folder / TABLE), "contains no embedding table", _HINT)
        self._table = table
        self._rows = found.get("mapping")
        """By token id, its row in the table, if tokens share rows; else None."""
        self._weights = found.get("weights")
        self._check()

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """A matrix with one row for each text, not normalized; zeros for a text that the model cannot read.

        Raises:
            InputError: the table contains values that are not numbers.
        """
        answers = np.zeros((len(texts), self._table.shape[1]), np.float32)
        for number, encoded in enumerate(self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)):
            tokens = np.array(encoded.ids, np.int64)
            known = tokens[tokens != self._unknown]
            unknown, letters = len(tokens) - len(known), np.count_nonzero(self._letters[known])
            if len(known) and unknown <= MAX_UNKNOWN * len(tokens) and letters <= MAX_LETTERS * len(tokens):
                answers[number] = self._mean(known)
        if not np.isfinite(answers).all():
            raise InputError(str(self._folder / TABLE), "contains values that are not numbers")
        return answers

    def _mean(self, tokens: NDArray[np.int64]) -> NDArray[np.float64]:
        rows = tokens if self._rows is None else self._rows[tokens]
        found = self._table[rows].astype(np.float64)
        if self._weights is not None:
            found *= self._weights[tokens].astype(np.float64)[:, None]
        mean: NDArray[np.float64] = found.sum(axis=0) / len(tokens)
        return mean

    def _check(self) -> None:
        """Raise InputError unless every token has a row, and a weight if there are weights."""
        size = len(self._letters)
        rows, weights = self._rows, self._weights
        tokens = len(self._table) if rows is None else len(rows)
        if rows is not None and not _leads_into(rows, len(self._table)):
            raise InputError(str(self._folder / TABLE), "its mapping points outside its table")
        if weights is not None and (weights.ndim != 1 or len(weights) != tokens):
            raise InputError(str(self._folder / TABLE), "does not have one weight per token")
        if size > tokens:
            raise InputError(str(self._folder), f"the tokenizer knows {size:,} tokens, and the table has {tokens:,}")


def open_static(folder: str) -> StaticModel:
    """The model in a folder.

    Raises:
        MissingPiece: `tokenizers` is not installed.
        InputError: the folder does not contain a static model.
    """
    path = Path(folder).expanduser()
    for name in (TABLE, TOKENS):
        if not (path / name).is_file():
            raise InputError(folder or "static/", f"there is no {name} here", _HINT)
    return StaticModel(path)


def _tokenizer(path: Path) -> tuple[Tokenizer, int | None]:
    """The tokenizer, without truncation and padding, and the id of its unknown token, if it has one."""
    try:
        library = importlib.import_module("tokenizers")
    except ImportError as problem:
        raise MissingPiece("a static model needs the tokenizers package", "pip install 'instgen[embed]'") from problem
    try:
        text = path.read_bytes()
        settings = orjson.loads(text)
    except OSError as problem:
        raise InputError(str(path), f"cannot be read: {problem.strerror}") from problem
    except ValueError as problem:
        raise InputError(str(path), "is not a tokenizer", _HINT) from problem
    try:
        tokenizer = library.Tokenizer.from_str(text.decode())
    except Exception as problem:  # tokenizers raises nothing narrower: its Rust errors are plain `Exception`s
        raise InputError(str(path), "is not a tokenizer", _HINT) from problem
    tokenizer.no_padding()
    tokenizer.no_truncation()
    found: Tokenizer = tokenizer
    return found, _unknown(found, settings["model"])


def _leads_into(rows: NDArray[Any], size: int) -> bool:
    """Whether all values are row numbers of a table with `size` rows."""
    return bool(rows.ndim == 1 and rows.size and rows.dtype.kind == "i" and 0 <= rows.min() <= rows.max() < size)


def _letters(tokenizer: Tokenizer) -> NDArray[np.bool_]:
    vocabulary = tokenizer.get_vocab(with_added_tokens=True)
    found = np.zeros(max(vocabulary.values(), default=-1) + 1, bool)
    for token, number in vocabulary.items():
        found[number] = _is_letter(token)
    return found


def _is_letter(token: str) -> bool:
    for mark in MARKS:
        token = token.removeprefix(mark)
    return len(token) == 1 and token.isalpha() and not unicodedata.name(token, "").startswith(WORDS)


def _unknown(tokenizer: Tokenizer, model: Mapping[str, Any]) -> int | None:
    if isinstance(model.get("unk_id"), int):
        return int(model["unk_id"])
    name = model.get("unk_token")
    return tokenizer.token_to_id(name) if isinstance(name, str) else None


_HINT = "a model2vec folder holds config.json, model.safetensors and tokenizer.json"
