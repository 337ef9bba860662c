"""From the options of `score` to its rubrics: built-in, a plugin's or the user's own.

The rule: nothing that asks a teacher is imported here, so that `--list` and scores without a judge start at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from instgen.errors import UsageError
from instgen.scores.find import built_in, find_rubric
from instgen.scores.free import MEASURES, Measure
from instgen.scores.ifd import Ifd
from instgen.scores.plugins import plugged_rubrics
from instgen.scores.rubric import SUFFIX, Rubric, parse_rubric


@dataclass(frozen=True, slots=True)
class ScoreOptions:
    """The options that only `score` has, by name."""

    rubric: Sequence[str] | None
    votes: int = 1
    replace: bool = False
    sample: int | None = None
    reference_key: str = ""


@dataclass(frozen=True, slots=True)
class Rubrics:
    """The rubrics to apply, with a judge and without."""

    judged: tuple[Rubric, ...]
    measures: tuple[Measure, ...]
    ifd: bool = False
    """Whether IFD is measured, from a model's log-probabilities."""

    @property
    def ask(self) -> bool:
        """Whether any of them needs calls."""
        return bool(self.judged) or self.ifd


def chosen(own: ScoreOptions) -> Rubrics:
    """The rubrics that the options name, each once.

    Raises:
        UsageError: none is named, one is unknown, two share a name, or an option needs calls that none of them makes.
        InputError: a rubric's file cannot be read.
    """
    if not own.rubric:
        raise UsageError("no --rubric is given", "for example --rubric quality; --list shows all")
    found = [_rubric(named) for named in dict.fromkeys(own.rubric)]
    names = [each.name for each in found]
    if twice := {name for name in names if names.count(name) > 1}:
        raise UsageError(f"two rubrics are named {min(twice)}, so their scores would be too", "give one another name")
    judged = tuple(each for each in found if isinstance(each, Rubric))
    options = {
        "--votes": own.votes > 1,
        "--reference-key": bool(own.reference_key),
    }
    for option, is_given in options.items():
        if is_given and not judged:
            raise UsageError(f"{option} is for a judge, and none of these rubrics asks one", "--list shows which do")
    if own.sample is not None and all(isinstance(each, Measure) for each in found):
        raise UsageError(
            "--sample saves calls, and none of these rubrics makes any",
            "use filter --sample to take a sample of the rows",
        )
    measures = tuple(each for each in found if isinstance(each, Measure))
    return Rubrics(judged, measures, any(isinstance(each, Ifd) for each in found))


def listed() -> Iterator[str]:
    """The lines of `--list`: every rubric, what it needs and what it is about."""
    others = plugged_rubrics()
    wide = max(map(len, (*built_in(), *MEASURES, *others)))
    for name, content in built_in().items():
        yield f"{name:{wide}}  judge  {parse_rubric(name, content).about}"
    yield f"{Ifd().name:{wide}}  model  {Ifd().about}"
    yield from (f"{measure.name:{wide}}  free   {measure.about}" for measure in MEASURES.values())
    for name in others:
        found = find_rubric(name)
        yield f"{name:{wide}}  {'judge' if isinstance(found, Rubric) else 'free '}  {found.about}"


def _rubric(named: str) -> Rubric | Measure | Ifd:
    if not named.endswith(SUFFIX) and "/" not in named:
        return find_rubric(named)
    from instgen.running.prompts import text_of

    path = Path(named).expanduser()
    content = text_of(path, "built-in rubrics are named without a path")
    return parse_rubric(path.name.removesuffix(SUFFIX), content, named)
