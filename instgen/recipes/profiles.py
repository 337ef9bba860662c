"""The published constants of the methods, for `--profile paper`; without it, the prompt files' own values apply.

Defects of the released code are deliberately left out: stop strings that cut text ("20." also ends "in 2020."),
positional parsing, lower-casing, the rejection of all but Latin letters (docs/decisions/0005).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from instgen.prompts.template import Sampling, Template
from instgen.recipes.pool import MACHINE_SHARE


@dataclass(frozen=True, slots=True)
class Constants:
    """The settings of a paper's experiment; for their meaning, see `Alpaca` and `Classic`."""

    examples: int
    machine_share: float
    tasks: int


ALPACA = Constants(examples=3, machine_share=0.0, tasks=20)
"""Taori et al. 2023, `generate_instruction.py`: three human examples, twenty tasks per call, no machine tasks."""
CLASSIC = Constants(examples=8, machine_share=MACHINE_SHARE, tasks=8)
"""Wang et al. 2023, section 2.2: eight examples, six human and two machine-made."""

EVOLVE_ROUNDS = 4
"""Xu et al. 2024, section 4.1."""
AUTO_ROUNDS = 1
"""Zeng et al. 2024: the whole dataset is evolved once, by the optimized method."""
EVOLVE = Sampling(temperature=1.0, top_p=0.9, max_tokens=2048)
"""Xu et al. 2024, section 4.1, for evolving and answering; its frequency penalty of 0 is the usual default."""

_SAMPLING: Mapping[str, Mapping[str, Any]] = {
    "alpaca": {"temperature": 1.0, "top_p": 1.0, "max_tokens": 3072},
    "classic-propose": {"temperature": 0.7, "top_p": 0.5, "presence_penalty": 2.0, "max_tokens": 1024},
    "classic-classify": {"temperature": 0.0, "max_tokens": 3},
    "classic-input-first": {"temperature": 0.0, "presence_penalty": 1.5, "max_tokens": 350},
    "classic-output-first": {"temperature": 0.0, "presence_penalty": 1.5, "max_tokens": 300},
}
"""Taori et al. 2023, `generate_instruction.py`; Wang et al. 2023, appendix A, and the released script of each step.
Their top-p of 0 is left out: it has no effect at temperature 0, and some servers reject it."""


def as_published(template: Template, given: Sampling) -> Template:
    """The template with the paper's sampling settings; in a prompt for a teacher, those in `given` override them."""
    step = template.name.rpartition("/")[2].rpartition("-")[0]
    values = dict(_SAMPLING[step])
    if template.defaults.role == "teacher":
        overrides = {"temperature": given.temperature, "top_p": given.top_p, "max_tokens": given.max_tokens}
        values |= {name: value for name, value in overrides.items() if value is not None}
    return replace(template, defaults=replace(template.defaults, **values))
