"""The user's settings file: where it is, and what a settings file holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from instgen.errors import InputError


def users_file(config: Path | None) -> Path:
    """The user's own settings file, or the one that `--config` names; it need not be there."""
    if config is not None:
        return config
    import platformdirs

    return platformdirs.user_config_path("instgen") / "config.toml"


def tables_of(path: Path) -> dict[str, Any]:
    """All that a settings file holds.

    Raises:
        InputError: it cannot be read, or is not TOML.
    """
    import tomllib

    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as problem:  # no UTF-8, a number of 5,000 digits, 1,000 brackets
        raise InputError(str(path), f"not TOML: {problem}") from problem
    except OSError as problem:
        raise InputError(str(path), f"cannot be read: {problem.strerror}") from problem
