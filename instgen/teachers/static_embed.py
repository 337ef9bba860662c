"""`static/FOLDER`: vectors of texts from a model that is a table, one row a token, as model2vec writes them.

A text's vector is the mean of its tokens' rows, so the order of words says nothing; but it takes no key and no network.

The rule: a text's vector depends on the text alone, never on those beside it; and a text that the model cannot read, as
its script is not the model's, gets none, for of such texts all are alike.
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

MOST_UNKNOWN = 0.1
"""The part of a text's tokens that may be unknown to the model: with more, what tells two texts apart may be among
them, and the text gets no vector."""
MOST_LETTERS = 0.5
"""The part of a text's tokens that may be single letters of an alphabet: with more, its words have fallen apart. With
an English model they are 93 % in Russian and 95 % in Korean tasks; in English ones 43 %
at most, in Danish ones 47 %."""
WORDS = ("CJK", "HANGUL SYLLABLE", "HIRAGANA", "KATAKANA")
"""How Unicode names begin of letters that are words or syllables."""
MARKS = ("##", "\u2581", "\u0120")
"""What tokenizers write before a token that goes on with a word, or begins one."""
TABLE, TOKENS = "model.safetensors", "tokenizer.json"


class Encoded(Protocol):
    """A text as tokens."""

    ids: Sequence[int]


class Tokenizer(Protocol):
    """What is used of a tokenizer."""

    def encode_batch_fast(self, texts: Sequence[str], *, add_special_tokens: bool) -> Sequence[Encoded]:
        """The tokens of each text."""
        ...

    def get_vocab(self, *, with_added_tokens: bool) -> Mapping[str, int]:
        """The number of each token."""
        ...

    def token_to_id(self, token: str) -> int | None:
        """The number of one."""
        ...


class StaticModel:
    """A table of vectors and the tokenizer that belongs to it."""

    def __init__(self, folder: Path) -> None:
        """Open the files; the table stays on the disk until it is used.

        Raises:
            MissingPiece: `tokenizers` is not installed.
            InputError: the folder holds no such model.
        """
        self.name = f"static/{folder}"
        self._folder = folder
        self._tokenizer, self._unknown = _tokenizer(folder / TOKENS)
        self._letters = _letters(self._tokenizer)
        """For each token whether it is a single letter."""
        found = tensors(folder / TABLE)
        table = found.get("embeddings", found.get("embedding.weight"))
        if table is None or table.ndim != 2 or not table.size:
            raise InputError(str(folder / TABLE), "holds no table of embeddings", _HINT)
        self._table = table
        self._rows = found.get("mapping")
        """For each token its row, where several share one."""
        self._weights = found.get("weights")
        self._check()

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """A row for each text, of no particular length; zeros where too many of its tokens are unknown.

        Raises:
            InputError: the table holds what is no number.
        """
        answers = np.zeros((len(texts), self._table.shape[1]), np.float32)
        for number, encoded in enumerate(self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)):
            tokens = np.array(encoded.ids, np.int64)
            known = tokens[tokens != self._unknown]
            unknown, letters = len(tokens) - len(known), np.count_nonzero(self._letters[known])
            if len(known) and unknown <= MOST_UNKNOWN * len(tokens) and letters <= MOST_LETTERS * len(tokens):
                answers[number] = self._mean(known)
        if not np.isfinite(answers).all():
            raise InputError(str(self._folder / TABLE), "holds what is no number")
        return answers

    def _mean(self, tokens: NDArray[np.int64]) -> NDArray[np.float64]:
        rows = tokens if self._rows is None else self._rows[tokens]
        found = self._table[rows].astype(np.float64)
        if self._weights is not None:
            found *= self._weights[tokens].astype(np.float64)[:, None]
        mean: NDArray[np.float64] = found.sum(axis=0) / len(tokens)
        return mean

    def _check(self) -> None:
        """See that every token has a row."""
        size = len(self._letters)
        rows, weights = self._rows, self._weights
        tokens = len(self._table) if rows is None else len(rows)
        if rows is not None and not _leads_into(rows, len(self._table)):
            raise InputError(str(self._folder / TABLE), "its mapping leads out of its table")
        if weights is not None and (weights.ndim != 1 or len(weights) != tokens):
            raise InputError(str(self._folder / TABLE), "has not one weight a token")
        if size > tokens:
            raise InputError(str(self._folder), f"the tokenizer knows {size:,} tokens, and the table has {tokens:,}")


def open_static(folder: str) -> StaticModel:
    """The model in a folder.

    Raises:
        MissingPiece: `tokenizers` is not installed.
        InputError: the folder holds no such model.
    """
    path = Path(folder).expanduser()
    for name in (TABLE, TOKENS):
        if not (path / name).is_file():
            raise InputError(folder or "static/", f"there is no {name} here", _HINT)
    return StaticModel(path)


def _tokenizer(path: Path) -> tuple[Tokenizer, int | None]:
    """The tokenizer, which cuts nothing off, and the number of the token for what it does not know."""
    try:
        library = importlib.import_module("tokenizers")
    except ImportError as problem:
        raise MissingPiece("a static model needs the tokenizers package", "pip install 'instgen[embed]'") from problem
    try:
        text = path.read_bytes()
        told = orjson.loads(text)
    except OSError as problem:
        raise InputError(str(path), f"cannot be read: {problem.strerror}") from problem
    except ValueError as problem:
        raise InputError(str(path), "is no tokenizer", _HINT) from problem
    try:
        tokenizer = library.Tokenizer.from_str(text.decode())
    except Exception as problem:  # nothing narrower is raised by tokenizers: its Rust errors come as `Exception` itself
        raise InputError(str(path), "is no tokenizer", _HINT) from problem
    tokenizer.no_padding()
    tokenizer.no_truncation()
    found: Tokenizer = tokenizer
    return found, _unknown(found, told["model"])


def _leads_into(rows: NDArray[Any], size: int) -> bool:
    """Whether these are numbers of rows of a table of this size."""
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
