"""The examples run, as they stand."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import write_rules
from tests.docs.blocks import ROOT
from tests.docs.program import Programs


@pytest.mark.parametrize("script", sorted((ROOT / "examples").glob("*.sh")), ids=lambda path: path.name)
def test_every_example_runs(tmp_path: Path, script: Path, programs: Programs) -> None:
    write_rules(tmp_path / "rules.jsonl")
    path = f"{programs.folder}:{os.environ['PATH']}"
    found = {**os.environ, "PATH": path, "INSTGEN_TEACHER": "scripted/rules.jsonl"}
    done = subprocess.run(
        ["sh", str(script)], cwd=tmp_path, env=found, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.glob("*.jsonl"))
