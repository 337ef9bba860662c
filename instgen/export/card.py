"""The dataset card: front matter for the `datasets` library and the Hub, and what users should know about the data.

The rule: everything in the card comes from the records, from the given summaries or from the user; anything else is
called unknown. The same run writes the same card: it has no date, and no path outside the command line as typed.
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
from instgen.export.provenance import SAMPLE, Provenance
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
"""The Hub's size categories, each with its exclusive upper limit in rows."""
_LISTED_SHARE = 0.01
"""The minimum share of a language in the sample for it to be listed in the front matter."""


@dataclass(frozen=True, slots=True)
class CardData:
    """Everything that the card is made from."""

    exported: Exported
    provenance: Provenance
    command: str
    """The command line of the export."""
    read: int
    """Records read by the export."""
    rejected: Counter[str]
    """Records rejected by the export, by reason."""
    seeds: str = ""
    """The user's statement about the seeds and their license."""
    summaries: Sequence[Mapping[str, Any]] = field(default=())
    """Rows of `--summary` files, in pipeline order."""


def card(data: CardData) -> str:
    """The text of README.md."""
    languages = data.provenance.languages()
    parts = [
        _front(data, languages),
        _head(data, languages),
        _teachers(data),
        _seeds(data),
        _funnel(data),
        _contamination(data),
        _commands(data),
        _limits(data),
    ]
    return "\n".join("\n".join(part) + "\n" for part in parts)


def _front(data: CardData, languages: Counter[str]) -> Iterator[str]:
    exported = data.exported
    rows = sum(file.rows for file in exported.files)
    yield "---"
    yield f"license: {_quoted(exported.license)}"
    if codes := _named(languages):
        yield "language:"
        yield from (f"- {_quoted(code)}" for code in codes)
    yield from ("task_categories:", "- text-generation", "size_categories:")
    yield f"- {next((name for limit, name in _SIZES if rows < limit), '100M<n<1B')}"
    yield f"pretty_name: {_quoted(exported.title)}"
    yield "tags:"
    yield from (f"- {tag}" for tag in (*(("synthetic",) if data.provenance.teachers else ()), "instgen", exported.kind))
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


def _head(data: CardData, languages: Counter[str]) -> Iterator[str]:
    exported, provenance = data.exported, data.provenance
    yield f"# {_line(exported.title)}"
    yield ""
    splits = ", ".join(f"{file.split} {file.rows:,}" for file in exported.files)
    rows = sum(file.rows for file in exported.files)
    records = _number(provenance.records, "record")
    yield f"{_number(rows, 'row')} for {exported.kind.value} ({splits}), made from {records} by instgen."
    if provenance.teachers:
        yield "**Contains text written by language models**, not reviewed by people unless stated otherwise."
    yield ""
    yield f"- license: {exported.license}"
    yield f"- languages: {_languages(languages)}"
    instructions, answers = _mean(provenance, "instruction"), _mean(provenance, "output")
    yield f"- mean length: instructions {instructions} characters, answers {answers} characters"
    yield f"- records with an input: {provenance.with_input:,}; multi-turn conversations: {provenance.multi_turn:,}"
    yield f"- columns: {', '.join(f'`{column.name}`' for column in exported.columns)}"


def _teachers(data: CardData) -> Iterator[str]:
    provenance = data.provenance
    yield "## Teachers"
    yield ""
    if not provenance.teachers:
        yield "Unknown: no record names a teacher."
    else:
        yield "| teacher | records | terms for its output | as of |"
        yield "|---|---|---|---|"
        for teacher, count in _ranked(provenance.teachers):
            terms = terms_of(teacher)
            says = f"{terms.name}: {terms.summary}" if terms else f"{UNKNOWN}: read them before you train on this data"
            yield f"| `{_cell(teacher)}` | {count:,} | {says} | {terms.as_of if terms else ''} |"
        yield ""
        yield "The terms are summarized by instgen; they are not legal advice and may have changed."
    if provenance.judges:
        yield ""
        judges = ", ".join(
            f"`{_cell(judge)}` ({_number(count, 'record')})" for judge, count in _ranked(provenance.judges)
        )
        yield f"Judged by {judges}; the judges' own text is not in the data."
    if unsigned := provenance.records - provenance.signed:
        yield ""
        yield f"The origin of {_number(unsigned, 'record')} is unknown."
    if provenance.prompts:
        yield ""
        yield "Prompts, with the digest of their text (`instgen prompts show` prints them):"
        yield ""
        yield from (f"- `{_cell(prompt)}`: {_number(count, 'record')}" for prompt, count in _ranked(provenance.prompts))


def _seeds(data: CardData) -> Iterator[str]:
    provenance = data.provenance
    yield "## Seeds"
    yield ""
    if provenance.our_seeds:
        yield f"Records made from seed tasks bundled with instgen (Apache-2.0): {provenance.our_seeds:,}."
    yield _line(data.seeds) if data.seeds else f"Other seeds and their license: {UNKNOWN}."


def _funnel(data: CardData) -> Iterator[str]:
    yield "## Funnel and cost"
    yield ""
    yield "| step | read | kept | rejected, by reason |"
    yield "|---|---|---|---|"
    for row in data.summaries:
        yield _step(row)
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in data.rejected.most_common())
    yield f"| export | {data.read:,} | {data.read - data.rejected.total():,} | {reasons} |"
    for reason in data.rejected:
        if reason in REASONS:
            yield f"\n`{reason}`: {REASONS[reason]}."
    yield ""
    if data.summaries:
        yield from _cost(data.summaries)
    else:
        yield f"Earlier steps: {UNKNOWN}, because no summary was given (`--with-summary`). Cost: {UNKNOWN}."


