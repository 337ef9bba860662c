"""Prompt files, built-in or replaced by the user's own, and other text files that options name."""

from __future__ import annotations

import os
from pathlib import Path

from instgen.errors import InputError, UsageError
from instgen.prompts.book import SUFFIX, PromptBook
from instgen.prompts.template import Sampling
from instgen.running.options import Asking


def open_prompts(asking: Asking, language: str) -> PromptBook:
    """The prompt files of a language; files in the user's folder replace the built-in ones.

    Raises:
        UsageError: the folder does not exist.
        InputError: the folder or a file in it cannot be read.
    """
    return PromptBook(language, _overrides(asking.prompts) if asking.prompts else None, sampling_of(asking))


def sampling_of(asking: Asking) -> Sampling:
    """The sampling parameters, from the options."""
    return Sampling(asking.temperature, asking.top_p, asking.max_tokens)


def text_of(file: Path, hint: str = "") -> str:
    """The content of a text file.

    Raises:
        InputError: it is not UTF-8, or cannot be opened; `hint` says what to do then.
    """
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as problem:
        raise InputError(str(file), "is not UTF-8 text") from problem
    except OSError as problem:
        raise InputError(str(file), f"cannot be read: {problem.strerror}", hint) from problem


def _overrides(folder: Path) -> dict[str, str]:
    """The user's prompt files by name: `respond.txt`, or `zh/respond.txt` for one language."""
    if not folder.is_dir():
        raise UsageError(f"{folder}: no such folder of prompt files", "instgen prompts export DIR makes one")
    if not os.access(folder, os.R_OK | os.X_OK):
        raise InputError(str(folder), "you have no permission to read this folder")
    files = sorted(folder.glob(f"*{SUFFIX}")) + sorted(folder.glob(f"*/*{SUFFIX}"))
    return {file.relative_to(folder).as_posix().removesuffix(SUFFIX): text_of(file) for file in files}
