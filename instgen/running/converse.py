"""From the options of `converse` to a job: how many turns, in which words, and where a conversation is cut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from instgen.pump import Pump
from instgen.recipes.converse import Converse, Conversing, Wording
from instgen.recipes.converse_turns import Turns, read_turns
from instgen.recipes.wording import LANGUAGES
from instgen.records import Record
from instgen.running.job import Job
from instgen.running.options import Asking, Writing
from instgen.running.prompts import open_prompts
from instgen.running.teachers import open_teachers
from instgen.teachers.teacher import Teacher


@dataclass(frozen=True, slots=True)
class ConverseOptions:
    """The options of `converse` alone, by their names."""

    turns: str
    split_tokens: int | None


def converse_job(
    own: ConverseOptions, records: Iterable[Record], asking: Asking, writing: Writing, inputs: tuple[Path, ...] = ()
) -> Job[Record]:
    """What the options want done; `inputs` are the files that the records are read from.

    Raises:
        UsageError: turns that cannot be, no such teacher, or a key that cannot be had.
    """
    turns = read_turns(own.turns)
    teachers = open_teachers(asking, writing)
    recipe = Converse(conversing_of(turns, own.split_tokens, teachers.teacher, asking))
    calls = max(1.0, 2 * (turns.mean - 1))
    return Job(recipe, Pump(records), teachers, inputs=inputs, calls_per_item=calls, notes=lambda: _notes(recipe))


def _notes(recipe: Converse) -> Iterator[str]:
    """Of how many rows nothing was asked."""
    if recipe.untouched:
        yield f"{recipe.untouched} rows were long enough, and passed through unchanged"


def conversing_of(turns: Turns, split_tokens: int | None, teacher: Teacher, asking: Asking) -> Conversing:
    """The way of conversing that the options describe."""
    wordings = {language: _wording(language, teacher, asking) for language in LANGUAGES}
    return Conversing(wordings, turns, split_tokens, asking.seed)


def _wording(language: str, teacher: Teacher, asking: Asking) -> Wording:
    """The prompt files of a language; for a small model the one that it can continue."""
    book = open_prompts(asking, language)
    is_continued = teacher.traits.small and teacher.traits.continues
    personas = [line for line in book.template("converse-personas").text.splitlines() if line.strip()]
    user = book.template("converse-user-continue" if is_continued else "converse-user")
    return Wording(user, book.template("respond"), tuple(personas))
