"""The folders that are exported once for all tests, and nothing fetched from anywhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.consumers.exports import make

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", TRANSFORMERS_OFFLINE="1")

Exports = dict[tuple[str, str], Path]


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Exports:
    """Each format and kind, and where it was written."""
    folder = tmp_path_factory.mktemp("exports")
    os.environ["HF_HOME"] = os.environ["HF_DATASETS_CACHE"] = str(folder / "hub")
    return make(folder)
