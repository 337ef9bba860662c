"""The dataset's card: front matter that the `datasets` library and the Hub read, and what a careful user must know.

Everything in it is told by the records, by summaries that were given, or by the user; what nobody told is called
unknown. No date and no path but those of the command line as it was typed: the same run writes the same card.
"""

from __future__ import annotations

import itertools
import json
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from instgen.export.columns import features
from instgen.export.fitness import REASONS
from instgen.export.format import Exported
from instgen.export.survey import SAMPLE, Survey
from instgen.export.terms import terms_of

UNKNOWN = "unknown"
_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
)
"""The Hub's names for sizes."""
_PART_OF_LANGUAGES = 0.01
"""The share of the sample from which a language is named in the front matter."""


@dataclass(frozen=True, slots=True)
class Told:
    """All that the card tells."""

    exported: Exported
    survey: Survey
    command: str
    read: int
    rejected: Counter[str]
    seeds: str = ""
    """What the user says of the seeds and their licence."""
    summaries: Sequence[Mapping[str, Any]] = field(default=())
    """Rows of `--summary` files, in the order of the pipeline."""


def card(told: Told) -> str:
    """The whole README.md."""
    languages = told.survey.languages()
    parts = [
        _front(told, languages),
        _head(told, languages),
        _teachers(told),
        _seeds(told),
        _funnel(told),
        _contamination(told),
        _commands(told),
        _limits(told),
    ]
    return "\n".join("\n".join(part) + "\n" for part in parts)


def _front(told: Told, languages: Counter[str]) -> Iterator[str]:
    exported = told.exported
    rows = sum(file.rows for file in exported.files)
    yield "---"
    yield f"license: {_quoted(exported.licence)}"
    if codes := _named(languages):
        yield "language:"
        yield from (f"- {_quoted(code)}" for code in codes)
    yield from ("task_categories:", "- text-generation", "size_categories:")
    yield f"- {next((name for limit, name in _SIZES if rows < limit), '100M<n<1B')}"
    yield f"pretty_name: {_quoted(exported.title)}"
    yield "tags:"
    yield from (f"- {tag}" for tag in (*(("synthetic",) if told.survey.teachers else ()), "instgen", exported.kind))
    yield from ("configs:", "- config_name: default", "  default: true", "  data_files:")
    for file in exported.files:
        yield f"  - split: {file.split}"
        yield f"    path: {file.name}"
    yield from ("dataset_info:", "- config_name: default", "  features:")
    yield from features(exported.columns, "  ")
    yield "  splits:"
    for file in exported.files:
        yield f"  - name: {file.split}"
        yield f"    num_bytes: {file.bytes}"
        yield f"    num_examples: {file.rows}"
    size = sum(file.bytes for file in exported.files)
    yield f"  download_size: {size}"
    yield f"  dataset_size: {size}"
    yield "---"


def _head(told: Told, languages: Counter[str]) -> Iterator[str]:
    exported, survey = told.exported, told.survey
    yield f"# {_line(exported.title)}"
    yield ""
    splits = ", ".join(f"{file.split} {file.rows:,}" for file in exported.files)
    rows = sum(file.rows for file in exported.files)
    yield f"{rows:,} rows for {exported.kind.value} ({splits}), made from {survey.records:,} records by instgen."
    if survey.teachers:
        yield "**It contains what language models wrote**, unread by people unless somebody says otherwise."
    yield ""
    yield f"- licence: {exported.licence}"
    yield f"- languages: {_languages(languages)}"
    yield f"- instructions: {_mean(survey, 'instruction')} characters on average; answers: {_mean(survey, 'output')}"
    yield f"- with an input: {survey.with_input:,}; conversations of several turns: {survey.conversations:,}"
    yield f"- columns: {', '.join(f'`{column.name}`' for column in exported.columns)}"


def _teachers(told: Told) -> Iterator[str]:
    survey = told.survey
    yield "## Who wrote it"
    yield ""
    if not survey.teachers:
        yield "No record says who wrote it: unknown."
    else:
        yield "| teacher | records | terms for its answers | as of |"
        yield "|---|---|---|---|"
        for teacher, count in _ranked(survey.teachers):
            terms = terms_of(teacher)
            says = f"{terms.under}: {terms.says}" if terms else f"{UNKNOWN}: read them before you train on this"
            yield f"| `{_cell(teacher)}` | {count:,} | {says} | {terms.as_of if terms else ''} |"
        yield ""
        yield "The terms are from a table of instgen's, in its own words: no legal advice, and they may have changed."
    if survey.judges:
        yield ""
        judges = ", ".join(f"`{_cell(judge)}` ({count:,} records)" for judge, count in _ranked(survey.judges))
        yield f"Judged by {judges}, whose words are not in the data."
    if unsigned := survey.records - survey.signed:
        yield ""
        yield f"Of {unsigned:,} records nothing is known about where they come from."
    if survey.prompts:
        yield ""
        yield "Prompts, by the digest of their text (`instgen prompts show` prints them):"
        yield ""
        yield from (f"- `{_cell(prompt)}`: {count:,} records" for prompt, count in _ranked(survey.prompts))


def _seeds(told: Told) -> Iterator[str]:
    survey = told.survey
    yield "## Seeds"
    yield ""
    if survey.our_seeds:
        yield f"{survey.our_seeds:,} records were made after seed tasks that come with instgen (Apache-2.0)."
    yield _line(told.seeds) if told.seeds else f"Other seeds and their licence: {UNKNOWN}."


