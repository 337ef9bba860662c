"""Rubrics that other packages bring: an entry point in the group `instgen.rubrics` names the text of a rubric's file.

It may also name a `Measure`, which scores without a judge.
"""

from __future__ import annotations

from dataclasses import replace

from instgen.errors import UsageError
from instgen.plugins import plugged, plugged_names
from instgen.scores.free import Measure
from instgen.scores.rubric import Rubric, parse_rubric

GROUP = "instgen.rubrics"


def plugged_rubric(name: str) -> Rubric | Measure | None:
    """The rubric that a package brings under this name, if one does.

    Raises:
        UsageError: its code cannot be imported, or is no rubric.
        InputError: the text is malformed.
    """
    found = plugged(GROUP, name)
    if found is None:
        return None
    if isinstance(found, Measure):
        return replace(found, name=name)
    if not isinstance(found, str):
        raise UsageError(f"{name} ({GROUP}) is neither a rubric's text nor a Measure, but a {type(found).__name__}")
    return parse_rubric(name, found, f"{name} ({GROUP})")


def plugged_rubrics() -> tuple[str, ...]:
    """The names of all such rubrics."""
    return plugged_names(GROUP)
