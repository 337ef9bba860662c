"""A server of our own beside the test, in a thread, for programs that run as processes."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterable, Iterator

from tests.teachers.server import Answer, Request, Server, serving


@contextlib.contextmanager
def answering(answers: Iterable[Answer] | Callable[[Request], Answer]) -> Iterator[Server]:
    """The server, in an event loop of its own; it gives the answers in turn, or what the function says."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    context = serving(answers)
    server = asyncio.run_coroutine_threadsafe(context.__aenter__(), loop).result(10)
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(context.__aexit__(None, None, None), loop).result(10)
        asyncio.run_coroutine_threadsafe(_let_go(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _let_go() -> None:
    """End the connections that are still open."""
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
