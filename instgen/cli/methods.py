"""From the options of `self-instruct` to a recipe: which prompt files, which constants."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from instgen.cli.opening import open_prompts
from instgen.cli.options import Asking
from instgen.errors import InputError
from instgen.prompts.book import PromptBook
from instgen.prompts.template import Sampling, Template
from instgen.recipes import profiles
from instgen.recipes.alpaca import Alpaca, AlpacaRecipe
from instgen.recipes.classic import Classic, ClassicRecipe, Templates
from instgen.recipes.flow import Recipe
from instgen.recipes.pool import MACHINE_SHARE
from instgen.records import Record
from instgen.seedlist import LANGUAGES
from instgen.teachers.teacher import Teacher

CONTINUED_EXAMPLES = 6
"""For a small model that continues a document (docs/decisions/0004); a chat is shown Alpaca's three."""
PROPOSED_CONTINUED = 3
"""Instructions that one call gives, about, where a small model goes on with a list."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What the command line says; None is left to the method and the teacher."""

    classic: bool
    paper: bool
    language: str
    examples: int | None
    topics: Path | None
    tasks: int | None
    novelty: float
    window: int


@dataclass(frozen=True, slots=True)
class Made:
    """A recipe, and how many records one of its calls is asked for."""

    recipe: Recipe[int]
    tasks: int


def recipe_of(choices: Choices, seeds: Iterable[Record], teacher: Teacher, asking: Asking) -> Made:
    """The recipe that the options describe."""
    published = profiles.CLASSIC if choices.classic else profiles.ALPACA
    tasks = choices.tasks or (published.tasks if choices.paper else teacher.traits.tasks_per_call)
    continues = teacher.traits.continues and (choices.classic or tasks == 1)
    files = _Files(open_prompts(asking, choices.language), _sampling(asking), choices.paper, continues)
    topics = _topics(choices.topics) if choices.topics else ()
    make = _classic if choices.classic else _alpaca
    return make(choices, seeds, files, tasks, topics, asking.seed)


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


def _alpaca(
    choices: Choices, seeds: Iterable[Record], files: _Files, tasks: int, topics: tuple[str, ...], seed: int
) -> Made:
    shown = CONTINUED_EXAMPLES if files.continues and not choices.paper else profiles.ALPACA.examples
    method = Alpaca(
        template=files.template("alpaca"),
        language=LANGUAGES.get(choices.language, choices.language),
        examples=shown if choices.examples is None else choices.examples,
        machine_share=profiles.ALPACA.machine_share if choices.paper else MACHINE_SHARE,
        tasks=tasks,
        continues=files.continues,
        topics=topics,
        novelty=choices.novelty,
        seed=seed,
        window=choices.window,
    )
    return Made(AlpacaRecipe(seeds, method), tasks)


def _classic(
    choices: Choices, seeds: Iterable[Record], files: _Files, tasks: int, topics: tuple[str, ...], seed: int
) -> Made:
    steps = ("classic-propose", "classic-classify", "classic-input-first", "classic-output-first")
    method = Classic(
        templates=Templates(*(files.template(step) for step in steps)),
        language=LANGUAGES.get(choices.language, choices.language),
        examples=profiles.CLASSIC.examples if choices.examples is None else choices.examples,
        machine_share=profiles.CLASSIC.machine_share,
        tasks=tasks,
        continues=files.continues,
        topics=topics,
        novelty=choices.novelty,
        seed=seed,
        window=choices.window,
    )
    return Made(ClassicRecipe(seeds, method), PROPOSED_CONTINUED if files.continues else method.tasks)


def _sampling(asking: Asking) -> Sampling:
    return Sampling(asking.temperature, asking.top_p, asking.max_tokens)


def _topics(path: Path) -> tuple[str, ...]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except UnicodeDecodeError as problem:
        raise InputError(str(path), "not UTF-8 text", "a topic a line is wanted") from problem
    except OSError as problem:
        raise InputError(str(path), f"cannot be read: {problem.strerror}") from problem
    topics = tuple(line.strip() for line in lines if line.strip())
    if not topics:
        raise InputError(str(path), "holds no topic", "a topic a line is wanted")
    return topics
