"""Self-Instruct the classic way, in three steps: propose instructions, classify them, write instances.

Instructions that are not novel are dropped before further calls are spent on them. For a classification task the
teacher writes each label first and then an input for it, since inputs written first favour one label; for other tasks
it writes the input first (Wang et al. 2023, section 2.2).
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from instgen.filters import ANSWER_RULES, INSTRUCTION_RULES, first_failing
from instgen.prompts.template import Template
from instgen.recipes.flow import Flow, Outcome, ask, ask_all, unusable
from instgen.recipes.pool import COMMAND, MACHINE_SHARE, TaskPool, not_novel
from instgen.recipes.reading import (
    read_instances_input_first,
    read_instances_output_first,
    read_instructions,
    read_yes_no,
)
from instgen.recipes.repeats import Repeats
from instgen.records import Completion, Prompt, Record, Rejection, Step, Verdict, born
from instgen.text.similarity import NoveltyIndex, View

INSTANCES = 5
"""The most instances of one task (Wang et al. 2023, section 2.2 and the released code)."""
WORKED = 3
"""Worked examples shown when instances are written, drawn from the seed tasks; the paper's code has fixed ones."""
OF_EACH = 4
"""Examples of each kind shown when a task is classified; the paper shows 12 classification tasks and 19 others."""


@dataclass(frozen=True, slots=True)
class Templates:
    """The prompt files of the three steps."""

    propose: Template
    classify: Template
    input_first: Template
    output_first: Template


@dataclass(frozen=True, slots=True)
class Classic:
    """The settings of the method."""

    templates: Templates
    language: str
    """The language's name in that language, for the prompt."""
    examples: int = 8
    """Instructions shown when new ones are proposed (Wang et al. 2023, section 2.2: 6 human and 2 machine ones)."""
    machine_share: float = MACHINE_SHARE
    tasks: int = 8
    """Instructions requested per call."""
    continues: bool = False
    """Whether the templates are documents that the teacher continues."""
    topics: tuple[str, ...] = ()
    """Topics, one of which is drawn for each proposal."""
    novelty: float = 0.7
    """The highest ROUGE-L F that a new instruction may have with any other."""
    seed: int = 0
    window: int = 64


@dataclass(frozen=True, slots=True)
class Materials:
    """Everything a flow needs, drawn when it starts."""

    propose: Prompt
    begun: str
    """The beginning of the reply that the prompt ends with; "" for a chat."""
    view: View
    """The pool as it was when the flow started."""
    rng: random.Random
    worked: Sequence[Sequence[Record]]
    """The human tasks, each with its instances."""
    step: Step


