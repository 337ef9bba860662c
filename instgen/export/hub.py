"""A folder for the Hugging Face Hub, and Parquet: TRL's columns, which most that is on the Hub has as well.

The folder loads by its path as it stands: the card's front matter names the files, the splits and every column's type.
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
    "whatever reads Parquet: TRL's columns, typed and packed",
    LAYOUTS,
    file="{split}.parquet",
    parquet=True,
)
