"""The files that the pages' lines name and do not make: small data of every kind, in a folder of the page's own."""

from __future__ import annotations

import json
import os
import re
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.cli.conftest import write_rules
from tests.docs.blocks import ROOT, Block

Rows = Sequence[Mapping[str, object]]

TASKS = (
    (
        "Explain to a child why the sea is salty.",
        "Rivers wash a little salt out of the rocks, and it stays in the sea.",
    ),
    ("Name three uses of beeswax.", "Candles, polish for wood, and a coat for cheese."),
    ("Which of these is a fruit: leek, plum, barley?", "The plum is the only one of them."),
    ("Turn this into a question: The museum opens at ten.", ""),
    ("How long does a letter take from Rome to Oslo?", "By ordinary mail between four days and a week."),
    ("Write a short toast for a retiring bus driver.", "To thirty years of green lights, and to the road from now on!"),
    ("What does the word threshold mean?", "The sill of a door, or the point from which on something counts."),
    ("Give a rule of thumb for watering cacti.", "Water them when the earth has been dry for a week, less in winter."),
    ("Sort these by weight: hammer, feather, anvil.", "Feather, hammer, anvil."),
    ("Suggest a title for an essay about old bridges.", "What Still Carries Us"),
    ("Convert 30 miles to kilometres.", "30 miles are about 48 kilometres."),
    ("Tell me one thing that owls and cats have in common.", "Both of them see well at dusk."),
)
DATA: Rows = [
    {"id": f"row-{number}", "instruction": instruction, "output": output}
    for number, (instruction, output) in enumerate(TASKS)
]
ANSWERED: Rows = [row for row in DATA if row["output"]]
CAPITALS = {"France": "Paris", "England": "London", "Austria": "Vienna", "Egypt": "Cairo", "Spain": "Madrid"}
CAPITALS |= {"Italy": "Rome", "Norway": "Oslo", "Poland": "Warsaw", "Japan": "Tokyo", "Kenya": "Nairobi"}
CANDIDATES: Rows = [
    {
        "instruction": f"What is the capital of {country}?",
        "output": "I believe that it is Lyon, or was.",
        "candidates": [{"output": "I believe that it is Lyon, or was."}, {"output": f"It is {city}, on a river."}],
    }
    for country, city in CAPITALS.items()
]
RANKED: Rows = [
    {
        "instruction": f"What is the capital of {country}?",
        "candidates": [
            {"output": "I believe that it is Lyon, or was.", "rank": 1},
            {"output": f"It is {city}, on a river.", "rank": 2},
        ],
    }
    for country, city in CAPITALS.items()
]
TALKS: Rows = [
    {
        "messages": [
            {"role": ("user", "assistant")[number % 2], "content": text}
            for number, text in enumerate(
                ("Hello there", "Good day to you!", "How long is the Nile?", "It is about 6,650 kilometres long.")
            )
        ]
    }
]
ITEM: Rows = [{"question": "How many trees does it take to make a very small forest in the north of the country?"}]
SCORED: Rows = [{**row, "scores": {"quality": 3 + number % 3}} for number, row in enumerate(ANSWERED)]
FILES: Mapping[str, Rows] = {
    "data": DATA,
    "tasks": ANSWERED,
    "theirs": DATA,
    "gsm8k_test": ITEM,
    "HumanEval": ITEM,
    "run": [{"command": "respond", "requests": 1, "cost_known": False}],
    "old": ANSWERED[:1],
    "evolved": ANSWERED,
    "scored": SCORED,
    "candidates": CANDIDATES,
    "ranked": RANKED,
    "mine": ANSWERED,
    "talks": TALKS,
    "test": ITEM,
    "judge": [{"match": "answer A\n[^\n]*river", "reply": "[[A]]"}, {"reply": "[[B]]"}],
}
SETTINGS = """\
[teachers.small]
teacher = "openai/small"
base_url = "http://127.0.0.1:8001/v1"

[teachers.fast]
teacher = "openai/fast"
base_url = "http://127.0.0.1:8002/v1"
"""
KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "CLUSTER_KEY")


def fill(folder: Path, page: Sequence[Block]) -> None:
    """Put the files there, with those that the page shows in full, and the settings that it tells to write down."""
    scripts = "\n".join(block.text for block in page if block.kind == "sh")
    for name, rows in FILES.items():
        if is_given(f"{name}.jsonl", scripts):
            (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    shutil.copy(ROOT / "seeds" / "en.jsonl", folder / "my-seeds.jsonl")
    write_rules(folder / "rules.jsonl")
    for name in ("seeds", "examples"):
        (folder / name).symlink_to(ROOT / name)
    for block in page:
        if block.file and block.kind != "sh":
            (folder / block.file).parent.mkdir(parents=True, exist_ok=True)
            (folder / block.file).write_text(block.text)
    if "config init" not in scripts:
        write_settings(folder, page)


def write_settings(folder: Path, page: Sequence[Block]) -> None:
    """Name the teachers that the page tells to name, and some others, in the user's own file."""
    said = [block.text for block in page if block.kind == "toml" and tomllib.loads(block.text).keys() & {"teachers"}]
    config = folder / "home" / "config" / "instgen" / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    with config.open("a") as file:
        file.write("\n".join((SETTINGS, *said)))


def is_given(file: str, scripts: str) -> bool:
    """Whether scripts read a file before they make it."""
    first = re.search(rf"(-o |> |--summary )?(?<![\w-]){re.escape(file)}", scripts)
    return first is not None and first[1] is None


def environment(folder: Path, programs: Path) -> dict[str, str]:
    """What a script finds: the stand-in first on its path, keys, and folders of its own."""
    own = {name: f"{folder}/home/{name[4:-5].lower()}" for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME")}
    keys = dict.fromkeys(KEYS, "no-key")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("INSTGEN_")}
    return {**kept, **own, **keys, "HOME": f"{folder}/home", "PATH": f"{programs}:{os.environ['PATH']}"}
