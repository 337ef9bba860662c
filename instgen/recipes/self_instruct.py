"""Self-Instruct, the Alpaca way: one call gives whole tasks, and what is admitted becomes an example itself.

Unlike Alpaca's own code (which draws its examples from the human seeds alone) machine tasks are fed back, a quarter of
the examples on average, as in Self-Instruct (Wang et al. 2023, section 2.2: 6 human and 2 machine tasks of 8).
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from instgen.filters import ANSWER_RULES, INSTRUCTION_RULES, first_failing
from instgen.prompts.template import Template
from instgen.recipes.flow import Flow, Outcome, ask, failure
from instgen.recipes.reading import read_tasks
from instgen.records import Completion, Prompt, Record, Rejection, Step, Verdict, born
from instgen.text.novelty import NoveltyIndex

COMMAND = "self-instruct"
MACHINE_SHARE = 0.25
"""Of the examples, once there are machine tasks (Wang et al. 2023, section 2.2)."""
MACHINE_POOL = 1000
"""Machine tasks that examples are drawn from, the latest ones: memory stays bounded whatever is made."""
RULES = (*INSTRUCTION_RULES, *ANSWER_RULES)


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
        self._tasks = [instances for instances in self._human.values() if any(record.output for record in instances)]

    def start(self, number: int, item: int) -> Flow:
        """A flow with examples of its own, drawn with the seed and its number."""
        del item
        rng = random.Random(f"{self._method.seed}:{number}")
        examples = self._draw(rng)
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

    def _draw(self, rng: random.Random) -> list[Record]:
        wanted = self._method.examples
        machine = min(int(wanted * MACHINE_SHARE + rng.random()), len(self._machine))
        human = min(wanted - machine, len(self._tasks))
        examples = [rng.choice(instances) for instances in rng.sample(self._tasks, human)]
        examples += rng.sample(list(self._machine), machine)
        rng.shuffle(examples)
        return examples

    def _opening(self, rng: random.Random, examples: Sequence[Record]) -> str:
        """The reply's beginning: the first word of another human instruction, since small models repeat themselves."""
        shown = {example.instruction for example in examples}
        words = [instruction.split() for instruction in self._human if instruction not in shown]
        openings = [" " + several[0] for several in words if len(several) > 3]
        return self._method.template.block("begun", opening=rng.choice(openings) if openings else "")

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


def _example(template: Template, record: Record) -> str:
    if record.input:
        return template.block(
            "example with input", instruction=record.instruction, input=record.input, output=record.output
        )
    return template.block("example", instruction=record.instruction, output=record.output)
