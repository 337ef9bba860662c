"""The journal, for one who waits until what was put is safe.

The rule: nothing is used before it is on disk, and a caller that has given up waiting is not called.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import Future

from instgen.journal import Journal, Put
from instgen.records import Completion


class Purchases:
    """The journal, for one who waits until what was put is safe."""

    def __init__(self, journal: Journal) -> None:
        """Take over what the journal says of its commits."""
        self.find = journal.find
        self._journal = journal
        self._waiting: dict[bytes, Future[Completion]] = {}
        journal.on_settled = self._settled

    async def keep(self, bought: Mapping[bytes, Completion]) -> Mapping[bytes, Completion]:
        """Put them all, and wait; what comes back is what the file holds."""
        kept = {key: Future[Completion]() for key in bought}
        self._waiting |= kept
        for key, completion in bought.items():
            self._journal.put(key, completion)
        self._journal.hurry()
        return {key: await asyncio.wrap_future(future) for key, future in kept.items()}

    def _settled(self, puts: Sequence[Put]) -> None:
        """Called in the journal's thread; those who wait may have given up."""
        for put in puts:
            future = self._waiting.pop(put.key, None)
            if future is None or not future.set_running_or_notify_cancel():
                continue
            if put.problem is not None:
                future.set_exception(put.problem)
            else:
                future.set_result(put.completion)
