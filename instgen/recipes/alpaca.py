"""Self-Instruct the Alpaca way: one call gives whole tasks, and what is admitted becomes an example itself.

Unlike Alpaca's own code (which draws its examples from the human seeds alone) machine tasks are fed back, a quarter of
the examples on average, as in Self-Instruct (Wang et al. 2023, section 2.2: 6 human and 2 machine tasks of 8).
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from instgen.filters import ADMISSION, first_failing
from instgen.prompts.template import Template
from instgen.recipes.flow import Flow, Outcome, ask, unusable
from instgen.recipes.pool import COMMAND, MACHINE_SHARE, Kind, TaskPool, any_kind, not_novel
from instgen.recipes.reading import read_tasks
from instgen.recipes.repeats import Repeats
from instgen.records import Completion, Prompt, Record, Rejection, Step, Verdict, born
from instgen.text.tokens import count

SHARE_WITH_INPUT = 0.25
"""Of the documents to be continued, those whose examples all have an input; in the others none has. A small model
copies the kind that it sees, and does better without (docs/decisions/0004)."""
GROUP = 8
"""Flows in a row that show the same examples in a document to be continued, which the teacher then reads once; ours."""
SHORT = 60
"""Tokens of an example for a small model, whose context and attention are short; ours."""
OPENING_WORDS = 2
"""Words that the teacher's answer begins with: ours, so many as leave the task open."""


@dataclass(frozen=True, slots=True)
class Alpaca:
    """How whole tasks are asked for."""

    template: Template
    language: str
    """The language's own name, for the prompt."""
    examples: int = 3
    machine_share: float = MACHINE_SHARE
    tasks: int = 1
    """Tasks asked for in one call."""
    continues: bool = False
    """Whether the template is a document that the teacher continues, so that the reply's beginning is given."""
    topics: tuple[str, ...] = ()
    """One of them, drawn for each call, is what its tasks are to be about."""
    novelty: float = 0.7
    """A new instruction's ROUGE-L F with any other is at most this (Wang et al. 2023, section 2.2)."""
    seed: int = 0
    window: int = 64


class AlpacaRecipe:
    """Examples are drawn when a flow starts, and the pool grows when its outcome is admitted."""

    command = COMMAND

    def __init__(self, seeds: Iterable[Record], method: Alpaca) -> None:
        """Begin with the human seed tasks.

        Raises:
            UsageError: the method's novelty is not between 0 and 1.
        """
        self._method = method
        self._pool = TaskPool(seeds, method.novelty)
        self._repeats = Repeats()
        self._shown: list[Record] = []
        self._fits: Kind = any_kind

    def start(self, number: int, item: int) -> Flow:
        """A flow with examples of its own, drawn with the seed and its number."""
        del item
        method = self._method
        rng = random.Random(f"{method.seed}:{number}")
        if not method.continues:
            self._shown = self._pool.draw(rng, method.examples, method.machine_share)
        elif number % GROUP == 0:
            self._fits = _one_kind(rng)
            self._shown = self._pool.draw(rng, method.examples, method.machine_share, self._fits)
        begun = self._opening(rng) if method.continues else ""
        topic = rng.choice(method.topics) if method.topics else ""
        step = Step(
            COMMAND,
            op="alpaca",
            parents=tuple(example.id for example in self._shown),
            prompts=(method.template.source,),
            seed=method.seed,
            window=method.window,
        )
        return alpaca_flow(self._repeats.numbered(self._prompt(begun, topic)), begun, step)

    def admit(self, outcome: Outcome) -> Outcome:
        """The outcome without the tasks that resemble a seed, or a task that was admitted before."""
        records = []
        rejections = list(outcome.rejections)
        for record in outcome.records:
            near = self._pool.nearest(record.instruction)
            if near is None:
                self._pool.add(record)
                records.append(record)
            else:
                rejections.append(Rejection(COMMAND, not_novel(near, self._method.novelty), record))
        return Outcome(tuple(records), tuple(rejections))

    def _opening(self, rng: random.Random) -> str:
        """The reply's beginning: the first words of another human instruction, since small models repeat themselves."""
        shown = {example.instruction for example in self._shown}
        fitting = [task[0].instruction for task in self._pool.human if self._fits(task[0])]
        others = [instruction for instruction in fitting if instruction not in shown]
        words = rng.choice(others).split() if others else []
        opening = "".join(f" {word}" for word in words[:OPENING_WORDS]) if len(words) > OPENING_WORDS + 1 else ""
        return self._method.template.block("begun", opening=opening)

    def _prompt(self, begun: str, topic: str) -> Prompt:
        template = self._method.template
        examples = template.block("examples", examples=_examples(template, self._shown)) if self._shown else ""
        about = template.block("about", topic=topic) if topic else ""
        if self._method.continues:
            return template.render(examples=examples, about=about, begun=begun)
        count = str(self._method.tasks)
        return template.render(examples=examples, about=about, count=count, language=self._method.language)


def alpaca_flow(prompt: Prompt, begun: str, step: Step) -> Flow:
    """One call, and what its reply holds: tasks that pass the rules, and everything else with its reason."""
    completion = yield from ask(prompt)
    if (nothing := unusable(COMMAND, completion)) is not None:
        return Outcome(rejections=(nothing,))
    return judged(completion, begun, step)


def judged(completion: Completion, begun: str, step: Step) -> Outcome:
    """The tasks of a reply as records, each with the first rule that it breaks, if any."""
    reply = read_tasks(completion.text, whole=completion.finish == "stop", begun=begun)
    origin = (replace(step, teacher=completion.teacher),)
    records = []
    rejections = [Rejection(COMMAND, Verdict(left.reason, "reading"), text=left.text) for left in reply.leftovers]
    for task in reply.tasks:
        record = born(Record(task.instruction, task.input, task.output, origin=origin))
        verdict = first_failing(record, ADMISSION)
        if verdict is None:
            records.append(record)
        else:
            rejections.append(Rejection(COMMAND, verdict, record))
    if not records and not rejections:
        rejections.append(Rejection(COMMAND, Verdict("unparsed", "reading"), text=completion.text))
    return Outcome(tuple(records), tuple(rejections))


def _one_kind(rng: random.Random) -> Kind:
    """Short tasks, all with an input or all without."""
    with_input = rng.random() < SHARE_WITH_INPUT

    def fits(record: Record) -> bool:
        text = f"{record.instruction} {record.input} {record.output}"
        return bool(record.output) and bool(record.input) == with_input and count(text) <= SHORT

    return fits


def _examples(template: Template, examples: Sequence[Record]) -> str:
    return "\n".join(_example(template, record) for record in examples)


def _example(template: Template, record: Record) -> str:
    if record.input:
        return template.block(
            "example with input", instruction=record.instruction, input=record.input, output=record.output
        )
    return template.block("example", instruction=record.instruction, output=record.output)
