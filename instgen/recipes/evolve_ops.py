"""The operations of Evol-Instruct: for each, whether it evolves in depth or in breadth, and its prompt file.

To add an operation, write `prompts/en/evolve-NAME.txt` (and the same in `zh`) with the parts that the other files have,
and add an entry to `OPERATIONS`; to have it drawn by default, add its name to `METHODS`. If a file has a part
`[[kinds]]`, one of its lines, drawn for each record and round, fills the slot `kind`. A part `[[method]]` fills the
slot of that name, and is what Auto Evol-Instruct rewrites. A user's own file states in a part `[[operation]]` what the
table states for built-in operations.
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
    """What it does to a task, in a few words."""
    in_depth: bool = True
    """Whether the child is a variant of its parent; else it is a new task in the same domain."""
    adds_input: bool = False
    """Whether it adds material to the input, which is then not counted as growth."""

    @property
    def file(self) -> str:
        """The name of its prompt file."""
        return f"evolve-{self.name}"


OPERATIONS = (
    Operation("add-constraints", "adds one requirement or limit"),
    Operation("deepen", "makes the question deeper or wider"),
    Operation("concretize", "replaces general terms with specific ones"),
    Operation("increase-reasoning", "requires several steps of reasoning"),
    Operation("complicate-input", "adds structured material to work on", adds_input=True),
    Operation("in-breadth", "makes a new, rarer task in the same domain", in_depth=False),
    Operation("code-constraint", "adds one requirement that a test can check"),
    Operation("code-rare-requirement", "replaces a common requirement with a rarer one"),
    Operation("code-reasoning", "requires combining several ideas"),
    Operation("code-misdirection", "adds a faulty program that misleads", adds_input=True),
    Operation("code-complexity", "sets a bound on time or memory"),
    Operation("math-easier", "makes the same problem easier"),
    Operation("math-easier-topic", "makes a new, easier problem on another topic", in_depth=False),
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
"""The operations that each method draws from, all equally often.

Xu et al. 2024, section 3.2: five in depth and one in breadth. Luo et al. 2023 (WizardCoder), section 3.1: five
heuristics. Luo et al. 2023 (WizardMath), section 3: two downward and three upward. Zeng et al. 2024 (Auto
Evol-Instruct): one method of four steps, here the initial one, before optimization.
"""

_KNOWN = {operation.name: operation for operation in OPERATIONS}

OWN_PART = "operation"
_FLAGS = {"in breadth": ("in_depth", False), "adds input": ("adds_input", True)}
"""The lines that the part `[[operation]]` of a user's own file may have, with the field and value each sets."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What is drawn for one round of a chain."""

    operation: Operation
    luck: float
    """A random number in [0, 1) for whatever else the operation draws."""

    def pick(self, lines: Sequence[str]) -> str:
        """One of the lines, chosen by `luck`."""
        return lines[int(self.luck * len(lines))]


@dataclass(frozen=True, slots=True)
class Weighted:
    """An operation with its weight in the draw."""

    operation: Operation
    weight: float = 1.0


def operations_of(method: str) -> tuple[Weighted, ...]:
    """A method's operations, all with the same weight."""
    return tuple(Weighted(_KNOWN[name]) for name in METHODS[method])


def own_operation(name: str, template: Template) -> Operation:
    """The operation that a user's own prompt file defines: in depth, unless its part `[[operation]]` says otherwise.

    Raises:
        InputError: that part has an unknown line.
    """
    lines = {line.strip() for line in template.blocks.get(OWN_PART, "").splitlines() if line.strip()}
    if unknown := lines - _FLAGS.keys():
        known = ", ".join(_FLAGS)
        raise InputError(template.name, f"[[{OWN_PART}]] says {min(unknown)!r}", f"known: {known}; one per line")
    return Operation(name, "a method of the user's own", **dict(_FLAGS[line] for line in lines))


def read_weights(value: str, known: Mapping[str, Operation] = _KNOWN) -> tuple[Weighted, ...]:
    """Parse `--ops deepen=2,concretize`: these operations alone, with weight 1 unless another is given.

    Raises:
        UsageError: an operation is unknown or named twice, a weight is not a number, or all weights are 0.
    """
    weights: dict[str, float] = {}
    for part in value.split(","):
        name, equals, number = (piece.strip() for piece in part.partition("="))
        if name not in known:
            raise UsageError(f"--ops {value}: unknown operation {name!r}", f"known: {', '.join(known)}")
        if name in weights:
            raise UsageError(f"--ops {value}: {name} is named twice")
        weights[name] = _weight(value, number) if equals else 1.0
    if not any(weights.values()):
        raise UsageError(f"--ops {value}: every weight is 0")
    return tuple(Weighted(known[name], weight) for name, weight in weights.items())


def _weight(value: str, number: str) -> float:
    try:
        weight = float(number)
    except ValueError:
        weight = math.nan
    if not 0 <= weight < math.inf:
        raise UsageError(f"--ops {value}: {number!r} is not a weight", "for example deepen=2,concretize=0.5")
    return weight


def draw(operations: Sequence[Weighted], rounds: int, rng: random.Random) -> tuple[Turn, ...]:
    """Draw the turn of each round of one chain; no draw depends on how earlier rounds went."""
    weights = [each.weight for each in operations]
    return tuple(Turn(rng.choices(operations, weights)[0].operation, rng.random()) for _ in range(rounds))
