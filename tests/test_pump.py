"""The pump: what a blocking iterator gives, without waiting, and never far ahead."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

from instgen.errors import InputError
from instgen.pump import Counter, Pump


async def drain(pump: Pump[int]) -> list[int]:
    changed = asyncio.Event()
    pump.start(changed.set)
    taken = []
    while not pump.finished:
        changed.clear()
        while (item := pump.take()) is not None:
            taken.append(item)
        if not pump.finished:
            await asyncio.wait_for(changed.wait(), 10)
    return taken


def test_everything_arrives_in_order() -> None:
    assert asyncio.run(drain(Pump(range(1, 1000), room=7))) == list(range(1, 1000))


def test_what_breaks_the_iterator_is_kept_after_its_last_item() -> None:
    def breaking() -> Iterator[int]:
        yield 1
        raise InputError("file:2", "broken")

    async def run() -> tuple[list[int], BaseException | None]:
        pump = Pump(breaking())
        return await drain(pump), pump.error

    taken, error = asyncio.run(run())
    assert taken == [1]
    assert isinstance(error, InputError)


def test_no_more_is_read_than_there_is_room_for() -> None:
    read = []
    enough = threading.Event()

    def counting() -> Iterator[int]:
        for number in range(100):
            read.append(number)
            if number == 5:
                enough.set()
            yield number

    async def run() -> None:
        pump = Pump(counting(), room=5)
        pump.start(lambda: None)
        await asyncio.to_thread(enough.wait, 10)
        await asyncio.sleep(0.05)
        pump.close()

    asyncio.run(run())
    assert len(read) <= 7


def test_a_read_that_blocks_does_not_block_the_loop() -> None:
    released = threading.Event()

    def blocking() -> Iterator[int]:
        released.wait(10)
        yield 1

    async def run() -> list[int]:
        pump = Pump(blocking())
        draining = asyncio.create_task(drain(pump))
        await asyncio.sleep(0.01)
        released.set()
        return await draining

    assert asyncio.run(run()) == [1]


def test_the_counter_counts_for_ever() -> None:
    counter = Counter()
    assert [counter.take() for _ in range(3)] == [0, 1, 2]
    assert not counter.finished
