"""The program as in `tests/cli`, and text that tries to command a terminal."""

from __future__ import annotations

from tests.cli.conftest import folder, instgen

__all__ = ["folder", "instgen"]