def _funnel(told: Told) -> Iterator[str]:
    yield "## What was left out, and what it cost"
    yield ""
    yield "| step | read | kept | left out, by reason |"
    yield "|---|---|---|---|"
    for row in told.summaries:
        yield _step(row)
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in told.rejected.most_common())
    yield f"| export | {told.read:,} | {told.read - told.rejected.total():,} | {reasons} |"
    for reason in told.rejected:
        if reason in REASONS:
            yield f"\n`{reason}`: {REASONS[reason]}."
    yield ""
    if told.summaries:
        yield from _cost(told.summaries)
    else:
        yield f"The steps before: {UNKNOWN}, as no summary of theirs was given (`--with-summary`). Cost: {UNKNOWN}."


def _step(row: Mapping[str, Any]) -> str:
    reasons = row.get("reasons")
    told = (
        ", ".join(f"{_cell(str(why))} {count}" for why, count in reasons.items()) if isinstance(reasons, dict) else ""
    )
    kept = row.get("records", row.get("kept", ""))
    return f"| {_cell(str(row.get('command', UNKNOWN)))} | {row.get('read', '')} | {kept} | {told} |"


def _cost(summaries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    asking = [row for row in summaries if "requests" in row]
    known = all(row.get("cost_known") for row in asking)
    cost = sum(float(row.get("cost") or 0) for row in asking)
    tokens = sum(int(row.get("prompt_tokens") or 0) + int(row.get("completion_tokens") or 0) for row in asking)
    requests = sum(int(row.get("requests") or 0) for row in asking)
    price = f"{cost:.2f} US dollars" if known else f"cost {UNKNOWN}" + (f" (known part {cost:.2f})" if cost else "")
    yield f"{requests:,} requests, {tokens:,} tokens, {price}." if asking else "No teacher was asked."


def _contamination(told: Told) -> Iterator[str]:
    yield "## Contamination"
    yield ""
    checks = [
        step
        for row in told.summaries
        for step in row.get("steps") or ()
        if isinstance(step, dict) and step.get("step") == "contamination"
    ]
    benchmarks = [name for row in told.summaries for name in _benchmarks(str(row.get("argv", "")))]
    if not checks:
        yield f"Whether items of benchmarks are in it: {UNKNOWN}; no summary tells of a check."
    for step in checks:
        dropped = sum(step.get("reasons", {}).values())
        against = f" against {', '.join(f'`{_cell(name)}`' for name in benchmarks)}" if benchmarks else ""
        yield f"`filter --decontaminate`{against}: {step.get('read')} rows looked at, {dropped} left out."
    if checks:
        yield "It finds shared runs of words, not paraphrases or translations."


def _benchmarks(command: str) -> Iterator[str]:
    """The files that a command line was to look for items of."""
    try:
        words = shlex.split(command)
    except ValueError:  # a quotation mark that stays open: nobody's command line
        return
    for word, following in itertools.pairwise([*words, ""]):
        if word == "--decontaminate":
            yield following
        elif word.startswith("--decontaminate="):
            yield word.partition("=")[2]


def _commands(told: Told) -> Iterator[str]:
    yield "## How it was made"
    yield ""
    for row in told.summaries:
        said = row.get("argv")
        version = f" (instgen {row['version']})" if "version" in row else ""
        line = said if isinstance(said, str) else f"instgen {row.get('command', UNKNOWN)} …"
        yield f"    {_line(line)}{version}"
    yield f"    {_line(told.command)}"
    if told.survey.steps:
        yield ""
        yield "What the records say of their steps:"
        yield ""
        yield from (f"- {_cell(step)}: {count:,} times" for step, count in _ranked(told.survey.steps))


def _limits(told: Told) -> Iterator[str]:
    yield "## Known limits"
    yield ""
    if told.survey.teachers:
        yield "- Answers may be wrong, out of date or made up, and share the manner and the leanings of their teachers."
    yield "- Near duplicates, personal data and unsafe requests are in it unless a step above took them out."
    yield f"- Languages are told by a model from {SAMPLE:,} instructions at most."
    yield "- Splits are drawn by the root of each record, so that siblings never stand on both sides."


def _languages(languages: Counter[str]) -> str:
    total = languages.total()
    told = [
        f"{code or 'undecided'} {count / total:.0%}" for code, count in _ranked(languages) if count / total >= 0.005
    ]
    return f"{', '.join(told)} (of {total:,} instructions)" if total else UNKNOWN


def _named(languages: Counter[str]) -> list[str]:
    told = languages.total() - languages[""]
    return [code for code, count in _ranked(languages) if code and count >= _PART_OF_LANGUAGES * told]


def _mean(survey: Survey, what: str) -> str:
    return f"{survey.characters[what] / survey.records:,.0f}" if survey.records else "0"


def _ranked(counter: Counter[str]) -> list[tuple[str, int]]:
    """The most frequent first; names decide where counts are equal, so that the order of the rows does not."""
    return sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))


def _quoted(text: str) -> str:
    """A YAML string: JSON's are such."""
    return (
        text
        if text.replace("-", "").replace(".", "").isalnum() and text[0].isalpha() and text.lower() not in _WORDS
        else (json.dumps(_line(text), ensure_ascii=False))
    )


_WORDS = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
"""What YAML takes for something else than a string: `no` is Norwegian."""


def _line(text: str) -> str:
    """Text fit for one line of Markdown; what a record or a user said begins no block of its own."""
    return "".join(each if each.isprintable() else "\ufffd" for each in " ".join(text.split()))


def _cell(text: str) -> str:
    """Text fit for a table's cell or a code span."""
    return _line(text).replace("|", "\\|").replace("`", "'").replace("<", "&lt;")
