"""From the options of `filter` to the sieve that applies them.

The rule: the module of a step is imported only if the step is used, so that the first row comes out at once.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from instgen.console import plural
from instgen.errors import UsageError
from instgen.filters.plugins import plugged_rules
from instgen.filters.presets import PRESETS, chosen
from instgen.filters.repairs import REPAIRS
from instgen.filters.rule import Rule
from instgen.filters.rulebook import Rulebook
from instgen.filters.steps import Selection
from instgen.lines import records_of
from instgen.records import Record
from instgen.running.filter_options import Compared, Dedupe, FilterOptions, LookedAt, Personal, Sign, Survivor
from instgen.running.sieve import Cleaning, Sieve, Station

if TYPE_CHECKING:
    from instgen.filters.semantic import Embed


def sieve_for(asked: FilterOptions, tell: Callable[[str], None], embed: Embed | None = None) -> Sieve:
    """The sieve; all files that rows are compared with have been read.

    Args:
        asked: the options.
        tell: called with lines for the user about the benchmarks.
        embed: embeds texts, for semantic deduplication.

    Raises:
        UsageError: an option names something unknown, or options exclude each other.
        InputError: a file to compare with cannot be read.
    """
    _check(asked)
    return Sieve(
        Rulebook(rules_for(asked)),
        repairs=PRESETS[asked.preset].repairs,
        cleaning=_cleaning(asked.pii),
        stations=tuple(_stations(asked, tell, embed)),
        selections=tuple(_selections(asked)),
    )


def rules_for(asked: FilterOptions) -> tuple[Rule, ...]:
    """The rules that the options choose."""
    more = [*asked.rule, *(("personal-data", "secret") if asked.pii is Personal.DROP else ())]
    return chosen(PRESETS[asked.preset], more, asked.no_rule)


def explained(asked: FilterOptions) -> Iterator[str]:
    """The lines of `--explain`: rules, repairs and the methods against duplicates."""
    rules = rules_for(asked)
    wide = max((len(rule.name) for rule in rules), default=0)
    longest = max((len(rule.reason) for rule in rules), default=0)
    for rule in rules:
        limit = "" if rule.limit is None else f"{rule.limit:g}"
        yield f"{rule.name:{wide}}  {rule.reason:{longest}}  {limit:>5}  {rule.what}"
    if PRESETS[asked.preset].repairs:
        yield from (f"{repair.name:{wide}}  {'(repair)':{longest}}  {'':>5}  {repair.what}" for repair in REPAIRS)
    if others := plugged_rules():
        yield f"rules of other packages, by --rule: {', '.join(others)}"
    methods = [method.value for method in Dedupe if method in asked.methods]
    yield f"duplicates: {', '.join(methods) or 'off'}"


def compared_with(asked: FilterOptions) -> tuple[Path, ...]:
    """The files that rows are compared with."""
    named = [Path(each) for each in asked.decontaminate]
    return (*asked.against, *(path if path.exists() else Path(str(path).rpartition(":")[0]) for path in named))


def _check(asked: FilterOptions) -> None:
    if asked.against and not asked.methods:
        raise UsageError("--against needs a --dedupe method", "use --dedupe exact, near or novelty")
    if asked.keep is not Survivor.FIRST and Dedupe.NEAR not in asked.methods:
        raise UsageError(f"--keep {asked.keep} needs --dedupe near", "add --dedupe near")
    if asked.novelty_on is not Compared.TASK and Dedupe.NOVELTY not in asked.methods:
        raise UsageError(f"--novelty-on {asked.novelty_on} needs --dedupe novelty", "add --dedupe novelty")
    if not asked.decontaminate and (asked.decontaminate_by, asked.decontaminate_on) != (Sign.BOTH, LookedAt.PROMPT):
        raise UsageError("--decontaminate-by and --decontaminate-on need a benchmark", "use --decontaminate FILE")
    if asked.by is None and (asked.top is not None or asked.keep is Survivor.BEST):
        raise UsageError(f"{'--top' if asked.top is not None else '--keep best'} needs a score", "use --by NAME")
    uses = (asked.top, asked.diverse)
    if asked.by is not None and not any(use is not None for use in uses) and asked.keep is not Survivor.BEST:
        raise UsageError("--by has no effect on its own", "use it with --top, --diverse or --keep best")


def _stations(asked: FilterOptions, tell: Callable[[str], None], embed: Embed | None) -> Iterator[Station]:
    """The steps that judge row by row: first those that look at one row alone, then those that compare rows."""
    if asked.min or asked.max:
        from instgen.filters.selection import Bounds

        yield Station(Bounds(_bounds("--min", asked.min), _bounds("--max", asked.max)))
    if asked.lang:
        from instgen.filters.language import Language

        yield Station(Language(asked.lang))
    if asked.same_lang:
        from instgen.filters.language import OutputLanguage

        yield Station(OutputLanguage())
    if asked.decontaminate:
        yield _decontaminating(asked, tell)
    yield from _comparing(asked)
    if embed is not None:
        from instgen.filters.semantic import Semantic

        yield Station(Semantic(embed, **_threshold(asked.semantic), against=_known(asked)), by_task=True)


def _decontaminating(asked: FilterOptions, tell: Callable[[str], None]) -> Station:
    from instgen.filters.contamination import Contamination
    from instgen.running.benchmarks import benchmark

    benchmarks = [benchmark(named) for named in asked.decontaminate]
    for each in benchmarks:
        held = f"{len(each.items):,} {plural('item', len(each.items))}"
        fields = ", ".join(f"{name} in {count:,}" for name, count in each.fields.items())
        tell(f"filter: {each.name}: {held}, from {fields} rows")
    items = (item for each in benchmarks for item in each.items)
    step = Contamination(items, asked.decontaminate_by.value, asked.decontaminate_on.value)
    if step.unchecked:
        tell(f"filter: {len(step.unchecked):,} of them are too short to check")
    return Station(step)


def _comparing(asked: FilterOptions) -> Iterator[Station]:
    methods = asked.methods
    if not methods:
        return
    from instgen.filters import duplicates

    if Dedupe.EXACT in methods:
        yield Station(duplicates.Exact(against=_known(asked)))
    if Dedupe.NEAR in methods and asked.keep is Survivor.FIRST:
        yield Station(duplicates.Near(**_threshold(asked.near), against=_known(asked)), by_task=True)
    if Dedupe.NOVELTY in methods:
        on = asked.novelty_on
        scripts = _by_script(asked.novelty_script)
        step = duplicates.Novel(**_threshold(asked.novelty), scripts=scripts, on=on.value, against=_known(asked))
        yield Station(step, by_task=True)


def _selections(asked: FilterOptions) -> Iterator[Selection]:
    """The selections among all rows, in order: cluster survivors, language shares, diverse, best, random."""
    if Dedupe.NEAR in asked.methods and asked.keep is not Survivor.FIRST:
        from instgen.filters.duplicates import Clusters

        policy: Literal["longest", "best"] = "best" if asked.keep is Survivor.BEST else "longest"
        yield Clusters(policy=policy, **_threshold(asked.near), score=asked.by, against=_known(asked))
    if asked.balance_lang:
        from instgen.filters.language import BalanceLanguages

        yield BalanceLanguages(asked.lang)
    if asked.diverse is None and asked.top is None and asked.sample is None:
        return
    from instgen.filters.selection import Diverse, Sample, Top

    if asked.diverse is not None:
        yield Diverse(asked.diverse, asked.by)
    if asked.top is not None and asked.by is not None:
        yield Top(asked.top, asked.by)
    if asked.sample is not None:
        yield Sample(asked.sample, asked.seed)


def _threshold(value: float | None) -> dict[str, Any]:
    return {} if value is None else {"threshold": value}


def _by_script(values: Sequence[str]) -> Mapping[str, float]:
    if not values:
        return {}
    from instgen.text.written import SCRIPTS

    found = _bounds("--novelty-script", values)
    for name, limit in found.items():
        if name not in SCRIPTS:
            raise UsageError(f"--novelty-script {name}: no such script", f"known: {' '.join(SCRIPTS)}")
        if not 0 <= limit <= 1:
            raise UsageError(f"--novelty-script {name}={limit:g}: a ROUGE-L F is between 0 and 1")
    return found


def _known(asked: FilterOptions) -> Iterable[Record]:
    return records_of(asked.against) if asked.against else ()


def _bounds(option: str, values: Iterable[str]) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for each in values:
        name, _, value = each.rpartition("=")
        number = math.nan
        with contextlib.suppress(ValueError):
            number = float(value)
        if not name or math.isnan(number):
            example = "han=0.6" if option == "--novelty-script" else "quality=4"
            raise UsageError(f"{option} {each}: not name=number", f"for example {option} {example}")
        found[name] = number
    return found


def _cleaning(pii: Personal | None) -> Cleaning | None:
    """What masks or flags personal data and secrets in a row before it is judged; None if neither is wanted."""
    if pii is None or pii is Personal.DROP:
        return None
    from instgen.filters import personal, secrets
    from instgen.formats.edits import with_texts

    if pii is Personal.MASK:

        def mask(row: Mapping[str, Any]) -> Mapping[str, Any]:
            masked = with_texts(row, lambda text: personal.mask(secrets.mask(text)))
            return row if masked == row else masked

        return mask

    def flag(row: Mapping[str, Any]) -> Mapping[str, Any]:
        kinds: set[str] = set()

        def look(text: str) -> str:
            kinds.update(one.kind for one in (*secrets.secrets(text), *personal.personal_data(text)))
            return text

        with_texts(row, look)
        return {**row, FLAG: sorted(kinds)} if kinds else row

    return flag


FLAG = "pii"
"""The key under which `--pii flag` lists the kinds of personal data and secrets in a row."""
