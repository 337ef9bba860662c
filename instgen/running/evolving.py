"""From the options of `evolve` to the recipe's settings: operations, built-in or the user's own, and prompt files.

The rule: `--method` is the name of a built-in method, or else a path. A file is one operation, named after the file; a
folder is a set of operations, one per file. A user's file is used for every language, and is rendered with a made-up
task before any call.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from instgen.errors import InputError, UsageError
from instgen.prompts.book import SUFFIX, PromptBook, built_in
from instgen.prompts.template import Template, parse_template
from instgen.recipes import profiles
from instgen.recipes.evolve import Evolving, Round, Wording, evolving_prompt
from instgen.recipes.evolve_ops import METHODS, Operation, Turn, Weighted, operations_of, own_operation, read_weights
from instgen.recipes.wording import LANGUAGES
from instgen.records import Record
from instgen.running.options import Asking, Profile
from instgen.running.prompts import open_prompts, sampling_of, text_of
from instgen.running.teachers import Teachers
from instgen.teachers.teacher import Teacher

ROUNDS = 2
CHECKS: Mapping[str, str] = {"contradictions": "evolve-contradiction"}
"""The values of `--check`, each with the prompt file that asks the judge."""

NAME_HINT = "no spaces, commas, =, @ or /"

_NAME = re.compile(r"[^\s,=@/]+")
_FORM = "a method has parts [[user]] with {{task}}, [[task]] and [[task with input]]: see docs/evolve.md"


@dataclass(frozen=True, slots=True)
class EvolveOptions:
    """The options that only `evolve` has, by name; None means the profile's value, or the default."""

    rounds: int | None
    method: str | None
    ops: str | None
    keep: Literal["last", "all"]
    no_answers: bool
    growth: int
    check: Sequence[str] | None
    auto: bool
    auto_steps: int | None
    save_method: Path | None
    profile: Profile

    @property
    def paper(self) -> bool:
        """Whether the published constants are used."""
        return self.profile is Profile.PAPER

    @property
    def named(self) -> str:
        """The method, by name or path."""
        return self.method or ("auto" if self.auto else "wizardlm")

    @property
    def published_rounds(self) -> int:
        """The number of rounds in the paper."""
        return profiles.AUTO_ROUNDS if self.auto else profiles.EVOLVE_ROUNDS


@dataclass(frozen=True, slots=True)
class UsersMethod:
    """A user's own operations and their prompt files, by the name of the operation."""

    templates: Mapping[str, Template]
    operations: Mapping[str, Operation]


NOTHING = UsersMethod({}, {})


def evolving_of(own: EvolveOptions, teachers: Teachers, asking: Asking) -> Evolving:
    """The recipe's settings, from the options.

    Raises:
        UsageError: the method or an operation does not exist.
        InputError: a file given as a method is not one.
    """
    asking = as_published(asking) if own.paper else asking
    users = NOTHING if own.named in METHODS else read_method(Path(own.named), asking)
    operations = _operations(own, users)
    judges = ("evolve-equal", *(CHECKS[check] for check in dict.fromkeys(own.check or ())))
    return Evolving(
        wordings={
            language: _wording(open_prompts(asking, language), operations, users, judges, teachers)
            for language in LANGUAGES
        },
        operations=operations,
        rounds=own.rounds or (own.published_rounds if own.paper else ROUNDS),
        keep=own.keep,
        answers=not own.no_answers,
        growth=own.growth,
        seed=asking.seed,
    )


def as_published(asking: Asking) -> Asking:
    """The options with the paper's sampling parameters wherever none is given."""
    paper = profiles.EVOLVE
    return replace(
        asking,
        temperature=paper.temperature if asking.temperature is None else asking.temperature,
        top_p=paper.top_p if asking.top_p is None else asking.top_p,
        max_tokens=paper.max_tokens if asking.max_tokens is None else asking.max_tokens,
    )


def read_method(path: Path, asking: Asking) -> UsersMethod:
    """The operation in a file, or the operations in the files of a folder.

    Raises:
        UsageError: the path does not exist.
        InputError: a file is not an operation, or the folder has no prompt file.
    """
    if _is_there(path) and path.is_dir():
        files = sorted(path.glob(f"*{SUFFIX}"))
        if not files:
            raise InputError(str(path), f"there is no prompt file here, such as NAME{SUFFIX}")
    else:
        files = [path]
    templates = {file.stem: own_template(file, asking) for file in files}
    return UsersMethod(templates, {name: own_operation(name, template) for name, template in templates.items()})


def own_template(path: Path, asking: Asking) -> Template:
    """A user's own prompt file, checked by rendering it.

    Raises:
        UsageError: there is no such file.
        InputError: it cannot be read, or is not an operation.
    """
    content = method_text(path)
    if not is_name(path.stem):
        raise InputError(str(path), f"{path.stem!r} cannot be an operation's name", NAME_HINT)
    try:
        template = parse_template(path.stem, content, sampling_of(asking))
        _try(template)
    except InputError as problem:
        hint = problem.hint if problem.hint.startswith("known") else _FORM
        raise InputError(str(path), problem.problem, hint) from problem
    return template


def is_name(stem: str) -> bool:
    """Whether a file's stem can be the name of an operation, so that `--ops` can name it."""
    return _NAME.fullmatch(stem) is not None


def method_text(path: Path) -> str:
    """The text of a method's file.

    Raises:
        UsageError: there is no such file.
        InputError: it cannot be read.
    """
    if not _is_there(path):
        raise UsageError(f"--method {path}: neither a method nor a file", f"methods: {', '.join(METHODS)}")
    return text_of(path)


def _is_there(path: Path) -> bool:
    """Whether a path exists; one that is too long for a file name does not."""
    try:
        return path.exists()
    except OSError:
        return False


def _try(template: Template) -> None:
    """Render a template for two made-up tasks, one of them with an input.

    Raises:
        InputError: a part or a slot is missing, or the prompt is not for the teacher.
    """
    if template.defaults.role != "teacher":
        raise InputError(template.name, f"a method is for the teacher, not for the {template.defaults.role}")
    if not template.blocks.get("kinds", "one").strip():
        raise InputError(template.name, "the part [[kinds]] has no lines")
    operation = own_operation("own", template)
    for given in ("", "some"):
        turn = Round(1, Turn(operation, 0.0), (Record("Any", given),), 0)
        evolving_prompt(turn, Wording({"own": template}, template))


def _operations(own: EvolveOptions, users: UsersMethod) -> tuple[Weighted, ...]:
    if not users.operations:
        return read_weights(own.ops) if own.ops is not None else operations_of(own.named)
    if own.ops is not None:
        return read_weights(own.ops, users.operations)
    return tuple(Weighted(operation) for operation in users.operations.values())


def _wording(
    book: PromptBook, operations: tuple[Weighted, ...], users: UsersMethod, judges: Sequence[str], teachers: Teachers
) -> Wording:
    """The prompt files of a language; `judges` are the names of the judge's."""
    names = [each.operation.name for each in operations]
    files = {each.operation.name: each.operation.file for each in operations}
    templates = {name: users.templates.get(name) or _template(book, files[name], teachers.teacher) for name in names}
    asked = tuple(_template(book, name, teachers.judge) for name in judges)
    return Wording(templates, book.template("respond"), asked)


def _template(book: PromptBook, name: str, teacher: Teacher) -> Template:
    """The prompt file with a name; for a small model that continues text, its `-continue` variant if there is one."""
    continued = f"{name}-continue"
    is_continued = teacher.traits.small and teacher.traits.continues and f"en/{continued}" in built_in()
    return book.template(continued if is_continued else name)
