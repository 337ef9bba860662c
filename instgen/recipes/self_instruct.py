"""Self-Instruct, the Alpaca way: one call gives whole tasks, and what is admitted becomes an example itself.

Unlike Alpaca's own code (which draws its examples from the human seeds alone) machine tasks are fed back, a quarter of
the examples on average, as in Self-Instruct (Wang et al. 2023, section 2.2: 6 human and 2 machine tasks of 8).
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from instgen.filters import ANSWER_RULES, INSTRUCTION_RULES, first_failing
from instgen.prompts.template import Template
from instgen.recipes.flow import Flow, Outcome, ask, failure
from instgen.recipes.reading import read_tasks
from instgen.records import Completion, Prompt, Record, Rejection, Step, Verdict, born
from instgen.text.novelty import NoveltyIndex
from instgen.text.tokens import count

COMMAND = "self-instruct"
MACHINE_SHARE = 0.25
"""Of the examples, once there are machine tasks (Wang et al. 2023, section 2.2)."""
SHARE_WITH_INPUT = 0.25
"""Of the documents to be continued, those whose examples all have an input; in the others none has. A small model
copies the kind that it sees, and does better without (docs/decisions/0004)."""
GROUP = 8
"""Flows in a row that show the same examples in a document to be continued: the teacher reads them once."""
SHORT = 60
"""Tokens of an example for a small model, whose context and attention are short."""
OPENING_WORDS = 2
MACHINE_POOL = 1000
"""Machine tasks that examples are drawn from, the latest ones: memory stays bounded whatever is made."""
RULES = (*INSTRUCTION_RULES, *ANSWER_RULES)

Kind = Callable[[Record], bool]


@dataclass(frozen=True, slots=True)
class Method:
    """How tasks are asked for."""

    template: Template
    language: str
    """The language's own name, for the prompt."""
    examples: int = 3
    tasks: int = 1
    """Tasks asked for in one call."""
    continues: bool = False
    """Whether the template is a document that the teacher continues, so that the reply's beginning is given."""
    novelty: float = 0.7
    """A new instruction's ROUGE-L F with any other is at most this (Wang et al. 2023, section 2.2)."""
    seed: int = 0
    window: int = 64


