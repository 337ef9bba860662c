"""What both methods of Self-Instruct share: the pool of human and admitted machine tasks, and a verdict."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from instgen.records import Near, Record, Verdict
from instgen.text.similarity import NoveltyIndex, View

COMMAND = "self-instruct"
MACHINE_SHARE = 0.25
"""Of the examples, once there are machine tasks: 2 of 8 (Wang et al. 2023, section 2.2)."""
MACHINE_POOL = 1000
"""Machine tasks that examples are drawn from, the latest ones: memory stays bounded whatever is made."""

Kind = Callable[[Record], bool]


def not_novel(near: Near, threshold: float) -> Verdict:
    """The verdict against a task that is too much like another."""
    return Verdict("not-novel", "novelty", near.similarity, threshold, near=near)


def any_kind(record: Record) -> bool:
    """Every task will do."""
    del record
    return True


class TaskPool:
    """Grows by one task at a time; a draw depends on the random numbers handed in and on what was added before."""

    def __init__(self, seeds: Iterable[Record], novelty: float) -> None:
        """Begin with the human seeds; several with one instruction are instances of one task.

        Args:
            seeds: records, with or without outputs; only those with outputs are drawn as examples.
            novelty: the ROUGE-L F that a new instruction may have with any other, at most.

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
        """The human tasks, each with its instances."""
        return self._human

    def add(self, record: Record) -> None:
        """Let a machine task in."""
        self._index.add(record.id, record.instruction)
        self._machine.append(record)

    def view(self) -> View:
        """What the pool holds now, for a flow to compare with."""
        return self._index.view()

    def nearest(self, instruction: str, start: int = 0) -> Near | None:
        """The task that an instruction is too much like, among those from number `start` on."""
        return self._index.nearest(instruction, start)

    def draw(self, rng: random.Random, wanted: int, machine_share: float, fits: Kind = any_kind) -> list[Record]:
        """Examples of a kind, human and machine ones shuffled; fewer than wanted where there are not enough.

        The machine share holds on average: 0.25 of 6 is one or two.
        """
        machine = [record for record in self._machine if fits(record)]
        human = [fitting for task in self._human if (fitting := [record for record in task if fits(record)])]
        from_machine = min(int(wanted * machine_share + rng.random()), len(machine))
        examples = [rng.choice(task) for task in rng.sample(human, min(wanted - from_machine, len(human)))]
        examples += rng.sample(machine, from_machine)
        rng.shuffle(examples)
        return examples
