"""Rubrics from other packages, by entry points in the group `instgen.rubrics`.

The entry point's object is the text of a rubric file, or a `Measure`, which scores without a judge.
"""

from __future__ import annotations

from dataclasses import replace

from instgen.errors import UsageError
from instgen.plugins import plugged, plugged_names
from instgen.scores.free import Measure
from instgen.scores.rubric import Rubric, parse_rubric

GROUP = "instgen.rubrics"


def plugged_rubric(name: str) -> Rubric | Measure | None:
    """The rubric that a package provides under this name; None if there is none.

    Raises:
        UsageError: the entry point cannot be imported, or is neither a text nor a `Measure`.
        InputError: the rubric's text is malformed.
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
    """The names of all rubrics from other packages."""
    return plugged_names(GROUP)
