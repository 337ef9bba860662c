"""Shell completion of names that typer does not know, such as teachers, rubrics and rules.

The rule: completing has no side effects, and anything that cannot be read (a broken settings file) silently offers
nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from instgen.cli.commands import SETTABLE
from instgen.cli.config import setting_of
from instgen.errors import InstgenError
from instgen.running.settings import tables_of, users_file

Names = Callable[[Any], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Offered:
    """A completion item, in the shape that typer's shell integrations expect."""

    value: str
    help: str = ""
    type: str = "plain"


def teachers(context: Any) -> Iterator[str]:
    """The user's own teachers, then the providers, with a trailing slash if a model's name must follow."""
    from instgen.teachers.find import known_providers

    config = context.params.get("config")
    with contextlib.suppress(InstgenError):
        yield from tables_of(users_file(Path(config) if config else None)).get("teachers", {})
    for provider in known_providers():
        yield provider if provider == "local" else f"{provider}/"


def rubrics(context: Any) -> Iterator[str]:
    """The names of the rubrics."""
    del context
    from instgen.running.rubrics import listed

    return (line.split()[0] for line in listed())


def rules(context: Any) -> Iterable[str]:
    """The rules of `filter`."""
    del context
    from instgen.filters.plugins import plugged_rules
    from instgen.filters.presets import EVERY_RULE

    return *EVERY_RULE, *plugged_rules()


def methods(context: Any) -> Iterable[str]:
    """The methods of `evolve`."""
    del context
    from instgen.recipes.evolve_ops import METHODS

    return METHODS


def criteria(context: Any) -> Iterator[str]:
    """The criteria that `rank` can compare candidates by."""
    del context
    from instgen.prompts.book import PromptBook
    from instgen.recipes.rank import CRITERION

    blocks = PromptBook().template("rank-pair").blocks
    return (name.removeprefix(CRITERION) for name in blocks if name.startswith(CRITERION))


def formats(context: Any) -> Iterable[str]:
    """The formats of `export`."""
    del context
    from instgen.export.find import known_formats

    return known_formats()


def prompts(context: Any) -> Iterable[str]:
    """The names of the prompt files."""
    del context
    from instgen.prompts.book import built_in

    return sorted(built_in())


def seeds(context: Any) -> Iterable[str]:
    """The languages with bundled seed tasks."""
    del context
    from instgen.seedlist import LANGUAGES

    return LANGUAGES


def wordings(context: Any) -> Iterable[str]:
    """The languages with prompt files."""
    del context
    from instgen.recipes.wording import LANGUAGES

    return LANGUAGES


def commands(context: Any) -> Iterable[str]:
    """The commands with settings."""
    del context
    return SETTABLE


EVERYWHERE: Mapping[str, Names] = {"teacher": teachers, "judge": teachers}
NAMES: Mapping[tuple[str, str], Names] = {
    ("self-instruct", "lang"): seeds,
    ("evolve", "method"): methods,
    ("respond", "with"): teachers,
    ("respond", "lang"): wordings,
    ("score", "rubric"): rubrics,
    ("rank", "criteria"): criteria,
    ("filter", "rule"): rules,
    ("filter", "no-rule"): rules,
    ("export", "to"): formats,
    ("report", "lang"): seeds,
    ("stats", "lang"): seeds,
    ("check", "spec"): teachers,
    ("show", "name"): prompts,
    ("show", "command"): commands,
}
"""What lists the values of an option or argument, by command and option name."""


def completed(command: Any) -> Any:
    """The command, with completion added to its options and arguments."""
    for param in command.params:
        setting = setting_of(param)
        names = NAMES.get((command.name, setting)) or EVERYWHERE.get(setting)
        if names:
            param.shell_complete = _offering(names)
    return command


def _offering(names: Names) -> Callable[[Any, str], list[Offered]]:
    def offer(context: Any, incomplete: str) -> list[Offered]:
        return [Offered(name) for name in names(context) if name.startswith(incomplete)]

    return offer
