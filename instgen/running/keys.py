"""API keys: each is in an environment variable or a file that an option names, never in an option itself.

The rule: errors do not repeat the value of such an option, since it may be the key itself, given by mistake.
"""

from __future__ import annotations

import os
from pathlib import Path

from instgen.errors import UsageError


def api_key(variable: str | None, file: Path | None, variable_option: str, file_option: str = "") -> str | None:
    """The key in the named variable or file; None means the provider's usual variable.

    Args:
        variable: the variable's name.
        file: the file that contains the key; only its owner may have access.
        variable_option: the option or setting that names the variable, for errors.
        file_option: the option or setting that names the file.

    Raises:
        UsageError: both are given, or the one that is given contains no key.
    """
    if variable and file:
        raise UsageError(f"{variable_option} and {file_option} both give a key", "use one of them")
    if variable:
        if not (key := os.environ.get(variable)):
            raise UsageError(
                f"{variable_option}: no variable of this name is set", "it is the variable's name, not the key"
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
            f"{file_option}: cannot be read: {problem.strerror}", "it is the file that holds the key"
        ) from None
    except UnicodeDecodeError:
        raise UsageError(f"{file_option}: is not UTF-8 text", "the file must hold only the key") from None
