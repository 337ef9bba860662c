"""The prompt files that come with instgen, by name, each of which a user's own file may replace."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib import resources

from instgen.errors import InputError
from instgen.prompts.template import Sampling, Template, parse_template

SUFFIX = ".txt"


class PromptBook:
    """Templates by name, such as `respond` or `alpaca-continue`, in one language where it has them, else in English."""

    def __init__(
        self, language: str = "en", overrides: Mapping[str, str] | None = None, sampling: Sampling | None = None
    ) -> None:
        """Choose the language, the user's own files (name to content) and the sampling of generating prompts.

        Raises:
            InputError: one of the user's files has the name of no prompt.
        """
        self._language = language
        self._overrides = overrides or {}
        self._sampling = sampling or Sampling()
        unknown = set(self._overrides) - {name.partition("/")[2] for name in built_in()} - set(built_in())
        if unknown:
            first = min(unknown)
            raise InputError(first + SUFFIX, "there is no prompt of this name to replace", hint_for(first))

    def template(self, name: str) -> Template:
        """The template of a name: the user's own for this language, or for any, else the built-in one.

        Raises:
            InputError: the user's file cannot be read as a template.
            KeyError: there is no prompt of this name.
        """
        for full in (f"{self._language}/{name}", name):
            if full in self._overrides:
                return parse_template(full, self._overrides[full], self._sampling)
        available = built_in()
        full = f"{self._language}/{name}"
        full = full if full in available else f"en/{name}"
        return parse_template(full, available[full], self._sampling)


def hint_for(name: str) -> str:
    """What to do about a name that no prompt file has."""
    close = get_close_matches(name, built_in(), 1)
    meant = f"did you mean {close[0]}? " if close else ""
    return f"{meant}instgen prompts list shows all names"


@cache
def built_in() -> dict[str, str]:
    """Every prompt file that comes with instgen: `language/name` to its content."""
    root = resources.files("instgen.prompts")
    return {
        f"{folder.name}/{file.name.removesuffix(SUFFIX)}": file.read_text("utf-8")
        for folder in root.iterdir()
        if folder.is_dir()
        for file in folder.iterdir()
        if file.name.endswith(SUFFIX)
    }
