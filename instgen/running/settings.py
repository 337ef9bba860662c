"""The user's settings file: its path, and its tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from instgen.errors import InputError


def users_file(config: Path | None) -> Path:
    """The path of the user's settings file, or the one that `--config` names; the file need not exist."""
    if config is not None:
        return config
    import platformdirs

    return platformdirs.user_config_path("instgen") / "config.toml"


def tables_of(path: Path) -> dict[str, Any]:
    """The content of a settings file.

    Raises:
        InputError: it cannot be read, or is not TOML.
    """
    import tomllib

    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError) as problem:  # not UTF-8, a number of 5,000 digits, 1,000 brackets
        raise InputError(str(path), f"not TOML: {problem}") from problem
    except OSError as problem:
        raise InputError(str(path), f"cannot be read: {problem.strerror}") from problem
