"""Benchmark files of every kind, as they are named on the command line."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from instgen.errors import InputError
from instgen.running.benchmarks import benchmark


def texts(named: Path | str) -> list[str]:
    return [item.text for item in benchmark(str(named)).items]


def write(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def test_jsonl_an_array_and_a_table_hold_the_same(tmp_path):
    jsonl = write(tmp_path / "b.jsonl", '{"question": "One?"}\n\n{"question": "Two?"}\n')
    array = write(tmp_path / "b.json", '[{"question": "One?"},\n\n{"question": "Two?"}]')
    csv = write(tmp_path / "b.csv", "\ufeffquestion,answer\r\nOne?,1\r\n\r\nTwo?,2")
    assert texts(jsonl) == texts(array) == texts(csv) == ["One?", "Two?"]
    assert [item.name for item in benchmark(str(jsonl)).items] == ["b.jsonl:1", "b.jsonl:3"]
    assert [item.name for item in benchmark(str(csv)).items] == ["b.csv:2", "b.csv:4"]


def test_a_packed_table_is_read(tmp_path):
    (tmp_path / "b.tsv.gz").write_bytes(gzip.compress("id\tPrompt\n1\tWas ist's?\u2028Na?\n".encode()))
    found = benchmark(str(tmp_path / "b.tsv.gz"))
    assert [item.text for item in found.items] == ["Was ist's?\u2028Na?"]
    assert found.fields == {"Prompt": 1}


def test_quotation_marks_in_a_tsv_are_text_unless_its_first_line_has_some(tmp_path):
    plain = write(tmp_path / "b.tsv", 'id\tquestion\n1\t"Why" is it?\n2\tWho said "now?\n')
    assert texts(plain) == ['"Why" is it?', 'Who said "now?']
    quoted = write(tmp_path / "q.tsv", '"id"\t"question"\n"1"\t"Is ""it""\tso?"\n')
    assert texts(quoted) == ['Is "it"\tso?']


def test_a_field_follows_the_name_unless_the_file_is_called_so(tmp_path):
    write(tmp_path / "b.jsonl", '{"question": "no", "goal": "yes"}\n')
    assert texts(f"{tmp_path / 'b.jsonl'}:goal") == ["yes"]
    write(tmp_path / "b.jsonl:goal", '{"question": "this"}\n')
    assert texts(f"{tmp_path / 'b.jsonl'}:goal") == ["this"]


def test_a_number_names_a_column_of_a_table_without_names(tmp_path):
    assert texts(f"{write(tmp_path / 'mmlu.csv', 'What?,A,B')}:1") == ["What?"]


@pytest.mark.parametrize(
    ("name", "text", "where"),
    [
        ("b.jsonl", '{"question": "a"}\n{"answer": "b"}\n', "b.jsonl:2"),
        ("b.csv", 'question\n"a"b\n', "b.csv"),
        ("b.csv", "question\n", "b.csv"),
        ("b.jsonl", '{"question": ""}\n', "b.jsonl"),
        ("b.jsonl", "", "b.jsonl"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(tmp_path, name, text, where):
    with pytest.raises(InputError) as error:
        benchmark(str(write(tmp_path / name, text)))
    assert Path(error.value.where).name == where


def test_a_table_that_is_not_utf_8_is_told(tmp_path):
    (tmp_path / "b.csv").write_bytes(b"question\ncaf\xe9\n")
    with pytest.raises(InputError, match="not UTF-8"):
        benchmark(str(tmp_path / "b.csv"))


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        benchmark(str(tmp_path / "b.csv"))
