"""From the options of `self-instruct` to a job: which prompt files, which constants, how many records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from instgen.engine import Target
from instgen.errors import InputError
from instgen.prompts.book import PromptBook
from instgen.prompts.template import Sampling, Template
from instgen.pump import Counter
from instgen.recipes import profiles
from instgen.recipes.alpaca import Alpaca, AlpacaRecipe
from instgen.recipes.classic import Classic, ClassicRecipe, Templates
from instgen.recipes.flow import Recipe
from instgen.recipes.pool import MACHINE_SHARE
from instgen.records import Record
from instgen.running.job import Job
from instgen.running.options import Asking, Profile, Writing
from instgen.running.prompts import open_prompts, sampling_of, text_of
from instgen.running.teachers import open_teachers
from instgen.seedlist import LANGUAGES
from instgen.teachers.teacher import Teacher

CONTINUED_EXAMPLES = 6
"""For a small model that continues a document (docs/decisions/0004); a chat is shown Alpaca's three."""
PROPOSED_CONTINUED = 3
"""Instructions that one call gives, about, where a small model goes on with a list."""
HOPED_YIELD = 0.6
"""Share of the tasks asked for that is admitted, until the run has figures of its own."""


@dataclass(frozen=True, slots=True)
class SelfInstructOptions:
    """The options of `self-instruct` alone, by their names; None is left to the method and the teacher."""

    n: int
    method: str
    profile: Profile
    lang: str
    examples: int | None
    topics: Path | None
    tasks_per_call: int | None
    novelty: float
    window: int | None
    patience: int

    @property
    def classic(self) -> bool:
        """Whether tasks are made in steps, not whole."""
        return self.method == "classic"

    @property
    def paper(self) -> bool:
        """Whether the published constants hold."""
        return self.profile is Profile.PAPER

    @property
    def language(self) -> str:
        """What the tasks are to be written in, as the language calls itself."""
        return LANGUAGES.get(self.lang, self.lang)


@dataclass(frozen=True, slots=True)
class Made:
    """A recipe, and how many records one of its calls is asked for."""

    recipe: Recipe[int]
    tasks: int


def self_instruct_job(
    own: SelfInstructOptions, seeds: Iterable[Record], asking: Asking, writing: Writing, inputs: tuple[Path, ...] = ()
) -> Job[int]:
    """What the options want done; `inputs` are the files that the seeds are read from.

    Raises:
        UsageError: no such teacher, or a key that cannot be had.
        InputError: a file that cannot be read, or contains no topics.
    """
    teachers = open_teachers(asking, writing)
    made = recipe_of(own, seeds, teachers.teacher, asking)
    target = Target(own.n, HOPED_YIELD * made.tasks, own.patience)
    calls = 1 + 2 * made.tasks if own.classic else 1
    return Job(made.recipe, Counter(), teachers, _window(own, teachers.teacher), target, inputs, calls)


def recipe_of(own: SelfInstructOptions, seeds: Iterable[Record], teacher: Teacher, asking: Asking) -> Made:
    """The recipe that the options describe.

    Raises:
        InputError: a file that cannot be read, or contains no topics.
    """
    published = profiles.CLASSIC if own.classic else profiles.ALPACA
    tasks = own.tasks_per_call or (published.tasks if own.paper else teacher.traits.tasks_per_call)
    continues = teacher.traits.continues and (own.classic or tasks == 1)
    said = _Said(
        _Files(open_prompts(asking, own.lang), sampling_of(asking), own.paper, continues),
        tasks,
        _topics(own.topics) if own.topics else (),
        asking.seed,
        _window(own, teacher),
    )
    return (_classic if own.classic else _alpaca)(own, seeds, said)


def _window(own: SelfInstructOptions, teacher: Teacher) -> int:
    return own.window or teacher.traits.window


@dataclass(frozen=True, slots=True)
class _Files:
    """The prompt files of one form (a chat, or a document to be continued), with the profile's constants."""

    book: PromptBook
    said: Sampling
    paper: bool
    continues: bool

    def template(self, step: str) -> Template:
        """The file of a step of a method."""
        template = self.book.template(f"{step}-{'continue' if self.continues else 'ask'}")
        return profiles.as_published(template, self.said) if self.paper else template


@dataclass(frozen=True, slots=True)
class _Said:
    """What both methods are told, after the options, the teacher and the profile were heard."""

    files: _Files
    tasks: int
    topics: tuple[str, ...]
    seed: int
    window: int


def _alpaca(own: SelfInstructOptions, seeds: Iterable[Record], said: _Said) -> Made:
    shown = CONTINUED_EXAMPLES if said.files.continues and not own.paper else profiles.ALPACA.examples
    method = Alpaca(
        template=said.files.template("alpaca"),
        language=own.language,
        examples=shown if own.examples is None else own.examples,
        machine_share=profiles.ALPACA.machine_share if own.paper else MACHINE_SHARE,
        tasks=said.tasks,
        continues=said.files.continues,
        topics=said.topics,
        novelty=own.novelty,
        seed=said.seed,
        window=said.window,
    )
    return Made(AlpacaRecipe(seeds, method), method.tasks)


def _classic(own: SelfInstructOptions, seeds: Iterable[Record], said: _Said) -> Made:
    steps = ("classic-propose", "classic-classify", "classic-input-first", "classic-output-first")
    method = Classic(
        templates=Templates(*(said.files.template(step) for step in steps)),
        language=own.language,
        examples=profiles.CLASSIC.examples if own.examples is None else own.examples,
        machine_share=profiles.CLASSIC.machine_share,
        tasks=said.tasks,
        continues=said.files.continues,
        topics=said.topics,
        novelty=own.novelty,
        seed=said.seed,
        window=said.window,
    )
    return Made(ClassicRecipe(seeds, method), PROPOSED_CONTINUED if said.files.continues else method.tasks)


def _topics(path: Path) -> tuple[str, ...]:
    topics = tuple(line.strip() for line in text_of(path).splitlines() if line.strip())
    if not topics:
        raise InputError(str(path), "contains no topics", "write one topic per line")
    return topics
