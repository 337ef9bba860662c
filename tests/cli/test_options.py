"""Options of a command line: declared once for each field, and told apart by who said them."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from instgen.cli.options import GROUPS
from instgen.cli.parsed import parsed
from instgen.running.options import Explicit


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.__name__)
def test_every_field_of_a_group_is_declared_and_in_its_order(group: Any) -> None:
    assert [*GROUPS[group]] == [each.name for each in fields(group) if each.name != "explicit"]


def test_who_said_an_option_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INSTGEN_TIMEOUT", "9")
    monkeypatch.setenv("INSTGEN_RESPOND_RPM", "7")
    (tmp_path / "instgen.toml").write_text("seed = 5\n[respond]\ntries = 2\n")
    told = parsed("respond", {"teacher": "scripted/x", "tpm": None, "replace": False})
    assert told.explicit == Explicit(frozenset({"teacher"}), frozenset({"timeout", "rpm"}))
    assert [told.values[name] for name in ("teacher", "timeout", "rpm", "seed", "tries")] == ["scripted/x", 9, 7, 5, 2]
    assert ("teacher" in told.explicit, "rpm" in told.explicit, "seed" in told.explicit) == (True, True, False)
