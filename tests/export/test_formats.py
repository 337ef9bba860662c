"""Every format: always the same columns, only those, each of the type that is declared."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.errors import UsageError
from instgen.export.columns import Columns, Holds, features
from instgen.export.example import Choice, Example, examples_of
from instgen.export.find import OURS, find_format, known_formats
from instgen.export.fitness import REASONS, unfit
from instgen.export.format import DataFile, Exported, Format
from instgen.export.kinds import Kind
from instgen.export.lines import Lines
from instgen.records import Candidate, Message, Record

LAYOUTS = {(entry.name, kind): layout for entry in OURS for kind, layout in find_format(entry.name).layouts.items()}
TEXT = st.text(min_size=1).filter(str.strip)
FULL = Record(
    "Why?",
    output="Because.",
    id="a",
    candidates=(Candidate("Because.", rank=1), Candidate("No.", rank=2)),
    scores={"quality": 4.0},
    extra={"mine": [1]},
)
CHAT = (Message("user", "Hi"), Message("assistant", "Hello."), Message("user", "Why?"), Message("assistant", "So."))


def example(record: Record, kind: Kind) -> Example:
    return examples_of(record, kind, Choice()).examples[0]


def reason(record: Record, name: str, kind: Kind = Kind.SFT) -> str:
    verdict = unfit(example(record, kind), find_format(name).layouts[kind], kind)
    return verdict.reason if verdict else ""


def check(value: Any, holds: Holds) -> None:
    if holds.keys is None:
        assert type(value) is {Holds.FLAG: bool, Holds.MESSAGES: dict}.get(holds, str)
        return
    for turn in value if holds.many else [value]:
        assert tuple(turn) == holds.keys
        assert all(type(said) is str for said in turn.values())


@pytest.mark.parametrize(("name", "kind"), LAYOUTS)
@given(instruction=TEXT, output=TEXT, worse=TEXT, system=st.none() | TEXT)
def test_a_row_has_the_declared_columns_and_types(
    name: str, kind: Kind, instruction: str, output: str, worse: str, system: str | None
) -> None:
    candidates = (Candidate(output, rank=1), Candidate(f"{worse}!{output}", rank=2))
    record = Record(instruction, output=output, id="x", system=system, candidates=candidates)
    layout = LAYOUTS[name, kind]
    row = layout.row(example(record, kind))
    assert list(row) == [column.name for column in layout.columns]
    for column in layout.columns:
        check(row[column.name], column.holds)
    assert json.loads(Lines().line(row)) == row


@pytest.mark.parametrize(("name", "kind"), LAYOUTS)
def test_the_answers_are_in_the_row(name: str, kind: Kind) -> None:
    row = json.dumps(find_format(name).layouts[kind].row(example(FULL, kind)))
    assert ("Because." in row) == (kind is not Kind.PROMPT)
    assert ("No." in row) == kind.compares


def test_features_name_every_column_and_nothing_else() -> None:
    layout = find_format("trl").layouts[Kind.KTO]
    assert list(features(layout.columns, "")) == [
        "- name: prompt",
        "  list:",
        "  - name: role",
        "    dtype: string",
        "  - name: content",
        "    dtype: string",
        "- name: completion",
        "  list:",
        "  - name: role",
        "    dtype: string",
        "  - name: content",
        "    dtype: string",
        "- name: label",
        "  dtype: bool",
    ]


def test_llamafactory_names_every_column_and_tag() -> None:
    for kind, columns in ((Kind.DPO, {"messages", "chosen", "rejected"}), (Kind.KTO, {"messages", "kto_tag"})):
        (entry,) = json.loads(side_file("llamafactory", kind, "dataset_info.json")).values()
        assert set(entry["columns"]) == columns
        assert entry["formatting"] == "sharegpt"
        assert entry.get("ranking", False) == kind.compares
        assert len(entry["tags"]) == 7


def test_axolotls_config_names_the_file_and_the_strategy() -> None:
    text = side_file("axolotl", Kind.DPO, "axolotl.yml")
    assert "rl: dpo" in text
    assert "  - path: train.jsonl" in text
    assert "type: chat_template.default" in text


def test_openai_is_told_of_files_that_are_too_small() -> None:
    form = find_format("openai")
    assert form.notes(exported(form, Kind.SFT))
    assert not form.notes(exported(form, Kind.SFT, rows=10))


def exported(form: Format, kind: Kind, rows: int = 3) -> Exported:
    columns: Columns = form.layouts[kind].columns
    return Exported(kind, columns, [DataFile("train", form.file.format(split="train"), rows, 10, "ab" * 32)], "mine")


def side_file(name: str, kind: Kind, file: str) -> str:
    form = find_format(name)
    return form.side_files(exported(form, kind))[file]


@pytest.mark.parametrize(
    ("record", "name", "kind", "expected"),
    [
        (replace(FULL, messages=CHAT, output="So."), "alpaca", Kind.SFT, "several-turns"),
        (replace(FULL, system="Be."), "alpaca", Kind.SFT, "system-text"),
        (replace(FULL, extra={"history": [["a", "b"]]}), "alpaca", Kind.SFT, "several-turns"),
        (replace(FULL, extra={"tools": '[{"name": "f"}]'}), "trl", Kind.SFT, "tools"),
        (replace(FULL, extra={"tools": "[]"}), "trl", Kind.SFT, ""),
        (replace(FULL, extra={"images": ["a.png"]}), "trl", Kind.SFT, "media"),
        (replace(FULL, messages=(*CHAT[:2], Message("tool", "42"), *CHAT[1:])), "openai", Kind.SFT, "tools"),
        (replace(FULL, messages=(CHAT[0], *CHAT[2:])), "llamafactory", Kind.SFT, "turn-order"),
        (replace(FULL, messages=(CHAT[0], *CHAT[2:])), "openai", Kind.SFT, ""),
        (replace(FULL, messages=(Message("user", " "), *CHAT[1:])), "trl", Kind.SFT, "empty-turn"),
        (replace(FULL, messages=CHAT[:2]), "trl", Kind.PROMPT, ""),
        (replace(FULL, messages=CHAT), "axolotl", Kind.KTO, "several-turns"),
        (replace(FULL, system="Be."), "axolotl", Kind.KTO, "system-text"),
        (replace(FULL, system="Be."), "axolotl", Kind.RM, ""),
    ],
)
def test_what_a_format_cannot_hold_is_left_out(record: Record, name: str, kind: Kind, expected: str) -> None:
    assert reason(record, name, kind) == expected
    assert expected in {"", *REASONS}


def test_a_weight_of_zero_is_written_where_it_can_be() -> None:
    turns = [
        {"role": "user", "content": "Hi", "weight": 0},
        {"role": "assistant", "content": "Hello.", "weight": 0},
        {"role": "user", "content": "Why?", "weight": 0},
        {"role": "assistant", "content": "So.", "weight": 1},
    ]
    record = replace(FULL, messages=CHAT, output="So.", candidates=(), extra={"messages": turns})
    assert reason(record, "trl") == "weight"
    row = find_format("openai").layouts[Kind.SFT].row(example(record, Kind.SFT))
    assert [turn.get("weight") for turn in row["messages"]] == [None, 0, None, None]


def test_half_a_character_is_replaced_and_counted() -> None:
    lines = Lines()
    assert json.loads(lines.line({"a": "x\ud800", "b": [{"c": "\udc00"}]})) == {"a": "x�", "b": [{"c": "�"}]}
    assert lines.replaced == 1


def test_a_column_of_dates_is_told_of() -> None:
    lines = Lines()
    for when, what in (("2024-01-01", "2024-01-01"), ("2024-01-02T10:00:00Z", "no date"), ("2024-01-03 10:00", "2024")):
        turns = [{"role": "assistant", "content": when}]
        lines.line({"when": when, "what": what, "said": turns, "asked": [*turns, {"role": "user", "content": what}]})
    assert lines.dates == ["when", "said.content"]


def test_every_name_is_found_and_an_unknown_one_is_answered_with_the_nearest() -> None:
    assert all(find_format(name).name == name for name in known_formats())
    with pytest.raises(UsageError) as caught:
        find_format("llamafactroy")
    assert "llamafactory" in caught.value.hint


def test_a_plugin_comes_through_the_same_door(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import EntryPoint

    from instgen.export import find

    other = EntryPoint("mine", "instgen.export.trl:FORMAT", find.GROUP)
    wrong = EntryPoint("wrong", "instgen.export.trl:LAYOUTS", find.GROUP)
    monkeypatch.setattr(find, "entry_points", lambda group: [other, wrong])
    assert find_format("mine").name == "trl"
    assert known_formats()[-2:] == ("mine", "wrong")
    with pytest.raises(UsageError, match="not an instgen"):
        find_format("wrong")
