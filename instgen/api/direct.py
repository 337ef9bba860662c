"""A run that asks no teacher, made by the thread that wants its records."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing

from instgen.api.result import Result, Spent
from instgen.recipes.flow import Outcome


class Direct:
    """Outcomes that are there as soon as they are asked for."""

    spent = Spent()

    def __init__(self, outcomes: Generator[Outcome], feed: object) -> None:
        """Begin nothing.

        Args:
            outcomes: what the run makes.
            feed: where its rows come from; a result is stopped when nobody reads it on.
        """
        self._outcomes = outcomes
        self._feed = feed if isinstance(feed, Result) else None
        self._is_stopped = False

    def outcomes(self) -> Generator[Outcome]:
        """Every outcome, in order."""
        try:
            with closing(self._outcomes) as outcomes:
                for outcome in outcomes:
                    if self._is_stopped:
                        return
                    yield outcome
        finally:
            self.stop()

    def stop(self) -> None:
        """Make no more."""
        self._is_stopped = True
        if self._feed is not None:
            self._feed.stop()

    def end(self) -> None:
        """The same: nothing is ever under way."""
        self.stop()
