"""`instgen evolve --auto`: the run first optimizes the method and writes it to a file, then evolves records by it.

The rule: it is one run with one budget, journal and account. The flow of the first row optimizes the method; a gate
holds back all other rows until that flow is admitted. At that moment the file is written, before any record. A file
that holds another method is not overwritten without `--force`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from instgen import console
from instgen.errors import InputError, OutputFailed, UsageError
from instgen.prompts.book import SUFFIX, built_in
from instgen.pump import Pump
from instgen.recipes.evolve import Evolving
from instgen.recipes.evolve_auto import HELD, STEPS, AutoEvolve, Found, Optimizer, Optimizing, method_of
from instgen.recipes.evolve_ops import METHODS
from instgen.recipes.flow import Flow, Outcome
from instgen.recipes.wording import LANGUAGES
from instgen.records import Record
from instgen.running.evolving import NAME_HINT, EvolveOptions, as_published, is_name, method_text
from instgen.running.options import Asking, Writing
from instgen.running.prompts import open_prompts, sampling_of, text_of
from instgen.running.whole import replace_whole

FILE = "evolve-auto"
METHOD_FILE = Path("evolve-method.txt")
AUTO = "auto"
"""The method to start from if no file is named."""

Item = Record | Sequence[Record]


@dataclass(frozen=True, slots=True)
class Saving:
    """How many steps the optimization has, and where the method is written."""

    path: Path
    steps: int
    force: bool
    quiet: bool


def saving_of(own: EvolveOptions, writing: Writing) -> Saving | None:
    """What the options say about it; None without `--auto`.

    Raises:
        UsageError: an option that needs `--auto` is given without it.
    """
    if own.auto:
        steps = STEPS if own.auto_steps is None else own.auto_steps
        return Saving(own.save_method or METHOD_FILE, steps, writing.force, writing.quiet)
    if own.save_method is not None or own.auto_steps is not None:
        option = "--save-method" if own.save_method is not None else "--auto-steps"
        raise UsageError(f"{option} needs --auto")
    return None


class Gate:
    """A source of rows that gives only its first item until the method is found."""

    def __init__(self, rows: Iterable[Record], recipe: SavedAutoEvolve) -> None:
        """Read the rows ahead by a `Pump`, and ask the recipe whether it has its method."""
        self._pump: Pump[Item] = Pump(_items(rows))
        self._recipe = recipe
        self._begun = False

    @property
    def finished(self) -> bool:
        """Whether all items have been taken."""
        return self._pump.finished

    @property
    def error(self) -> BaseException | None:
        """The error that ended the rows early."""
        return self._pump.error

    def start(self, arrived: Callable[[], None]) -> None:
        """Start reading; `arrived` is called as in `Pump.start`."""
        self._pump.start(arrived)

    def take(self) -> Item | None:
        """The next item, or None if none is ready."""
        if self._begun and not self._recipe.has_method:
            return None
        item = self._pump.take()
        self._begun = self._begun or item is not None
        return item

    def close(self) -> None:
        """Stop reading."""
        self._pump.close()


class SavedAutoEvolve:
    """`AutoEvolve`, with its method written to a file and reported as soon as it is found."""

    command = AutoEvolve.command

    def __init__(self, optimizing: Optimizing, saving: Saving) -> None:
        """Set how the method is optimized and where it is written."""
        self._recipe = AutoEvolve(optimizing)
        self._saving = saving

    @property
    def has_method(self) -> bool:
        """Whether the method is found, so that rows may be evolved."""
        return self._recipe.found is not None

    def start(self, number: int, item: Item) -> Flow:
        """The flow of the recipe for an item."""
        return self._recipe.start(number, item)

    def admit(self, outcome: Outcome) -> Outcome:
        """The outcome unchanged; writes the method when it comes with this outcome.

        Raises:
            UsageError, OutputFailed: as `save` does.
        """
        had = self.has_method
        admitted = self._recipe.admit(outcome)
        if not had and self._recipe.found is not None:
            save(self._recipe.found, self._saving)
        return admitted


def optimizing_of(own: EvolveOptions, evolving: Evolving, asking: Asking, saving: Saving) -> Optimizing:
    """The settings of the optimization, from the options; `evolving` uses the method to start from.

    Raises:
        UsageError: options exclude each other, or `--save-method` is not a path that can be written.
        InputError: the method lacks the part that is rewritten.
    """
    if own.ops is not None:
        raise UsageError(
            "--auto and --ops exclude each other: --auto rewrites a single method", "leave out one of them"
        )
    if own.method is not None and (own.method in METHODS.keys() - {AUTO} or Path(own.method).is_dir()):
        raise UsageError(f"--auto --method {own.method}: only one method can be rewritten", "name a file, or none")
    _check(saving.path, own.method)
    asking = as_published(asking) if own.paper else asking
    return Optimizing(
        name=saving.path.stem,
        languages={language: _optimizer(language, own.method, asking) for language in LANGUAGES},
        evolving=evolving,
        sampling=sampling_of(asking),
        steps=saving.steps,
    )


def tell_cost(optimizing: Optimizing, asking: Asking, writing: Writing) -> None:
    """Tell the user the maximum number of calls that the optimization takes."""
    if asking.dry_run or not writing.quiet:
        rows, calls = f"{HELD:,} rows", f"{optimizing.most_calls:,} calls"
        console.say(f"{AutoEvolve.command}: optimizing the method first, on the first {rows}; at most {calls}")


def _check(path: Path, method: str | None) -> None:
    if not is_name(path.stem):
        raise UsageError(f"--save-method {path}: {path.stem!r} cannot be an operation's name", NAME_HINT)
    if not path.parent.is_dir():
        raise UsageError(f"--save-method {path}: there is no folder {path.parent}", "make it first")
    if path.is_dir():
        raise UsageError(f"--save-method {path}: is a folder", "name a file")
    if method is not None and path.exists() and Path(method).exists() and path.samefile(method):
        raise UsageError(f"--save-method {path}: is the method to start from", "name another file")


def _optimizer(language: str, method: str | None, asking: Asking) -> Optimizer:
    book = open_prompts(asking, language)
    if method is None or method == AUTO:
        file, where = _built_in(language, asking), FILE
    else:
        file, where = method_text(Path(method)), method
    try:
        method_of(file)
    except InputError as problem:
        raise InputError(where, problem.problem, problem.hint) from problem
    return Optimizer(file, book.template(f"{FILE}-analyse"), book.template(f"{FILE}-rewrite"))


def _built_in(language: str, asking: Asking) -> str:
    """The built-in method, or the file in the user's folder of prompt files that replaces it."""
    for name in (f"{language}/{FILE}", FILE):
        if asking.prompts is not None and (own := asking.prompts / f"{name}{SUFFIX}").is_file():
            return text_of(own)
    return built_in()[f"{language}/{FILE}"]


