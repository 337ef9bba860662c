"""Rules from other packages: an entry point in the group `instgen.filters` names a `Rule`."""

from __future__ import annotations

from dataclasses import replace

from instgen.errors import UsageError
from instgen.filters.rule import Rule
from instgen.plugins import plugged, plugged_names

GROUP = "instgen.filters"


def plugged_rule(name: str) -> Rule | None:
    """The rule that an installed package provides under this name, or None.

    Raises:
        UsageError: its code cannot be imported, or it is not a `Rule`.
    """
    found = plugged(GROUP, name)
    if found is None:
        return None
    if not isinstance(found, Rule):
        raise UsageError(f"{name} ({GROUP}) is not an instgen.filters.rule.Rule but a {type(found).__name__}")
    return replace(found, name=name)


def plugged_rules() -> tuple[str, ...]:
    """The names of all rules from installed packages."""
    return plugged_names(GROUP)
