"""The sections of the page: numbers in, HTML out; each has a note that says what is shown, and for how many rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from instgen.report import svg
from instgen.report.categories import PAPER_SHARES
from instgen.report.funnel import Cluster, Example, Rejects
from instgen.report.lineage import Family
from instgen.report.numbers import OTHERS, UNKNOWN, Depth, Diversity, Numbers, Spread, Stage

VERBS, NOUNS = 20, 4
"""Verbs in the sunburst, and objects of each (Wang et al. 2023, figure 3)."""
PAIRS = 14
"""Pairs in the table next to the sunburst."""
_EXAMPLE = 300
"""Maximum characters of an example, of its evidence, and of the text it is too similar to."""
_REASONS = 40
"""Maximum number of reasons with examples, most frequent first."""


@dataclass(frozen=True, slots=True)
class Part:
    """A section of the page; `note` and `body` are HTML."""

    id: str
    title: str
    note: str
    body: str


def parts(numbers: Numbers, rejects: Rejects, families: Sequence[Family], novelty: float) -> list[Part]:
    """The sections that are not empty, in page order."""
    made = [
        _pipeline(numbers.stages, rejects),
        _verbs(numbers.diversity),
        _lengths(numbers.lengths),
        _similarity(numbers.diversity, novelty),
        _task_types(numbers),
        _scores(numbers.scores),
        _evolving(numbers.depths),
        _lineage(families),
        _clusters(rejects.clusters()),
        _origins(numbers),
    ]
    return [part for part in made if part.body]


def lead(numbers: Numbers) -> str:
    """The line below the title: the number of records, and their teachers."""
    teachers = [name for name in numbers.teachers if name != OTHERS]
    written = (
        f", written by {escape(', '.join(teachers[:3]))}{' and others' if len(teachers) > 3 else ''}"
        if teachers
        else ""
    )
    return f'<p class="dim">{numbers.rows:,} records{written}</p>'


def cards(numbers: Numbers) -> str:
    """The headline figures."""
    rows = max(numbers.rows, 1)
    tokens = sum(stage.tokens for stage in numbers.stages)
    figures = [
        (f"{numbers.rows:,}", "records"),
        (f"{numbers.answered / rows:.0%}", "have an answer"),
        (f"{numbers.with_input / rows:.0%}", "have an input"),
        (f"{numbers.lengths['instruction'].mean:.1f}" if numbers.rows else "–", "words per instruction"),
        (f"{numbers.lengths['output'].mean:.0f}" if "output" in numbers.lengths else "–", "words per answer"),
        (f"{len(numbers.diversity.pairs):,}", "verb–object pairs"),
    ]
    if numbers.conversations:
        figures.append((f"{numbers.conversations / rows:.0%}", "are conversations"))
    if numbers.with_candidates:
        figures.append((f"{numbers.with_candidates / rows:.0%}", "have several answers"))
    if tokens:
        figures.append((f"{tokens:,}", "tokens used"))
        figures.append((f"${numbers.cost:,.2f}" if numbers.cost is not None else "unknown", "cost"))
    cells = "".join(f'<div class="card"><b>{value}</b><span>{name}</span></div>' for value, name in figures)
    return f'<div class="cards">{cells}</div>'


def _pipeline(stages: Sequence[Stage], rejects: Rejects) -> Part:
    body = ""
    if stages:
        body += _table(
            ["stage", "read|n", "kept|n", "rejected", "tokens|n", "cost|n"],
            [
                [
                    *map(escape, (stage.command, f"{stage.read:,}", f"{stage.kept:,}")),
                    _reasons(stage.reasons),
                    *_usage(stage),
                ]
                for stage in stages
            ],
        )
        written = {
            f"{at}. {stage.command}": stage.records if stage.records is not None else stage.kept
            for at, stage in enumerate(stages, 1)
        }
        body += "<h3>Records written by each stage</h3>" + svg.bars(
            written, "Records written by each stage", of=max(written.values()) or 1
        )
    if rejects.counts:
        body += "<h3>Examples of rejected rows</h3>" + "".join(
            f'<details><summary>{escape(reason)} <span class="tag">{escape(stage)}, {_rows(count)}</span></summary>'
            f"{''.join(map(_example, rejects.examples[stage, reason]))}</details>"
            for (stage, reason), count in rejects.counts.most_common(_REASONS)
        )
    note = "What each stage read, kept and rejected: rows, or the calls of a stage that reads none."
    return Part("way", "Pipeline", note, body)


def _usage(stage: Stage) -> tuple[str, str]:
    if not stage.teacher:
        return "", ""
    cost = "unknown" if stage.cost is None else f"${stage.cost:,.4f}"
    return f"{stage.tokens:,}", cost


def _reasons(reasons: Mapping[str, int]) -> str:
    return escape(", ".join(f"{reason} {count:,}" for reason, count in reasons.items()))


def _example(example: Example) -> str:
    evidence = f' <span class="tag">{escape(example.evidence[:_EXAMPLE])}</span>' if example.evidence else ""
    near = (
        f'<div class="tag">too similar ({example.similarity or 0:.2f}) to: {escape(example.near[:_EXAMPLE])}</div>'
        if example.near
        else ""
    )
    return f'<blockquote dir="auto">{escape(example.text[:_EXAMPLE])}{evidence}{near}</blockquote>'


def _verbs(diversity: Diversity) -> Part:
    grouped: dict[str, list[tuple[str, int]]] = {}
    for pair, count in diversity.pairs:
        grouped.setdefault(pair.verb, []).append((pair.noun, count))
    largest = sorted(grouped.items(), key=lambda item: (-sum(count for _, count in item[1]), item[0]))[:VERBS]
    slices = [svg.Slice(verb, sum(count for _, count in nouns[:NOUNS]), nouns[:NOUNS]) for verb, nouns in largest]
    shown = sum(piece.size for piece in slices)
    note = (
        f"The {VERBS} most frequent verbs and the {NOUNS} most frequent objects of each (Self-Instruct, figure 3):"
        f" {shown:,} of the {diversity.paired:,} tasks that have both, out of {diversity.rows:,} checked."
        " Found with word lists for English, Chinese and Japanese; in other languages, the first two words."
    )
    table = _table(
        ["verb", "object", "tasks|n"],
        [[escape(pair.verb), escape(pair.noun), f"{count:,}"] for pair, count in diversity.pairs[:PAIRS]],
    )
    body = f'<div class="two"><div>{svg.sunburst(slices, "Verbs and their objects")}</div><div>{table}</div></div>'
    return Part("verbs", "Verbs and objects", note, body if slices else "")


def _lengths(lengths: Mapping[str, Spread]) -> Part:
    shown = [(name, lengths[name]) for name in ("instruction", "input", "output") if name in lengths]
    body = "".join(
        f"<div><h3>{name.capitalize()}: {spread.mean:.1f} on average, median {spread.median:.0f},"
        f" up to {spread.most:,.0f}</h3>"
        f"{svg.histogram(spread, f'Words of the {name}')}</div>"
        for name, spread in shown
    )
    note = "In words; two characters of a script without spaces count as one. The last bar includes everything longer."
    return Part("lengths", "Lengths", note, f'<div class="two">{body}</div>' if body else "")


def _similarity(diversity: Diversity, novelty: float) -> Part:
    body = _similarity_to("seed", diversity.seed_rouge, novelty) + _similarity_to(
        "other", diversity.self_rouge, novelty
    )
    one, two = diversity.distinct_1, diversity.distinct_2
    distinct = (
        ""
        if one is None or two is None
        else f" Distinct-1 is {one:.3f}, distinct-2 {two:.3f}, over {diversity.rows:,} instructions."
    )
    near = f"{diversity.seed_rouge.count:,}" if diversity.seed_rouge else "none"
    others = f"{diversity.self_rouge.count:,}" if diversity.self_rouge else "none"
    note = (
        f"ROUGE-L of instructions (1: identical); {near} were compared with the seeds, {others} with each other."
        f"{distinct}"
    )
    return Part("likeness", "Similarity", note, f'<div class="two">{body}</div>' if body else "")


def _similarity_to(which: str, spread: Spread | None, novelty: float) -> str:
    if spread is None:
        return ""
    name = f"ROUGE-L to the nearest {which} task"
    chart = svg.histogram(spread, name, mark=novelty, mark_name=f"novelty {novelty:g}")
    return f"<div><h3>Nearest {which} task: {spread.mean:.2f} on average</h3>{chart}</div>"


def _task_types(numbers: Numbers) -> Part:
    counts = {name: numbers.categories.get(name, 0) for name in PAPER_SHARES}
    if rest := numbers.categories.get(UNKNOWN):
        counts[UNKNOWN] = rest
    body = (
        f"<div><h3>Use cases</h3>{svg.bars(counts, 'Use cases', of=numbers.categories_of, beside=PAPER_SHARES)}</div>"
        if numbers.categories_of
        else ""
    )
    if numbers.languages:
        body += f"<div><h3>Languages</h3>{svg.bars(numbers.languages, 'Languages', of=numbers.languages_of)}</div>"
    note = (
        f"Use cases of {numbers.categories_of:,} tasks, guessed from keywords; the dashed lines are the shares"
        f" among InstructGPT's prompts (table 1). Languages of {numbers.languages_of:,}"
        " instructions."
    )
    return Part("kinds", "Task types", note, f'<div class="two">{body}</div>' if body else "")


def _scores(scores: Mapping[str, Spread]) -> Part:
    body = "".join(
        f"<div><h3>{escape(name)}: {spread.mean:.2f} on average over {spread.count:,} records</h3>"
        f"{svg.histogram(spread, f'Scores: {name}')}</div>"
        for name, spread in scores.items()
    )
    return Part("scores", "Scores", "", f'<div class="two">{body}</div>' if body else "")


def _evolving(depths: Sequence[Depth]) -> Part:
    if not depths:
        return Part("evolving", "Evolving", "", "")
    judged = [depth for depth in depths if depth.difficulty is not None]
    charts = _by_round("words per instruction", [(depth, depth.words) for depth in depths])
    charts += _by_round("difficulty", [(depth, depth.difficulty or 0.0) for depth in judged])
    heads = ["operation", "round|n", "records|n", "words|n", *(["difficulty|n"] if judged else [])]
    table = _table(heads, [_depth_row(depth)[: len(heads)] for depth in depths])
    note = "Words per instruction, by last operation and round."
    return Part("evolving", "Evolving", note, f'<div class="two"><div>{charts}</div><div>{table}</div></div>')


def _by_round(measure: str, values: Sequence[tuple[Depth, float]]) -> str:
    """A chart with one line per operation, from the rows that were not evolved through its rounds."""
    start = [(0.0, value) for depth, value in values if not depth.round]
    series: dict[str, list[tuple[float, float]]] = {}
    for depth, value in values:
        if depth.round:
            series.setdefault(depth.op, [*start]).append((depth.round, value))
    chart = svg.lines(series, f"{measure.capitalize()} by round and operation", x_name="round", y_name=measure)
    return f"<h3>{measure.capitalize()}</h3>{chart}" if chart else ""


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def _depth_row(depth: Depth) -> list[str]:
    difficulty = "" if depth.difficulty is None else f"{depth.difficulty:.2f}"
    return [escape(depth.op or "not evolved"), str(depth.round), f"{depth.rows:,}", f"{depth.words:.1f}", difficulty]


def _lineage(families: Sequence[Family]) -> Part:
    options = "".join(
        f'<option value="{at}">{escape(_first_words(family))} ({_steps(family)})</option>'
        for at, family in enumerate(families)
    )
    body = f'<div class="tools"><select id="family" aria-label="Family">{options}</select></div>'
    body += '<div id="chain" role="status"></div>'
    note = (
        "From a root to its deepest descendant, with what each step added and removed."
        " A sample of families; long texts are cut."
    )
    return Part("lineage", "Lineage", note, body if families else "")


def _steps(family: Family) -> str:
    steps = len(family.members) - 1
    return f"{steps} step{'' if steps == 1 else 's'}"


def _first_words(family: Family) -> str:
    text = "".join(span.text for span in family.members[0].spans if span.change != "removed")
    return text[:70].replace("\n", " ")


def _clusters(clusters: Sequence[Cluster]) -> Part:
    body = "".join(
        f"<details><summary><bdi>{escape(cluster.text[:_EXAMPLE]) or '(unknown text)'}</bdi> "
        f'<span class="tag">{cluster.rows:,} too similar to it</span></summary>'
        f"{''.join(map(_member, cluster.members))}</details>"
        for cluster in clusters
    )
    return Part("duplicates", "Duplicates", "The rows that most rejected rows were too similar to.", body)


def _member(example: Example) -> str:
    near = f' <span class="tag">{example.similarity:.2f}</span>' if example.similarity is not None else ""
    return f'<blockquote dir="auto">{escape(example.text[:_EXAMPLE])}{near}</blockquote>'


def _origins(numbers: Numbers) -> Part:
    body = (
        f"<div><h3>Steps</h3>{svg.bars(numbers.commands, 'Steps', of=max(numbers.rows, 1))}</div>"
        if numbers.rows
        else ""
    )
    if numbers.teachers:
        body += f"<div><h3>Teachers</h3>{svg.bars(numbers.teachers, 'Teachers')}</div>"
    if numbers.prompts:
        body += f"<div><h3>Prompts, with their digests</h3>{svg.bars(numbers.prompts, 'Prompts')}</div>"
    return Part(
        "sources",
        "Provenance",
        "According to the records' origins.",
        f'<div class="two">{body}</div>' if body else "",
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """An HTML table; a heading that ends in `|n` marks a column of numbers. Cells are HTML."""
    kinds = [' class="n"' if head.endswith("|n") else "" for head in heads]
    head = "".join(
        f'<th scope="col"{kind}>{escape(name.removesuffix("|n"))}</th>' for name, kind in zip(heads, kinds, strict=True)
    )
    body = "".join(
        "<tr>" + "".join(f"<td{kind}>{cell}</td>" for cell, kind in zip(row, kinds, strict=True)) + "</tr>"
        for row in rows
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="wide" tabindex="0" role="region" aria-label="Table">{table}</div>'
