"""The table of rules, its documentation, and the rows that must pass it."""

import json
import re
from pathlib import Path

import pytest

from instgen.filters import (
    ADMISSION,
    ANSWER_RULES,
    INSTRUCTION_RULES,
    OPTIONAL_RULES,
    RULES,
    first_failing,
    repaired,
)
from instgen.filters.presets import EVERY_RULE
from instgen.filters.rulebook import Rulebook
from instgen.formats import records_from
from instgen.records import Record
from instgen.text.tokens import words

ROOT = Path(__file__).parents[2]
SHARED = ROOT / ".." / "shared" / "data"
ROW = re.compile(r"^\| `([a-z-]+)` \| `([a-z-]+)` \| (.+?) \| ([^|]*) \| `(\{.+\})` \|$", re.MULTILINE)
DOCUMENTED = {row[0]: row for row in ROW.findall((ROOT / "docs" / "rules.md").read_text("utf-8"))}
TABLE = (*RULES, *OPTIONAL_RULES)
OF_PRESETS = tuple(rule for rule in EVERY_RULE.values() if rule not in TABLE)
SEEDS = sorted((ROOT / "seeds").glob("*.jsonl"))


def records_of(path):
    text = path.read_text("utf-8")
    for row in (json.loads(line) for line in text.splitlines() if line.strip()):
        for instance in row["instances"]:
            yield Record(row["instruction"], instance.get("input") or "", instance.get("output") or "")


def failures(path, rules):
    verdicts = ((record, first_failing(repaired(record), rules)) for record in records_of(path))
    return [(record.instruction, verdict.reason) for record, verdict in verdicts if verdict]


@pytest.mark.parametrize("rule", EVERY_RULE.values(), ids=lambda rule: rule.name)
def test_the_docs_say_of_each_rule_what_the_code_says(rule):
    _, reason, what, limit, _ = DOCUMENTED[rule.name]
    assert (reason, what) == (rule.reason, rule.what)
    assert limit == ("" if rule.limit is None else f"{rule.limit:g}")


@pytest.mark.parametrize("rule", TABLE, ids=lambda rule: rule.name)
def test_the_example_in_the_docs_fails_its_rule_first_of_all(rule):
    row = json.loads(DOCUMENTED[rule.name][4])
    verdict = first_failing(
        Record(row["instruction"], row.get("input", ""), row.get("output", "")), (*ADMISSION, *OPTIONAL_RULES)
    )
    assert verdict is not None
    assert verdict.rule == rule.name


@pytest.mark.parametrize("rule", OF_PRESETS, ids=lambda rule: rule.name)
def test_the_example_of_a_rule_of_presets_fails_it(rule):
    (record,) = records_from(json.loads(DOCUMENTED[rule.name][4]))
    verdict = Rulebook([rule]).judge(record).verdict
    assert verdict is not None
    assert verdict.rule == rule.name


def test_the_docs_know_no_other_rules():
    assert list(DOCUMENTED) == list(EVERY_RULE)


def test_names_are_unique():
    assert len(EVERY_RULE) == len(TABLE) + len(OF_PRESETS) == len({*TABLE, *OF_PRESETS})


def test_admission_asks_every_rule():
    assert {rule.name for rule in ADMISSION} == {rule.name for rule in RULES}


def test_a_task_that_we_make_is_held_to_the_published_length():
    limits = [rule.limit for rules in (ADMISSION, RULES) for rule in rules if rule.name == "max-words"]
    assert limits == [150, 1000]


@pytest.mark.parametrize("rule", INSTRUCTION_RULES, ids=lambda rule: rule.name)
def test_instruction_rules_do_not_look_at_the_answer(rule):
    assert rule(Record("Name three rivers in Asia.", "\0 ### Response:", "\0 I cannot do that:")) is None


def test_a_sound_record_passes():
    assert first_failing(Record("Name three rivers in Asia.", "", "Mekong, Ganges, Ob"), RULES) is None


def test_the_first_rule_that_finds_something_names_the_reason():
    verdict = first_failing(Record("Hello", "", ""), ADMISSION)
    assert verdict is not None
    assert verdict.reason == "instruction-too-short"


@pytest.mark.parametrize("rule", ANSWER_RULES, ids=lambda rule: rule.name)
def test_answer_rules_take_a_record_of_nothing_but_an_instruction(rule):
    assert rule(Record("Name three rivers in Asia.")) is None or rule.name == "empty-output"


@pytest.mark.parametrize("path", SEEDS, ids=lambda path: path.stem)
def test_every_bundled_seed_passes_all_rules(path):
    assert failures(path, (*ADMISSION, *OPTIONAL_RULES)) == []


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data is not here")
@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("self_instruct/seed_tasks.jsonl", ["refusal", "refusal"]),
        ("multilingual/zh_seed_tasks.json", ["refusal"]),
        ("multilingual/ru_seed_tasks.jsonl", []),
        ("multilingual/da_seed_tasks.jsonl", []),
        ("multilingual/ko_seed_tasks_merged.jsonl", ["input-missing", "instruction-too-short"]),
        ("multilingual/vi_seed_tasks.jsonl", []),
        ("skills_difficulty/code_seed_tasks.jsonl", []),
    ],
)
def test_published_seed_tasks_pass_but_for_the_few_that_are_flawed(file, expected):
    assert sorted(reason for _, reason in failures(SHARED / file, RULES)) == expected


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data is not here")
def test_what_another_project_found_too_short_is_too_short_unless_it_has_two_words():
    lines = (SHARED / "alpaca_libre" / "alpaca_libre_tasks_v1.jsonl").read_text("utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["status"] == "too short" and words(row["instruction"]) < 2]
    verdicts = [first_failing(Record(row["instruction"], row["input"], row["output"]), ADMISSION) for row in rows]
    assert len(rows) > 150
    assert {verdict.reason if verdict else None for verdict in verdicts} == {"instruction-too-short"}
