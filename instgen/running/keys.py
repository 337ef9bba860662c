"""Keys: each stands in a variable or a file that is named, never in an option.

The rule: what was given is not repeated where it leads nowhere: it may be the key itself, by mistake.
"""

from __future__ import annotations

import os
from pathlib import Path

from instgen.errors import UsageError


def api_key(variable: str | None, file: Path | None, variable_said: str, file_said: str = "") -> str | None:
    """The key by the named variable or file; None leaves the provider's usual variable.

    Args:
        variable: the variable's name.
        file: the file that holds the key, for its owner alone.
        variable_said: what names the variable, an option or a setting, as errors call it.
        file_said: what names the file.

    Raises:
        UsageError: both are named, or what is named holds no key.
    """
    if variable and file:
        raise UsageError(f"{variable_said} and {file_said} both give a key", "use one of them")
    if variable:
        if not (key := os.environ.get(variable)):
            raise UsageError(
                f"{variable_said}: no variable of this name is set", "it is the variable's name, not the key"
            )
        return key
    if not file:
        return None
    path = file.expanduser()
    try:
        if path.stat().st_mode & 0o077:
            raise UsageError(f"{file}: others may read this key", f"chmod 600 {file}")
        return path.read_text("utf-8").strip()
    except OSError as problem:
        raise UsageError(
            f"{file_said}: cannot be read: {problem.strerror}", "it is the file that holds the key"
        ) from None
    except UnicodeDecodeError:
        raise UsageError(f"{file_said}: is not UTF-8 text", "the file must hold only the key") from None
