"""A run without calls, executed in the thread that iterates over its records."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing

from instgen.api.result import Result, Spent
from instgen.recipes.flow import Outcome


class Direct:
    """Outcomes computed as they are consumed."""

    spent = Spent()

    def __init__(self, outcomes: Generator[Outcome], feed: object) -> None:
        """Set up the run; nothing is computed yet.

        Args:
            outcomes: the run's outcomes.
            feed: the source of its rows; if that is a `Result`, it is stopped with this run.
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
        """Make no more outcomes, and stop the feed."""
        self._is_stopped = True
        if self._feed is not None:
            self._feed.stop()

    def end(self) -> None:
        """The same as `stop`: nothing runs in the background."""
        self.stop()
