"""Rubric lookup by name. The rule: built-in rubrics take precedence, so a plugin cannot replace one."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib import resources

from instgen.errors import UsageError
from instgen.scores.free import MEASURES, Measure
from instgen.scores.ifd import NAME, Ifd
from instgen.scores.plugins import plugged_rubric, plugged_rubrics
from instgen.scores.rubric import SUFFIX, Rubric, parse_rubric


@cache
def built_in() -> dict[str, str]:
    """The content of every rubric file shipped with instgen, by name, sorted."""
    files = resources.files("instgen.scores").joinpath("rubrics").iterdir()
    return {
        file.name.removesuffix(SUFFIX): file.read_text("utf-8")
        for file in sorted(files, key=lambda file: file.name)
        if file.name.endswith(SUFFIX)
    }


def find_rubric(name: str) -> Rubric | Measure | Ifd:
    """The rubric with this name, or the score that needs no judge.

    Raises:
        UsageError: no rubric or score has this name.
    """
    if name in MEASURES:
        return MEASURES[name]
    if name in built_in():
        return parse_rubric(name, built_in()[name])
    if name == NAME:
        return Ifd()
    if (plugged := plugged_rubric(name)) is not None:
        return plugged
    known = [*built_in(), *MEASURES, NAME, *plugged_rubrics()]
    close = get_close_matches(name, known, 1, 0.5)
    hint = f"did you mean {close[0]}? " if close else ""
    raise UsageError(
        f"there is no rubric {name}; known: {', '.join(known)}",
        f"{hint}To use a file of your own, give its path: ./{name}{SUFFIX}",
    )
