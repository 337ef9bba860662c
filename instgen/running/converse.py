"""From the options of `converse` to a job: numbers of turns, prompt files, and where long conversations are split."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from instgen.pump import Pump
from instgen.recipes.converse import Converse, ConverseSettings, Wording
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
    """The options that only `converse` has, by name."""

    turns: str
    split_tokens: int | None


def converse_job(
    own: ConverseOptions, records: Iterable[Record], asking: Asking, writing: Writing, inputs: tuple[Path, ...] = ()
) -> Job[Record]:
    """The job that the options describe; `inputs` are the files that the records are read from.

    Raises:
        UsageError: `--turns` is invalid, the teacher is unknown, or its key cannot be read.
    """
    turns = read_turns(own.turns)
    teachers = open_teachers(asking, writing)
    recipe = Converse(converse_settings(turns, own.split_tokens, teachers.teacher, asking))
    calls = max(1.0, 2 * (turns.mean - 1))
    return Job(recipe, Pump(records), teachers, inputs=inputs, calls_per_item=calls, notes=lambda: _notes(recipe))


def _notes(recipe: Converse) -> Iterator[str]:
    """The number of rows that passed through unchanged, if any."""
    if recipe.untouched:
        rows = "row was" if recipe.untouched == 1 else "rows were"
        yield f"{recipe.untouched} {rows} long enough, and passed through unchanged"


def converse_settings(turns: Turns, split_tokens: int | None, teacher: Teacher, asking: Asking) -> ConverseSettings:
    """The recipe's settings, from the options."""
    wordings = {language: _wording(language, teacher, asking) for language in LANGUAGES}
    return ConverseSettings(wordings, turns, split_tokens, asking.seed)


def _wording(language: str, teacher: Teacher, asking: Asking) -> Wording:
    """The prompt files of a language; a small model that continues documents gets its own file for the user's turns."""
    book = open_prompts(asking, language)
    is_continued = teacher.traits.small and teacher.traits.continues
    personas = [line for line in book.template("converse-personas").text.splitlines() if line.strip()]
    user = book.template("converse-user-continue" if is_continued else "converse-user")
    return Wording(user, book.template("respond"), tuple(personas))
