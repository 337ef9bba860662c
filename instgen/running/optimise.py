"""`instgen evolve --auto`: the method is optimised in the run that then evolves by it, and written to a file.

The rule: it is one run with one budget, journal and account. The first row's flow optimises the method; a gate holds
back all other rows until that flow was admitted, and the file is written at that moment, before any record is. A file
that holds another method is left alone.
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
from instgen.recipes.evolve_auto import HELD, STEPS, AutoEvolve, Found, Optimiser, Optimising, method_of
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
"""The method to begin with, where no file is named."""

Item = Record | Sequence[Record]


@dataclass(frozen=True, slots=True)
class Saving:
    """How long a method is optimised, and where it goes."""

    path: Path
    steps: int
    force: bool
    quiet: bool


def saving_of(own: EvolveOptions, writing: Writing) -> Saving | None:
    """What the options say; None where nothing is optimised.

    Raises:
        UsageError: options of `--auto` without it.
    """
    if own.auto:
        steps = STEPS if own.auto_steps is None else own.auto_steps
        return Saving(own.save_method or METHOD_FILE, steps, writing.force, writing.quiet)
    if own.save_method is not None or own.auto_steps is not None:
        option = "--save-method" if own.save_method is not None else "--auto-steps"
        raise UsageError(f"{option} needs --auto")
    return None


class Gate:
    """A source of rows, of which only the first item is let through until the method is there."""

    def __init__(self, rows: Iterable[Record], recipe: SavedAutoEvolve) -> None:
        """Read the rows ahead, as `Pump` does, for a recipe that has to have its method before the second."""
        self._pump: Pump[Item] = Pump(_items(rows))
        self._recipe = recipe
        self._begun = False

    @property
    def finished(self) -> bool:
        """Whether every item was taken and no more will come."""
        return self._pump.finished

    @property
    def error(self) -> BaseException | None:
        """What ended the rows early."""
        return self._pump.error

    def start(self, arrived: Callable[[], None]) -> None:
        """Begin to read."""
        self._pump.start(arrived)

    def take(self) -> Item | None:
        """The next item, or None where none is ready."""
        if self._begun and not self._recipe.has_method:
            return None
        item = self._pump.take()
        self._begun = self._begun or item is not None
        return item

    def close(self) -> None:
        """Read no more."""
        self._pump.close()


class SavedAutoEvolve:
    """`AutoEvolve`, which tells of its method and writes it down as soon as it is there."""

    command = AutoEvolve.command

    def __init__(self, optimising: Optimising, saving: Saving) -> None:
        """Optimise in the given way."""
        self._recipe = AutoEvolve(optimising)
        self._saving = saving

    @property
    def has_method(self) -> bool:
        """Whether rows may be evolved."""
        return self._recipe.found is not None

    def start(self, number: int, item: Item) -> Flow:
        """The flow of the recipe."""
        return self._recipe.start(number, item)

    def admit(self, outcome: Outcome) -> Outcome:
        """The outcome as it is.

        Raises:
            UsageError: the file holds another method.
            OutputFailed: it cannot be written.
        """
        had = self.has_method
        admitted = self._recipe.admit(outcome)
        if not had and self._recipe.found is not None:
            save(self._recipe.found, self._saving)
        return admitted


def optimising_of(own: EvolveOptions, evolving: Evolving, asking: Asking, saving: Saving) -> Optimising:
    """The way of optimising that the options describe; `evolving` is by the method to begin with.

    Raises:
        UsageError: options that do not go together, or a place where no method can be written.
        InputError: a method without the part that is rewritten.
    """
    if own.ops is not None:
        raise UsageError(
            "--auto and --ops exclude each other: --auto rewrites a single method", "leave out one of them"
        )
    if own.method is not None and (own.method in METHODS.keys() - {AUTO} or Path(own.method).is_dir()):
        raise UsageError(f"--auto --method {own.method}: only one method can be rewritten", "name a file, or none")
    _check(saving.path, own.method)
    asking = as_published(asking) if own.paper else asking
    return Optimising(
        name=saving.path.stem,
        languages={language: _optimiser(language, own.method, asking) for language in LANGUAGES},
        evolving=evolving,
        sampling=sampling_of(asking),
        steps=saving.steps,
    )


def tell_cost(optimising: Optimising, asking: Asking, writing: Writing) -> None:
    """Say what optimising takes at most."""
    if asking.dry_run or not writing.quiet:
        rows, calls = f"{HELD:,} rows", f"{optimising.most_calls:,} calls"
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


def _optimiser(language: str, method: str | None, asking: Asking) -> Optimiser:
    book = open_prompts(asking, language)
    if method is None or method == AUTO:
        file, where = _built_in(language, asking), FILE
    else:
        file, where = method_text(Path(method)), method
    try:
        method_of(file)
    except InputError as problem:
        raise InputError(where, problem.problem, problem.hint) from problem
    return Optimiser(file, book.template(f"{FILE}-analyse"), book.template(f"{FILE}-rewrite"))


def _built_in(language: str, asking: Asking) -> str:
    """Our own method, or what the user's folder of prompt files has in its place."""
    for name in (f"{language}/{FILE}", FILE):
        if asking.prompts is not None and (own := asking.prompts / f"{name}{SUFFIX}").is_file():
            return text_of(own)
    return built_in()[f"{language}/{FILE}"]


def save(found: Found, saving: Saving) -> None:
    """Write the method to its file, unless it is there already, and tell how it came about.

    Raises:
        UsageError: the file holds something else.
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
        console.say(f"{AutoEvolve.command}: {_told(found)}; --method {path} uses it again")


def _told(found: Found) -> str:
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
    """The rows to optimise by, as one item that stands for the first of them, and then the others."""
    rows = iter(rows)
    held = tuple(islice(rows, HELD))
    if held:
        yield held
    yield from held[1:]
    yield from rows