def save(found: Found, saving: Saving) -> None:
    """Write the method to its file, and tell the user how it was found.

    Raises:
        UsageError: the file holds another method, and `force` is not set.
        OutputFailed: it cannot be written.
    """
    path, data = saving.path, found.file.encode()
    try:
        if path.exists() and path.read_bytes() != data and not saving.force:
            hint = "name another file with --save-method, or --force to overwrite this one; the answers are kept"
            raise UsageError(f"{path}: holds another method than this run found", hint)
        replace_whole(path, data)
    except OSError as problem:
        raise OutputFailed(f"{path}: the method cannot be written: {problem.strerror}") from problem
    if not saving.quiet:
        console.say(f"{AutoEvolve.command}: {_summary(found)}; --method {path} uses it again")


def _summary(found: Found) -> str:
    first, last = found.course[0], found.course[-1]
    if not first.of:
        return "no call was answered while optimizing, so the method is unchanged"
    if not first.failed:
        return f"the method failed on none of {first.of} tasks, and was not rewritten"
    if len(found.course) == 1:
        return f"the method failed on {first.failed} of {first.of} tasks, and no other did better"
    steps = len(found.course) - 1
    return (
        f"the method failed on {first.failed} of {first.of} tasks, and on {last.failed} of {last.of}"
        f" after {steps} step{'s' if steps > 1 else ''}"
    )


def _items(rows: Iterable[Record]) -> Iterator[Item]:
    """First the rows to optimize on, as one item whose outcome is that of the first row; then all other rows."""
    rows = iter(rows)
    held = tuple(islice(rows, HELD))
    if held:
        yield held
    yield from held[1:]
    yield from rows
