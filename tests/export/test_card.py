"""The card, and what is surveyed for it."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from instgen.export.card import CardData, card
from instgen.export.columns import META
from instgen.export.find import find_format
from instgen.export.format import DataFile, Exported
from instgen.export.kinds import Kind
from instgen.export.provenance import NAMES, OTHERS, SAMPLE, Provenance
from instgen.export.terms import TERMS, terms_of
from instgen.records import Candidate, Record, Step

STEP = Step("self-instruct", teacher="openai/gpt-4o", prompts=("en/alpaca@12ab",), parents=("en-001",), seed=0)
RECORD = Record("Describe the colour of the sea in the evening.", output="Dark blue.", id="a", origin=(STEP,))
COLUMNS = (*find_format("hf").layouts[Kind.SFT].columns, *META)
FILES = [
    DataFile("train", "data/train.jsonl", 1941, 99, "ab" * 32),
    DataFile("val", "data/val.jsonl", 59, 9, "cd" * 32),
]


def told(*records: Record, **more: Any) -> CardData:
    provenance = Provenance()
    for record in records:
        provenance.add(record)
    exported = Exported(Kind.SFT, COLUMNS, FILES, more.pop("title", "Sea: songs"), more.pop("license", "cc-by-4.0"))
    return CardData(exported, provenance, "instgen export hf", len(records), Counter(more.pop("rejected", {})), **more)


def front(text: str) -> list[str]:
    return text.split("---\n")[1].splitlines()


def test_the_front_matter_names_files_types_and_sizes() -> None:
    lines = front(card(told(RECORD)))
    for line in (
        "license: cc-by-4.0",
        'pretty_name: "Sea: songs"',
        "- 1K<n<10K",
        "- synthetic",
        "  - split: val",
        "    path: data/val.jsonl",
        "  - name: meta",
        "    num_examples: 1941",
    ):
        assert line in lines


def test_norwegian_is_no_boolean() -> None:
    text = "Skriv en kort fortelling om en gutt som bor ved havet og drømmer om å bli fisker."
    assert '- "no"' in front(card(told(replace(RECORD, instruction=text))))


def test_what_people_wrote_is_not_called_synthetic() -> None:
    text = card(told(replace(RECORD, origin=())))
    assert "- synthetic" not in text
    assert "Unknown: no record names a teacher." in text


def test_teachers_stand_with_their_terms_or_with_unknown() -> None:
    other = replace(RECORD, origin=(Step("respond", teacher="openai/my-own"),))
    text = card(told(RECORD, other))
    assert "| `openai/gpt-4o` | 1 | OpenAI Terms of Use: " in text
    assert "| `openai/my-own` | 1 | unknown" in text
    assert "`en/alpaca@12ab`: 1 record\n" in text
    assert "seed tasks bundled with instgen (Apache-2.0): 1." in text


def test_a_judge_is_no_writer() -> None:
    text = card(told(replace(RECORD, origin=(STEP, Step("rank", op="pairs", teacher="openai/judge")))))
    assert "| `openai/judge` |" not in text
    assert "Judged by `openai/judge` (1 record)" in text


def test_summaries_tell_the_funnel_the_cost_and_the_contamination() -> None:
    rows = [
        {"command": "self-instruct", "read": 9, "records": 5, "requests": 9, "prompt_tokens": 10, "cost": 0.5,
         "completion_tokens": 5, "cost_known": True, "reasons": {"too|short": 2}, "version": "1"},
        {"command": "filter", "read": 5, "kept": 4, "reasons": {"contamination": 1},
         "argv": "instgen filter --decontaminate gsm8k.jsonl",
         "steps": [{"step": "contamination", "read": 5, "kept": 4, "reasons": {"contamination": 1}}]},
    ]  # fmt: skip
    text = card(told(RECORD, rejected={"no-answer": 3}, summaries=rows))
    assert "| self-instruct | 9 | 5 | too\\|short 2 |" in text
    assert "9 requests, 15 tokens, 0.50 US dollars." in text
    assert "against `gsm8k.jsonl`: 5 rows checked, 1 rejected" in text
    assert "`no-answer`: there is no answer to train on." in text


def test_an_unknown_price_is_called_unknown() -> None:
    rows = [{"command": "respond", "requests": 2, "cost": None, "cost_known": False}]
    assert "cost unknown" in card(told(RECORD, summaries=rows))
    assert "Cost: unknown" in card(told(RECORD))


def test_a_teachers_name_breaks_no_table_and_a_title_no_line() -> None:
    hostile = replace(RECORD, origin=(Step("respond", teacher="a|b`<script>\n# x"),))
    text = card(told(hostile, title='x"\nlicense: mit'))
    assert "<script>" not in text
    assert "license: mit" not in text.splitlines()


def test_the_order_of_the_records_does_not_change_the_card() -> None:
    records = [replace(RECORD, id=f"r{n}", instruction=f"Write {n} lines about the sea.") for n in range(1500)]
    mixed = random.Random(1).sample(records, len(records))
    assert card(told(*records)) == card(told(*mixed))


def test_memory_does_not_grow_with_names_or_records() -> None:
    provenance = Provenance()
    for n in range(3000):
        provenance.add(replace(RECORD, id=f"r{n}", origin=(Step("respond", teacher=f"openai/{n}"),)))
    assert len(provenance.teachers) == NAMES + 1
    assert provenance.teachers[OTHERS] == 3000 - NAMES
    assert provenance.languages().total() == SAMPLE


@pytest.mark.parametrize(
    ("teacher", "under"),
    [
        ("local/SmolLM2-135M-Instruct", "Apache-2.0"),
        ("openai/meta-llama/Llama-3.1-8B-Instruct", "Llama 3.1 Community License or later"),
        ("openai/meta-llama/Llama-3-8b", "Llama 2 or Llama 3 Community License"),
        ("openai/Meta-Llama-3-70B-Instruct", "Llama 2 or Llama 3 Community License"),
        ("openai/llama-2-7b-chat", "Llama 2 or Llama 3 Community License"),
        ("openai/llama3.2:3b", "Llama 3.1 Community License or later"),
        ("openai/Llama-4-Scout", "Llama 3.1 Community License or later"),
        ("openai/google/gemma-2-9b-it", "Gemma Terms of Use"),
        ("openai/gpt-oss-20b", "Apache-2.0"),
        ("openai/gpt-5-mini", "OpenAI Terms of Use"),
        ("anthropic/claude-x", "Anthropic Commercial Terms of Service"),
        ("gemini/gemini-x", "Gemini API Additional Terms of Service"),
        ("scripted/rules.jsonl", "no model"),
    ],
)
def test_terms_are_told_by_the_teachers_name(teacher: str, under: str) -> None:
    terms = terms_of(teacher)
    assert terms is not None
    assert terms.name == under


@pytest.mark.parametrize(
    "teacher", ["openai/mistral-small", "openai/tinyllama-1.1b", "openai/deepseek-r1", "openai/gemma-9", "nobody"]
)
def test_what_is_not_known_is_not_guessed(teacher: str) -> None:
    assert terms_of(teacher) is None


def test_every_fact_has_its_date() -> None:
    assert all("20" in terms.as_of for terms in TERMS)


@pytest.mark.parametrize("title", ["No", "TRUE", "-5", ".5", ".inf"])
def test_a_title_that_yaml_would_read_as_something_else_is_quoted(title: str) -> None:
    assert f'pretty_name: "{title}"' in front(card(told(RECORD, title=title)))


def test_the_teachers_of_candidates_are_told_of() -> None:
    provenance = Provenance()
    provenance.add(Record("Q", output="a", id="x", candidates=(Candidate("a", teacher="openai/gpt-4o"),)))
    assert provenance.teachers["openai/gpt-4o"] == 1


def test_a_summary_that_somebody_broke_breaks_nothing() -> None:
    rows = [{"command": "filter", "read": 1, "steps": None, "argv": "instgen filter 'open"}]
    assert "## Contamination" in card(told(RECORD, summaries=rows))
