"""The operations of Evol-Instruct, one entry each: which way it evolves, and the prompt file that asks for it.

To add one, write `prompts/en/evolve-NAME.txt` (and `zh`) with the parts that the other files have, and put an entry
into `OPERATIONS`; to have it drawn by default, put its name into `METHODS`. A file with a part `[[kinds]]` gets one of
its lines, drawn for each record and round, in its slot `kind`; a part `[[method]]` goes into the slot of that name, and
is what Auto Evol-Instruct rewrites. A user's own file says in a part `[[operation]]` what the table says of ours.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from instgen.errors import InputError, UsageError
from instgen.prompts.template import Template


@dataclass(frozen=True, slots=True)
class Operation:
    """One way to evolve a task."""

    name: str
    what: str
    in_depth: bool = True
    """Whether the child is the same task made harder; else it is a new task of the same domain."""
    adds_input: bool = False
    """Whether it puts material into the input, which then does not count as growth."""

    @property
    def file(self) -> str:
        """The name of its prompt file."""
        return f"evolve-{self.name}"


OPERATIONS = (
    Operation("add-constraints", "adds one requirement or limit"),
    Operation("deepen", "widens or deepens what is asked"),
    Operation("concretize", "puts particular things in the place of general ones"),
    Operation("increase-reasoning", "makes several steps of thought necessary"),
    Operation("complicate-input", "gives structured material to work on", adds_input=True),
    Operation("in-breadth", "makes a new and rarer task of the same domain", in_depth=False),
    Operation("code-constraint", "adds one requirement that a test can check"),
    Operation("code-rare-requirement", "puts a rarer requirement in the place of a common one"),
    Operation("code-reasoning", "makes several ideas necessary"),
    Operation("code-misdirection", "gives a faulty program that leads astray", adds_input=True),
    Operation("code-complexity", "sets a bound on time or memory"),
    Operation("math-easier", "makes the same problem easier"),
    Operation("math-easier-topic", "makes a new and easier problem on another topic", in_depth=False),
    Operation("auto", "lists ways to make the task harder, plans, rewrites and reviews"),
)

METHODS: Mapping[str, tuple[str, ...]] = {
    "wizardlm": (
        "add-constraints",
        "deepen",
        "concretize",
        "increase-reasoning",
        "complicate-input",
        "in-breadth",
    ),
    "code": (
        "code-constraint",
        "code-rare-requirement",
        "code-reasoning",
        "code-misdirection",
        "code-complexity",
    ),
    "math": ("math-easier", "math-easier-topic", "add-constraints", "concretize", "increase-reasoning"),
    "auto": ("auto",),
}
"""Which operations a method draws from, each as often as any other.

Xu et al. 2024, section 3.2: five in depth and one in breadth. Luo et al. 2023 (WizardCoder), section 3.1: five
heuristics. Luo et al. 2023 (WizardMath), section 3: two downward and three upward. Zeng et al. 2024 (Auto
Evol-Instruct): one method of four steps, here as it is before anything is optimised.
"""

_KNOWN = {operation.name: operation for operation in OPERATIONS}

OWN_PART = "operation"
_SAID = {"in breadth": ("in_depth", False), "adds input": ("adds_input", True)}
"""What the part `[[operation]]` of a user's own file may say, and what that means."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one round of a chain was given by lot."""

    operation: Operation
    luck: float
    """From 0 to 1, for what else the operation draws."""

    def pick(self, lines: Sequence[str]) -> str:
        """One of the lines."""
        return lines[int(self.luck * len(lines))]


@dataclass(frozen=True, slots=True)
class Weighted:
    """An operation, and how often it is drawn beside the others."""

    operation: Operation
    weight: float = 1.0


def operations_of(method: str) -> tuple[Weighted, ...]:
    """A method's operations, drawn uniformly."""
    return tuple(Weighted(_KNOWN[name]) for name in METHODS[method])


def own_operation(name: str, template: Template) -> Operation:
    """The operation that a user's own prompt file is: in depth, unless its part `[[operation]]` says something else.

    Raises:
        InputError: that part says what we do not know.
    """
    said = {line.strip() for line in template.blocks.get(OWN_PART, "").splitlines() if line.strip()}
    if unknown := said - _SAID.keys():
        known = ", ".join(_SAID)
        raise InputError(template.name, f"[[{OWN_PART}]] says {min(unknown)!r}", f"known: {known}; one a line")
    return Operation(name, "a method of the user's own", **dict(_SAID[line] for line in said))


def read_weights(said: str, known: Mapping[str, Operation] = _KNOWN) -> tuple[Weighted, ...]:
    """What `--ops deepen=2,concretize` means: those operations alone, with weight 1 where none is said.

    Raises:
        UsageError: an operation that we do not know, one named twice, or a weight that is none.
    """
    weights: dict[str, float] = {}
    for part in said.split(","):
        name, equals, number = (piece.strip() for piece in part.partition("="))
        if name not in known:
            raise UsageError(f"--ops {said}: no operation {name!r}", f"known: {', '.join(known)}")
        if name in weights:
            raise UsageError(f"--ops {said}: {name} is named twice")
        weights[name] = _weight(said, number) if equals else 1.0
    if not any(weights.values()):
        raise UsageError(f"--ops {said}: no operation is left to draw")
    return tuple(Weighted(known[name], weight) for name, weight in weights.items())


def _weight(said: str, number: str) -> float:
    try:
        weight = float(number)
    except ValueError:
        weight = math.nan
    if not 0 <= weight < math.inf:
        raise UsageError(f"--ops {said}: {number!r} is no weight", "for example deepen=2,concretize=0.5")
    return weight


def draw(operations: Sequence[Weighted], rounds: int, rng: random.Random) -> tuple[Turn, ...]:
    """What each round of one chain does, whatever becomes of the rounds before it."""
    weights = [each.weight for each in operations]
    return tuple(Turn(rng.choices(operations, weights)[0].operation, rng.random()) for _ in range(rounds))