class SelfInstruct:
    """The recipe: examples are drawn when a flow starts, and the pool grows when its outcome is admitted."""

    command = COMMAND

    def __init__(self, seeds: Iterable[Record], method: Method) -> None:
        """Begin with the human seed tasks; several with one instruction count as instances of one task."""
        self._method = method
        self._index = NoveltyIndex(method.novelty)
        self._human: dict[str, list[Record]] = {}
        self._machine: deque[Record] = deque(maxlen=MACHINE_POOL)
        for seed in seeds:
            if seed.instruction not in self._human:
                self._index.add(seed.id, seed.instruction)
            self._human.setdefault(seed.instruction, []).append(seed)
        self._shown: list[Record] = []
        self._fits: Kind = _any_kind
        self._tasks = [instances for instances in self._human.values() if any(record.output for record in instances)]

    def start(self, number: int, item: int) -> Flow:
        """A flow with examples of its own, drawn with the seed and its number."""
        del item
        rng = random.Random(f"{self._method.seed}:{number}")
        if not self._method.continues:
            self._shown = self._draw(rng, _any_kind)
        elif number % GROUP == 0:
            self._fits = _kind(rng)
            self._shown = self._draw(rng, self._fits)
        examples = self._shown
        begun = self._opening(rng, examples) if self._method.continues else ""
        step = Step(
            COMMAND,
            op="alpaca",
            parents=tuple(example.id for example in examples),
            prompts=(self._method.template.source,),
            seed=self._method.seed,
            window=self._method.window,
        )
        return alpaca_flow(self._prompt(examples, begun), begun, step)

    def admit(self, outcome: Outcome) -> Outcome:
        """The outcome without the tasks that resemble a seed, or a task that was admitted before."""
        records = []
        rejections = list(outcome.rejections)
        for record in outcome.records:
            near = self._index.nearest(record.instruction)
            if near is None:
                self._index.add(record.id, record.instruction)
                self._machine.append(record)
                records.append(record)
            else:
                verdict = Verdict("not-novel", "novelty", near.similarity, self._method.novelty, near=near)
                rejections.append(Rejection(COMMAND, verdict, record))
        return Outcome(tuple(records), tuple(rejections))

    def _draw(self, rng: random.Random, fits: Kind) -> list[Record]:
        """Human and machine examples that fit, shuffled; fewer than wanted where there are not enough."""
        wanted = self._method.examples
        machine = [record for record in self._machine if fits(record)]
        human = [fitting for task in self._tasks if (fitting := [record for record in task if fits(record)])]
        from_machine = min(int(wanted * MACHINE_SHARE + rng.random()), len(machine))
        examples = [rng.choice(task) for task in rng.sample(human, min(wanted - from_machine, len(human)))]
        examples += rng.sample(machine, from_machine)
        rng.shuffle(examples)
        return examples

    def _opening(self, rng: random.Random, examples: Sequence[Record]) -> str:
        """The reply's beginning: the first words of another human instruction, since small models repeat themselves."""
        shown = {example.instruction for example in examples}
        fitting = [task[0].instruction for task in self._tasks if self._fits(task[0])]
        others = [instruction for instruction in fitting if instruction not in shown]
        words = rng.choice(others).split() if others else []
        opening = "".join(f" {word}" for word in words[:OPENING_WORDS]) if len(words) > OPENING_WORDS + 1 else ""
        return self._method.template.block("begun", opening=opening)

    def _prompt(self, examples: Sequence[Record], begun: str) -> Prompt:
        template = self._method.template
        shown = "\n".join(_example(template, example) for example in examples)
        if self._method.continues:
            return template.render(examples=shown, begun=begun)
        return template.render(examples=shown, count=str(self._method.tasks), language=self._method.language)


def alpaca_flow(prompt: Prompt, begun: str, step: Step) -> Flow:
    """One call, and what its reply holds: tasks that pass the rules, and everything else with its reason."""
    completion = yield from ask(prompt)
    if completion.finish == "failed":
        return Outcome(rejections=(failure(COMMAND, completion),))
    if completion.finish == "refusal":
        return Outcome(rejections=(Rejection(COMMAND, Verdict("refusal", "finish"), text=completion.text),))
    return judged(completion, begun, step)


def judged(completion: Completion, begun: str, step: Step) -> Outcome:
    """The tasks of a reply as records, each with the first rule that it breaks, if any."""
    reply = read_tasks(completion.text, whole=completion.finish == "stop", begun=begun)
    origin = (replace(step, teacher=completion.teacher),)
    records = []
    rejections = [Rejection(COMMAND, Verdict(left.reason, "reading"), text=left.text) for left in reply.leftovers]
    for task in reply.tasks:
        record = born(Record(task.instruction, task.input, task.output, origin=origin))
        verdict = first_failing(record, RULES)
        if verdict is None:
            records.append(record)
        else:
            rejections.append(Rejection(COMMAND, verdict, record))
    if not records and not rejections:
        rejections.append(Rejection(COMMAND, Verdict("unparsed", "reading"), text=completion.text))
    return Outcome(tuple(records), tuple(rejections))


def _kind(rng: random.Random) -> Kind:
    """Short tasks, all with an input or all without."""
    with_input = rng.random() < SHARE_WITH_INPUT
    return lambda record: bool(record.input) == with_input and _is_short(record)


def _any_kind(record: Record) -> bool:
    del record
    return True


def _is_short(record: Record) -> bool:
    return count(f"{record.instruction} {record.input} {record.output}") <= SHORT


def _example(template: Template, record: Record) -> str:
    if record.input:
        return template.block(
            "example with input", instruction=record.instruction, input=record.input, output=record.output
        )
    return template.block("example", instruction=record.instruction, output=record.output)
