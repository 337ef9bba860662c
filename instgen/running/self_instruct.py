"""From the options of `self-instruct` to a job: prompt files, constants, and the number of records."""

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
"""Examples shown to a small model that continues a document (docs/decisions/0004); chat models see Alpaca's three."""
PROPOSED_CONTINUED = 3
"""About how many instructions one call gives if a small model continues a list."""
HOPED_YIELD = 0.6
"""Assumed share of tasks that are admitted, until the run has measured its own."""


@dataclass(frozen=True, slots=True)
class SelfInstructOptions:
    """The options that only `self-instruct` has, by name; None means the default of the method and the teacher."""

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
        """Whether tasks are made step by step, by the method of the original Self-Instruct."""
        return self.method == "classic"

    @property
    def paper(self) -> bool:
        """Whether the published constants are used."""
        return self.profile is Profile.PAPER

    @property
    def language(self) -> str:
        """The language of the tasks, by its own name."""
        return LANGUAGES.get(self.lang, self.lang)


@dataclass(frozen=True, slots=True)
class Made:
    """A recipe, and the number of records that one of its calls asks for."""

    recipe: Recipe[int]
    tasks: int


def self_instruct_job(
    own: SelfInstructOptions, seeds: Iterable[Record], asking: Asking, writing: Writing, inputs: tuple[Path, ...] = ()
) -> Job[int]:
    """The job that the options describe; `inputs` are the files that the seeds are read from.

    Raises:
        UsageError: the teacher is unknown, or its key cannot be read.
        InputError: a file cannot be read, or the file of topics is empty.
    """
    teachers = open_teachers(asking, writing)
    made = recipe_of(own, seeds, teachers.teacher, asking)
    target = Target(own.n, HOPED_YIELD * made.tasks, own.patience)
    calls = 1 + 2 * made.tasks if own.classic else 1
    return Job(made.recipe, Counter(), teachers, _window(own, teachers.teacher), target, inputs, calls)


def recipe_of(own: SelfInstructOptions, seeds: Iterable[Record], teacher: Teacher, asking: Asking) -> Made:
    """The recipe that the options describe.

    Raises:
        InputError: a file cannot be read, or the file of topics is empty.
    """
    published = profiles.CLASSIC if own.classic else profiles.ALPACA
    tasks = own.tasks_per_call or (published.tasks if own.paper else teacher.traits.tasks_per_call)
    continues = teacher.traits.continues and (own.classic or tasks == 1)
    common = _Common(
        _Files(open_prompts(asking, own.lang), sampling_of(asking), own.paper, continues),
        tasks,
        _topics(own.topics) if own.topics else (),
        asking.seed,
        _window(own, teacher),
    )
    return (_classic if own.classic else _alpaca)(own, seeds, common)


def _window(own: SelfInstructOptions, teacher: Teacher) -> int:
    return own.window or teacher.traits.window


@dataclass(frozen=True, slots=True)
class _Files:
    """The prompt files of one form (for chat, or for continuing a document), with the profile's constants."""

    book: PromptBook
    sampling: Sampling
    paper: bool
    continues: bool

    def template(self, step: str) -> Template:
        """The prompt file of a step of the method."""
        template = self.book.template(f"{step}-{'continue' if self.continues else 'ask'}")
        return profiles.as_published(template, self.sampling) if self.paper else template


@dataclass(frozen=True, slots=True)
class _Common:
    """Settings of both methods, from the options, the teacher and the profile."""

    files: _Files
    tasks: int
    topics: tuple[str, ...]
    seed: int
    window: int


def _alpaca(own: SelfInstructOptions, seeds: Iterable[Record], common: _Common) -> Made:
    shown = CONTINUED_EXAMPLES if common.files.continues and not own.paper else profiles.ALPACA.examples
    method = Alpaca(
        template=common.files.template("alpaca"),
        language=own.language,
        examples=shown if own.examples is None else own.examples,
        machine_share=profiles.ALPACA.machine_share if own.paper else MACHINE_SHARE,
        tasks=common.tasks,
        continues=common.files.continues,
        topics=common.topics,
        novelty=own.novelty,
        seed=common.seed,
        window=common.window,
    )
    return Made(AlpacaRecipe(seeds, method), method.tasks)


def _classic(own: SelfInstructOptions, seeds: Iterable[Record], common: _Common) -> Made:
    steps = ("classic-propose", "classic-classify", "classic-input-first", "classic-output-first")
    method = Classic(
        templates=Templates(*(common.files.template(step) for step in steps)),
        language=own.language,
        examples=profiles.CLASSIC.examples if own.examples is None else own.examples,
        machine_share=profiles.CLASSIC.machine_share,
        tasks=common.tasks,
        continues=common.files.continues,
        topics=common.topics,
        novelty=own.novelty,
        seed=common.seed,
        window=common.window,
    )
    return Made(ClassicRecipe(seeds, method), PROPOSED_CONTINUED if common.files.continues else method.tasks)


def _topics(path: Path) -> tuple[str, ...]:
    topics = tuple(line.strip() for line in text_of(path).splitlines() if line.strip())
    if not topics:
        raise InputError(str(path), "contains no topics", "write one topic per line")
    return topics
