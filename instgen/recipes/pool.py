"""What both methods of Self-Instruct share: the pool of human and admitted machine tasks, and the novelty verdict."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from instgen.records import Near, Record, Verdict
from instgen.text.similarity import NoveltyIndex, View

COMMAND = "self-instruct"
MACHINE_SHARE = 0.25
"""The share of machine tasks among the examples, once there are any: 2 of 8 (Wang et al. 2023, section 2.2)."""
MACHINE_POOL = 1000
"""The most recent machine tasks, from which examples are drawn; the limit bounds memory."""

Kind = Callable[[Record], bool]
"""Whether a task may be drawn as an example."""


def not_novel(near: Near, threshold: float) -> Verdict:
    """The verdict on a task that is too similar to another one."""
    return Verdict("not-novel", "novelty", near.similarity, threshold, near=near)


def any_kind(record: Record) -> bool:
    """The `Kind` that accepts every task."""
    del record
    return True


class TaskPool:
    """Tasks to draw examples from and to compare with; a draw depends only on `rng` and on what was added before."""

    def __init__(self, seeds: Iterable[Record], novelty: float) -> None:
        """Fill the pool with the human seeds; seeds with the same instruction are instances of one task.

        Args:
            seeds: records, with or without outputs; a task is drawn as an example only if an instance has an output.
            novelty: the highest ROUGE-L F that a new instruction may have with any other.

        Raises:
            UsageError: the novelty is not between 0 and 1.
        """
        self._index = NoveltyIndex(novelty)
        self._machine: deque[Record] = deque(maxlen=MACHINE_POOL)
        human: dict[str, list[Record]] = {}
        for seed in seeds:
            if seed.instruction not in human:
                self._index.add(seed.id, seed.instruction)
            human.setdefault(seed.instruction, []).append(seed)
        self._human = [instances for instances in human.values() if any(record.output for record in instances)]

    @property
    def human(self) -> Sequence[Sequence[Record]]:
        """The human tasks that have an output, each with its instances."""
        return self._human

    def add(self, record: Record) -> None:
        """Add a machine task."""
        self._index.add(record.id, record.instruction)
        self._machine.append(record)

    def view(self) -> View:
        """A view of the tasks now in the pool, for a flow to compare with."""
        return self._index.view()

    def nearest(self, instruction: str, start: int = 0) -> Near | None:
        """A task that the instruction is too similar to, among those from number `start` on; None if there is none."""
        return self._index.nearest(instruction, start)

    def draw(self, rng: random.Random, wanted: int, machine_share: float, fits: Kind = any_kind) -> list[Record]:
        """Examples of a kind, human and machine tasks shuffled; fewer than wanted if there are not enough.

        The machine share holds on average: for 0.25 of 6, one or two are drawn.
        """
        machine = [record for record in self._machine if fits(record)]
        human = [fitting for task in self._human if (fitting := [record for record in task if fits(record)])]
        from_machine = min(int(wanted * machine_share + rng.random()), len(machine))
        examples = [rng.choice(task) for task in rng.sample(human, min(wanted - from_machine, len(human)))]
        examples += rng.sample(machine, from_machine)
        rng.shuffle(examples)
        return examples
