"""A journal with an awaitable `keep`, for embeddings.

The rule: nothing is used before it is on disk. The result of a `keep` that was cancelled is dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import Future

from instgen.journal import Journal, Put
from instgen.records import Completion


class Purchases:
    """A journal whose `keep` waits until completions are stored."""

    def __init__(self, journal: Journal) -> None:
        """Set the journal's `on_settled`, so nothing else may use it."""
        self.find = journal.find
        self._journal = journal
        self._waiting: dict[bytes, Future[Completion]] = {}
        journal.on_settled = self._settled

    async def keep(self, bought: Mapping[bytes, Completion]) -> Mapping[bytes, Completion]:
        """Store all completions and wait; returns those to use, which are the ones that the file holds."""
        kept = {key: Future[Completion]() for key in bought}
        self._waiting |= kept
        for key, completion in bought.items():
            self._journal.put(key, completion)
        self._journal.hurry()
        return {key: await asyncio.wrap_future(future) for key, future in kept.items()}

    def _settled(self, puts: Sequence[Put]) -> None:
        """Pass on what was stored. Called in the journal's thread; the waiting task may have been cancelled."""
        for put in puts:
            future = self._waiting.pop(put.key, None)
            if future is None or not future.set_running_or_notify_cancel():
                continue
            if put.problem is not None:
                future.set_exception(put.problem)
            else:
                future.set_result(put.completion)
