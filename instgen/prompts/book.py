"""The prompt files shipped with instgen, by name; a user's own file may replace any of them."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib import resources

from instgen.errors import InputError
from instgen.prompts.template import Sampling, Template, parse_template

SUFFIX = ".txt"


class PromptBook:
    """Templates by name, such as `respond` or `alpaca-continue`, in one language, or in English if it has none."""

    def __init__(
        self, language: str = "en", overrides: Mapping[str, str] | None = None, sampling: Sampling | None = None
    ) -> None:
        """Set the language, the user's own files and the sampling settings.

        Args:
            language: `en`, `zh` …
            overrides: the content of the user's own files by name, with or without the language (`en/respond`).
            sampling: overrides the settings of prompts for the teacher; those for a judge keep their own.

        Raises:
            InputError: an override has the name of no built-in prompt.
        """
        self._language = language
        self._overrides = overrides or {}
        self._sampling = sampling or Sampling()
        unknown = set(self._overrides) - {name.partition("/")[2] for name in built_in()} - set(built_in())
        if unknown:
            first = min(unknown)
            raise InputError(first + SUFFIX, "there is no prompt with this name to replace", hint_for(first))

    def template(self, name: str) -> Template:
        """The template with this name: the user's own for this language, else for any, else the built-in one.

        Raises:
            InputError: the user's file is not a valid template.
            KeyError: there is no prompt with this name.
        """
        for full in (f"{self._language}/{name}", name):
            if full in self._overrides:
                return parse_template(full, self._overrides[full], self._sampling)
        available = built_in()
        full = f"{self._language}/{name}"
        full = full if full in available else f"en/{name}"
        return parse_template(full, available[full], self._sampling)


def hint_for(name: str) -> str:
    """A hint for an unknown prompt name: the closest match, if any, and how to list all names."""
    close = get_close_matches(name, built_in(), 1)
    meant = f"did you mean {close[0]}? " if close else ""
    return f"{meant}instgen prompts list shows all names"


@cache
def built_in() -> dict[str, str]:
    """The content of every prompt file shipped with instgen, by `language/name`."""
    root = resources.files("instgen.prompts")
    return {
        f"{folder.name}/{file.name.removesuffix(SUFFIX)}": file.read_text("utf-8")
        for folder in root.iterdir()
        if folder.is_dir()
        for file in folder.iterdir()
        if file.name.endswith(SUFFIX)
    }