class ClassicRecipe:
    """The recipe: examples are drawn when a flow starts, and the pool grows when its outcome is admitted."""

    command = COMMAND

    def __init__(self, seeds: Iterable[Record], method: Classic) -> None:
        """Fill the pool with the human seed tasks.

        Raises:
            UsageError: the method's novelty is not between 0 and 1.
        """
        self._method = method
        self._pool = TaskPool(seeds, method.novelty)
        self._repeats = Repeats()
        self._views: dict[int, int] = {}
        self._admitted = 0

    def start(self, number: int, item: int) -> Flow:
        """A flow that proposes instructions and turns the novel ones into whole tasks."""
        del item
        method = self._method
        rng = random.Random(f"{method.seed}:{number}")
        examples = self._pool.draw(rng, method.examples, method.machine_share)
        topic = rng.choice(method.topics) if method.topics else ""
        step = Step(
            COMMAND,
            op="classic",
            parents=tuple(example.id for example in examples),
            seed=method.seed,
            window=method.window,
        )
        view = self._pool.view()
        self._views[number] = view.length
        begun = self._begun(len(examples) + 1)
        propose = self._repeats.numbered(self._propose(examples, topic, begun))
        materials = Materials(propose, begun, view, rng, self._pool.human, step)
        return classic_flow(materials, method)

    def admit(self, outcome: Outcome) -> Outcome:
        """The outcome without the tasks that resemble one admitted since the flow started, which are rejected.

        Instances of one instruction share one decision.
        """
        seen = self._views.pop(self._admitted)
        self._admitted += 1
        records = []
        rejections = list(outcome.rejections)
        verdicts: dict[str, Verdict | None] = {}
        for record in outcome.records:
            if record.instruction not in verdicts:
                verdicts[record.instruction] = self._verdict(record, seen)
            verdict = verdicts[record.instruction]
            if verdict is None:
                records.append(record)
            else:
                rejections.append(Rejection(COMMAND, verdict, record))
        return Outcome(tuple(records), tuple(rejections))

    def _verdict(self, record: Record, seen: int) -> Verdict | None:
        near = self._pool.nearest(record.instruction, seen)
        if near is not None:
            return not_novel(near, self._method.novelty)
        self._pool.add(record)
        return None

    def _begun(self, number: int) -> str:
        return self._method.templates.propose.block("begun", number=str(number)) if self._method.continues else ""

    def _propose(self, examples: Sequence[Record], topic: str, begun: str) -> Prompt:
        template = self._method.templates.propose
        lines = [
            template.block("example", number=str(number), instruction=" ".join(example.instruction.split()))
            for number, example in enumerate(examples, 1)
        ]
        shown = template.block("examples", examples="\n".join(lines)) if lines else ""
        about = template.block("about", topic=topic) if topic else ""
        if self._method.continues:
            return template.render(examples=shown, about=about, begun=begun)
        count = str(self._method.tasks)
        return template.render(examples=shown, about=about, count=count, language=self._method.language)


def classic_flow(given: Materials, method: Classic) -> Flow:
    """Propose instructions, drop those that are not novel, classify the rest, write instances and check them."""
    proposed = yield from ask(given.propose)
    if (nothing := unusable(COMMAND, proposed)) is not None:
        return Outcome(rejections=(nothing,))
    novel, rejections = novel_ones(proposed, given, method)
    answers = yield from ask_all(tuple(_classify(task, given, method) for task in novel))
    classified = []
    for task, answer in zip(novel, answers, strict=True):
        is_class = read_yes_no(answer.text)
        if (nothing := unusable(COMMAND, answer, born(task))) is not None:
            rejections.append(nothing)
        elif is_class is None:
            rejections.append(Rejection(COMMAND, Verdict("unclassified", "reading"), born(task), answer.text))
        else:
            classified.append((task, is_class))
    replies = yield from ask_all(tuple(_instances(task, is_class, given, method) for task, is_class in classified))
    records: list[Record] = []
    for (task, is_class), reply in zip(classified, replies, strict=True):
        made = instances_of(task, is_class, reply, given, method)
        records += made.records
        rejections += made.rejections
    return Outcome(tuple(records), tuple(rejections))


def novel_ones(proposed: Completion, given: Materials, method: Classic) -> tuple[list[Record], list[Rejection]]:
    """The proposed instructions that pass the rules and resemble neither the pool nor one another, and rejections."""
    reply = read_instructions(proposed.text, whole=proposed.finish == "stop", begun=given.begun)
    rejections = [Rejection(COMMAND, Verdict(left.reason, "reading"), text=left.text) for left in reply.leftovers]
    among = NoveltyIndex(method.novelty)
    novel = []
    for instruction in reply.instructions:
        task = Record(instruction)
        near = given.view.nearest(instruction) or among.nearest(instruction)
        verdict = first_failing(task, INSTRUCTION_RULES)
        if verdict is None and near is not None:
            verdict = not_novel(near, method.novelty)
        if verdict is None:
            among.add(born(task).id, instruction)
            novel.append(task)
        else:
            rejections.append(Rejection(COMMAND, verdict, born(task)))
    if not novel and not rejections:
        rejections.append(Rejection(COMMAND, Verdict("unparsed", "reading"), text=proposed.text))
    return novel, rejections


