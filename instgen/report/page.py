"""The page: one HTML file that needs nothing else, and lets nothing in.

The rules: every text of the data is hostile, so it is escaped where it stands in the page, and put in as text by the
script where it is searched or browsed; the policy in the head allows our style sheet and our script, by their hashes,
and nothing from anywhere.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib import resources
from itertools import accumulate

import orjson

from instgen.records import Record
from instgen.report import sections
from instgen.report.funnel import Rejects
from instgen.report.lineage import Family
from instgen.report.numbers import Numbers

MARK = "<!doctype html><!-- instgen report -->"
"""How every report begins: one may be written over another, and over nothing else."""
ROWS_BUDGET = 3_200_000
FAMILIES_BUDGET = 900_000
"""Bytes of the records and of the families in the page: so much is cut of them that the file stays under 5 MB."""
LONGEST_TEXT = 8_000
"""Characters of a text that are shown where there is room."""
LEAST_TEXT = 40
"""Characters of one that are left, however many records there are."""
_ABOUT = 200
"""Characters of what is said about a record beside its texts."""


@dataclass(frozen=True, slots=True)
class Shown:
    """All that a page shows."""

    title: str
    version: str
    numbers: Numbers
    records: Sequence[Record]
    is_whole: bool
    """Whether `records` are all there are."""
    families: Sequence[Family]
    rejects: Rejects
    novelty: float
    """The threshold that is drawn into the distances from the seeds."""


def page(shown: Shown) -> str:
    """The whole file."""
    style, script = _asset("page.css"), _asset("page.js")
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}';"
        " base-uri 'none'; form-action 'none'"
    )
    rows, families = _rows(shown.records), _chains(shown.families)
    parts = sections.parts(shown.numbers, shown.rejects, shown.families[: len(families)], shown.novelty)
    links = "".join(f'<a href="#{part.id}">{escape(part.title)}</a>' for part in parts)
    return "\n".join(
        [
            MARK,
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(shown.title)}</title>",
            f"<style>{style}</style></head><body>",
            '<a class="skip" href="#records">To the records</a>',
            f'<header><div class="bar"><div><h1 dir="auto">{escape(shown.title)}</h1>',
            f"{sections.lead(shown.numbers)}</div>",
            '<button id="theme" type="button">Light or dark</button></div>',
            f'<nav aria-label="Sections">{links}<a href="#records">Records</a></nav></header>',
            f"<main>{sections.cards(shown.numbers)}",
            *(_section(part) for part in parts),
            _records(shown),
            f"</main><footer><p>Made by instgen {escape(shown.version)}.</p></footer>",
            _data("rows", rows),
            _data("families", families),
            f"<script>{script}</script>",
            "</body></html>",
            "",
        ]
    )


def _section(part: sections.Part) -> str:
    note = f'<p class="note">{part.note}</p>' if part.note else ""
    return f'<section id="{part.id}"><h2>{escape(part.title)}</h2>{note}{part.body}</section>'


def _records(shown: Shown) -> str:
    many = f"{len(shown.records):,}"
    note = "All of them." if shown.is_whole else f"A sample of {many}, the same for the same rows in any order."
    return (
        f'<section id="records"><h2>Records</h2><p class="note">{note}'
        " Long texts are cut, and searched as far as they are shown.</p>"
        '<div class="tools"><input id="search" type="search" placeholder="Words to look for"'
        ' aria-label="Words to look for in the records" aria-controls="list" dir="auto">'
        '<button id="back" type="button">Previous</button><button id="on" type="button">Next</button>'
        '<span id="where" class="dim" role="status"></span></div><div id="list"></div>'
        "<noscript><p>The records are listed by a script, which is switched off here.</p></noscript></section>"
    )


def _rows(records: Sequence[Record]) -> list[dict[str, str]]:
    """The records, each text cut to the most characters that leave all of them within the budget."""
    most = LONGEST_TEXT
    rows = [_row(record, most) for record in records]
    while most > LEAST_TEXT and len(_json(rows)) > ROWS_BUDGET:
        most = max(most * 2 // 3, LEAST_TEXT)
        rows = [_row(record, most) for record in records]
    return rows


def _row(record: Record, most: int) -> dict[str, str]:
    steps = " → ".join(f"{step.command} {step.op}".strip() for step in record.origin)
    scores = ", ".join(f"{name} {value:g}" for name, value in record.scores.items())
    rest = [f"{turn.role}: {turn.content}" for turn in record.messages[2:]]
    rest += [f"candidate: {candidate.output}" for candidate in record.candidates[1:]]
    row = {
        "instruction": _cut(record.instruction, most),
        "input": _cut(record.input, most),
        "output": _cut(record.output, most),
        "rest": _cut("\n\n".join(rest), most),
        "about": _cut("; ".join(part for part in (steps, scores) if part), min(most, _ABOUT)),
    }
    return {key: value for key, value in row.items() if value}


def _chains(families: Sequence[Family]) -> list[dict[str, object]]:
    """The first families, as many as the budget has room for."""
    chains = [_chain(family) for family in families]
    sizes = accumulate(len(_json(chain)) for chain in chains)
    return [chain for chain, so_far in zip(chains, sizes, strict=True) if so_far <= FAMILIES_BUDGET]


def _chain(family: Family) -> dict[str, object]:
    members = [
        {
            "op": member.op,
            "round": member.round,
            "spans": [[span.change, span.text] for span in member.spans],
        }
        for member in family.members
    ]
    return {"examples": [_cut(text, _ABOUT) for text in family.examples], "members": members}


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + " …"


def _data(name: str, value: object) -> str:
    """Data for the script."""
    return f'<script type="application/json" id="{name}">{_json(value).decode()}</script>'


def _json(value: object) -> bytes:
    """JSON in which no text can end a script element, or begin a comment."""
    text = orjson.dumps(value)
    return text.replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _asset(name: str) -> str:
    return resources.files("instgen.report").joinpath(name).read_text("utf-8")
