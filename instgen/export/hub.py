"""The formats `hf` (a folder for the Hugging Face Hub) and `parquet`, with TRL's columns, the most common on the Hub.

The folder can be loaded by its path as is: the card's front matter has the files, the splits and all column types.
"""

from __future__ import annotations

from collections.abc import Mapping

from instgen.export.croissant import croissant
from instgen.export.format import Exported, Format
from instgen.export.trl import LAYOUTS


def _side_files(exported: Exported) -> Mapping[str, str]:
    return {"croissant.json": croissant(exported)}


HUB = Format(
    "hf",
    "the Hugging Face Hub: data, card, Croissant metadata",
    LAYOUTS,
    side_files=_side_files,
    file="data/{split}.jsonl",
    card=True,
)

PARQUET = Format(
    "parquet",
    "any reader of Parquet: TRL's columns, typed and compressed",
    LAYOUTS,
    file="{split}.parquet",
    parquet=True,
)