def instances_of(task: Record, is_class: bool, reply: Completion, given: Materials, method: Classic) -> Outcome:
    """The instances of one task as records; if they contradict one another, all of them are rejected."""
    if (nothing := unusable(COMMAND, reply, born(task))) is not None:
        return Outcome(rejections=(nothing,))
    templates = method.templates
    read = read_instances_output_first if is_class else read_instances_input_first
    begun = (templates.output_first if is_class else templates.input_first).blocks.get("begun", "")
    pairs = read(begun + reply.text, whole=reply.finish == "stop")
    used = (templates.propose, templates.classify, templates.output_first if is_class else templates.input_first)
    step = replace(given.step, teacher=reply.teacher, prompts=tuple(template.source for template in used))
    extra = {"is_classification": is_class}
    made = [born(replace(task, input=pair.input, output=pair.output, origin=(step,), extra=extra)) for pair in pairs]
    if not made:
        return Outcome(rejections=(Rejection(COMMAND, Verdict("no-instance", "reading"), born(task), reply.text),))
    if _contradict(made):
        contradiction = Verdict("contradiction", "instances", evidence="one input, several outputs")
        return Outcome(rejections=tuple(Rejection(COMMAND, contradiction, record) for record in made))
    records: list[Record] = []
    rejections: list[Rejection] = []
    if reply.finish == "length":
        rejections.append(Rejection(COMMAND, Verdict("truncated", "finish"), born(task), reply.text))
    seen: set[str] = set()
    for record in made:
        verdict = first_failing(record, ANSWER_RULES)
        if record.id in seen:
            verdict = Verdict("duplicate-instance", "instances")
        if verdict is None and len(records) == INSTANCES:
            verdict = Verdict("surplus-instance", "instances", threshold=INSTANCES)
        seen.add(record.id)
        if verdict is None:
            records.append(record)
        else:
            rejections.append(Rejection(COMMAND, verdict, record))
    return Outcome(tuple(records), tuple(rejections))


def _contradict(instances: Sequence[Record]) -> bool:
    """Whether two instances have one input but different outputs (the released code's `prepare_for_finetuning.py`)."""
    outputs: dict[str, set[str]] = {}
    for instance in instances:
        if instance.input:
            outputs.setdefault(instance.input, set()).add(instance.output)
    return any(len(several) > 1 for several in outputs.values())


def _classify(task: Record, given: Materials, method: Classic) -> Prompt:
    template = method.templates.classify
    labelled = [instances[0] for instances in given.worked if "is_classification" in instances[0].extra]
    chosen = []
    for wanted in (True, False):
        some = [record for record in labelled if record.extra["is_classification"] is wanted]
        chosen += given.rng.sample(some, min(OF_EACH, len(some)))
    given.rng.shuffle(chosen)
    shown = "\n".join(
        template.block(
            "example", instruction=record.instruction, answer="Yes" if record.extra["is_classification"] else "No"
        )
        for record in chosen
    )
    return template.render(examples=f"{shown}\n" if shown else "", instruction=task.instruction)


def _instances(task: Record, is_class: bool, given: Materials, method: Classic) -> Prompt:
    """The prompt for a task's instances: worked examples of the same kind, then the task."""
    template = method.templates.output_first if is_class else method.templates.input_first
    fitting = [
        instances
        for instances in given.worked
        if bool(instances[0].extra.get("is_classification")) is is_class and all(record.output for record in instances)
    ]
    chosen = given.rng.sample(fitting, min(WORKED, len(fitting)))
    shown = "".join(f"{_worked(template, instances)}\n" for instances in chosen)
    slots = {"examples": shown, "instruction": task.instruction}
    if method.continues:
        return template.render(begun=template.block("begun"), **slots)
    return template.render(count=str(INSTANCES), **slots)


def _worked(template: Template, instances: Sequence[Record]) -> str:
    shown = "\n".join(_instance(template, number, record) for number, record in enumerate(instances, 1))
    return template.block("example", instruction=instances[0].instruction, instances=shown)


def _instance(template: Template, number: int, record: Record) -> str:
    name = "instance with input" if record.input else "instance"
    slots = {"number": str(number), "input": record.input, "output": record.output}
    wanted = {slot: value for slot, value in slots.items() if f"{{{{{slot}}}}}" in template.blocks[name]}
    return template.block(name, **wanted)
