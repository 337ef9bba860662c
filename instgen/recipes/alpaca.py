"""Self-Instruct the Alpaca way: each call generates whole tasks, and admitted tasks become examples themselves.

Unlike Alpaca's own code, which draws its examples from the human seed tasks alone, machine tasks are fed back. They are
a quarter of the examples on average, as in Self-Instruct (Wang et al. 2023, section 2.2: 6 human and 2 machine tasks).
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
"""The share of documents to be continued whose examples all have an input; in the others, none has. A small model
copies the kind it is shown, and does better without inputs (docs/decisions/0004)."""
GROUP = 8
"""Consecutive flows that show the same examples in a document to be continued, so that the teacher reads them
only once. Our choice."""
SHORT = 60
"""The most tokens in an example for a small model, whose context and attention are short. Our choice."""
OPENING_WORDS = 2
"""Words of an instruction that the teacher is given to continue: few enough to leave the task open. Our choice."""


@dataclass(frozen=True, slots=True)
class Alpaca:
    """The settings of the method."""

    template: Template
    language: str
    """The language's name in that language, for the prompt."""
    examples: int = 3
    """Examples shown in each prompt."""
    machine_share: float = MACHINE_SHARE
    tasks: int = 1
    """Tasks requested per call."""
    continues: bool = False
    """Whether the template is a document that the teacher continues, so that the prompt begins the reply."""
    topics: tuple[str, ...] = ()
    """Topics, one of which is drawn for the tasks of each call."""
    novelty: float = 0.7
    """The highest ROUGE-L F that a new instruction may have with any other (Wang et al. 2023, section 2.2)."""
    seed: int = 0
    window: int = 64


class AlpacaRecipe:
    """The recipe: examples are drawn when a flow starts, and the pool grows when its outcome is admitted."""

    command = COMMAND

    def __init__(self, seeds: Iterable[Record], method: Alpaca) -> None:
        """Fill the pool with the human seed tasks.

        Raises:
            UsageError: the method's novelty is not between 0 and 1.
        """
        self._method = method
        self._pool = TaskPool(seeds, method.novelty)
        self._repeats = Repeats()
        self._shown: list[Record] = []
        self._fits: Kind = any_kind

    def start(self, number: int, item: int) -> Flow:
        """A flow whose examples are drawn from the seed and the flow's number."""
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
        """The outcome with tasks that resemble a seed or an admitted task rejected; the others enter the pool."""
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
        """The beginning of the reply: the first words of a human instruction that is not shown.

        Without it, small models repeat themselves.
        """
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
    """One call; its outcome is the tasks that pass the rules, and everything else as rejections."""
    completion = yield from ask(prompt)
    if (nothing := unusable(COMMAND, completion)) is not None:
        return Outcome(rejections=(nothing,))
    return judged(completion, begun, step)


def judged(completion: Completion, begun: str, step: Step) -> Outcome:
    """The tasks of a reply as records; those that break a rule are rejected for the first one they break."""
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
    """A predicate for short tasks, drawn to accept either only those with an input or only those without."""
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