def _step(row: Mapping[str, Any]) -> str:
    reasons = row.get("reasons")
    rejected = (
        ", ".join(f"{_cell(str(why))} {count}" for why, count in reasons.items()) if isinstance(reasons, dict) else ""
    )
    kept = row.get("records", row.get("kept", ""))
    return f"| {_cell(str(row.get('command', UNKNOWN)))} | {row.get('read', '')} | {kept} | {rejected} |"


def _cost(summaries: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    asking = [row for row in summaries if "requests" in row]
    known = all(row.get("cost_known") for row in asking)
    cost = sum(float(row.get("cost") or 0) for row in asking)
    tokens = sum(int(row.get("prompt_tokens") or 0) + int(row.get("completion_tokens") or 0) for row in asking)
    requests = sum(int(row.get("requests") or 0) for row in asking)
    price = (
        f"{cost:.2f} US dollars"
        if known
        else f"cost {UNKNOWN}" + (f" (at least {cost:.2f} US dollars)" if cost else "")
    )
    yield f"{requests:,} requests, {tokens:,} tokens, {price}." if asking else "No teacher was called."


def _contamination(data: CardData) -> Iterator[str]:
    yield "## Contamination"
    yield ""
    checks = [
        step
        for row in data.summaries
        for step in row.get("steps") or ()
        if isinstance(step, dict) and step.get("step") == "contamination"
    ]
    benchmarks = [name for row in data.summaries for name in _benchmarks(str(row.get("argv", "")))]
    if not checks:
        yield f"Benchmark items in the data: {UNKNOWN}, because no summary reports a check."
    for step in checks:
        dropped = sum(step.get("reasons", {}).values())
        against = f" against {', '.join(f'`{_cell(name)}`' for name in benchmarks)}" if benchmarks else ""
        yield f"`filter --decontaminate`{against}: {step.get('read')} rows checked, {dropped} rejected."
    if checks:
        yield "The check finds shared word sequences, not paraphrases or translations."


def _benchmarks(command: str) -> Iterator[str]:
    """The benchmarks named by `--decontaminate` in a command line."""
    try:
        words = shlex.split(command)
    except ValueError:  # an unclosed quotation mark: not a command line that was run
        return
    for word, following in itertools.pairwise([*words, ""]):
        if word == "--decontaminate":
            yield following
        elif word.startswith("--decontaminate="):
            yield word.partition("=")[2]


def _commands(data: CardData) -> Iterator[str]:
    yield "## How it was made"
    yield ""
    for row in data.summaries:
        argv = row.get("argv")
        version = f" (instgen {row['version']})" if "version" in row else ""
        line = argv if isinstance(argv, str) else f"instgen {row.get('command', UNKNOWN)} …"
        yield f"    {_line(line)}{version}"
    yield f"    {_line(data.command)}"
    if data.provenance.steps:
        yield ""
        yield "Steps recorded in the data:"
        yield ""
        yield from (f"- {_cell(step)}: {_number(count, 'time')}" for step, count in _ranked(data.provenance.steps))


def _limits(data: CardData) -> Iterator[str]:
    yield "## Known limits"
    yield ""
    if data.provenance.teachers:
        yield "- Answers may be wrong, outdated or made up, and share the style and the biases of their teachers."
    yield "- The data may contain near duplicates, personal data and unsafe requests, unless a step above removed them."
    yield f"- Languages were identified by a model, in at most {SAMPLE:,} instructions."
    yield "- Splits are assigned by the root of each record, so related records are always in the same split."


def _languages(languages: Counter[str]) -> str:
    total = languages.total()
    shares = [
        f"{code or 'undetermined'} {count / total:.0%}" for code, count in _ranked(languages) if count / total >= 0.005
    ]
    return f"{', '.join(shares)} (of {_number(total, 'instruction')})" if total else UNKNOWN


def _named(languages: Counter[str]) -> list[str]:
    determined = languages.total() - languages[""]
    return [code for code, count in _ranked(languages) if code and count >= _LISTED_SHARE * determined]


def _mean(provenance: Provenance, what: str) -> str:
    return f"{provenance.characters[what] / provenance.records:,.0f}" if provenance.records else "0"


def _number(count: int, noun: str) -> str:
    """A count with its noun, which is regular: "1 record", "2 records"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _ranked(counter: Counter[str]) -> list[tuple[str, int]]:
    """Names and counts in descending order of count; ties are in order of name, so row order does not matter."""
    return sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))


def _quoted(text: str) -> str:
    """The text as a YAML string: plain if that is unambiguous, else as a JSON string, which is valid YAML."""
    return (
        text
        if text.replace("-", "").replace(".", "").isalnum() and text[0].isalpha() and text.lower() not in _WORDS
        else (json.dumps(_line(text), ensure_ascii=False))
    )


_WORDS = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
"""Words that YAML does not read as strings, such as `no`, the code of Norwegian."""


def _line(text: str) -> str:
    """The text on one line of Markdown, without control characters, so that it cannot start a block of its own."""
    return "".join(each if each.isprintable() else "\ufffd" for each in " ".join(text.split()))


def _cell(text: str) -> str:
    """The text escaped for a table cell or a code span."""
    return _line(text).replace("|", "\\|").replace("`", "'").replace("<", "&lt;")
