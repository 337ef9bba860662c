"""Rubric files: what is in them, and what is told of one that is malformed."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.errors import InputError, UsageError
from instgen.scores.find import built_in, find_rubric
from instgen.scores.free import MEASURES, Measure
from instgen.scores.rubric import Rubric, Scale, parse_rubric, schema_of

MINE = """
about = "How well it rhymes."
of = "answer"
question = "Does it rhyme?"
[scores.rhyme]
from = 1
to = 3
means = "3: perfectly."
"""


def test_a_file_makes_a_rubric_with_its_digest() -> None:
    rubric = parse_rubric("rhyme", MINE)
    assert rubric.scales == (Scale("rhyme", 1, 3, "3: perfectly."),)
    assert rubric.names == ("rhyme",)
    assert rubric.source.startswith("rubric/rhyme@")
    assert parse_rubric("rhyme", MINE + "# more\n").source != rubric.source


def test_a_score_of_another_name_than_the_rubric_is_told_apart_from_others() -> None:
    assert parse_rubric("poem", MINE).names == ("poem.rhyme",)


@pytest.mark.parametrize("name", list(built_in()))
def test_every_built_in_rubric_says_what_it_is_for(name: str) -> None:
    assert built_in()[name].startswith("# ")
    rubric = find_rubric(name)
    assert isinstance(rubric, Rubric)
    assert rubric.names[0] == name


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("from = 1", "from = 5"), "to must be greater than from"),
        (("from = 1", "from = 3"), "to must be greater than from"),
        (("to = 3", "to = 1000"), "by at most 100"),
        (("to = 3", "to = 3.5"), "must be a whole number"),
        (("to = 3", "to = true"), "must be a whole number"),
        (("to = 3", ""), "to is missing"),
        (('of = "answer"', 'of = "reply"'), "unknown value"),
        (('of = "answer"', ""), "of is missing"),
        (('question = "Does it rhyme?"', "question = 3"), "must be a string"),
        (("[scores.rhyme]", "[scores.Rhyme]"), "cannot be named"),
        (("[scores.rhyme]", "[scores.reasoning]"), "cannot be named"),
        (("[scores.rhyme]", "[rhyme]"), "unknown key"),
        (('means = "3: perfectly."', 'meaning = "3: perfectly."'), "unknown key"),
        (('of = "answer"', 'of = "answer"\noverall = "rhyme"'), "overall"),
        (('of = "answer"', 'of = "answer"\nsiblings = true'), "siblings"),
        (('of = "answer"', 'of = "answer"\nall = true'), "all = true"),
        (('of = "answer"', 'of = "answer"\nsiblings = 1'), "true or false"),
        (('of = "answer"', "of = answer"), "is not TOML"),
        (('of = "answer"', "of = " + "9" * 5_000), "is not TOML"),
        (('of = "answer"', "of = " + "[" * 3_000), "is not TOML"),
    ],
)
def test_what_is_wrong_with_a_file_is_told_with_its_name(change: tuple[str, str], told: str) -> None:
    with pytest.raises(InputError, match=told) as raised:
        parse_rubric("rhyme", MINE.replace(*change), "./rhyme.toml")
    assert raised.value.where == "./rhyme.toml"


def test_a_file_with_a_strange_name_is_not_taken() -> None:
    with pytest.raises(InputError, match="cannot be named"):
        parse_rubric("My Rubric", MINE)


def test_a_wrong_name_is_told_with_the_nearest() -> None:
    with pytest.raises(UsageError) as raised:
        find_rubric("qualty")
    assert raised.value.hint.startswith("did you mean quality?")


def test_names_of_judged_and_free_scores_differ() -> None:
    assert not set(built_in()) & set(MEASURES)
    assert isinstance(find_rubric("novelty"), Measure)


@given(st.integers(-50, 50), st.integers(1, 100), st.booleans())
def test_a_schema_bounds_each_score_and_asks_for_the_reasoning_first(least: int, more: int, optional: bool) -> None:
    schema = schema_of((Scale("one", least, least + more, may_not_apply=optional),))
    number = {"type": "integer", "minimum": least, "maximum": least + more}
    assert list(schema["properties"]) == ["reasoning", "one"] == schema["required"]
    assert schema["properties"]["one"] == ({"anyOf": [number, {"type": "null"}]} if optional else number)


@pytest.mark.parametrize("name", sorted(built_in()))
def test_every_rubric_of_ours_says_all_of_it_in_chinese(name: str) -> None:
    rubric = parse_rubric(name, built_in()[name])
    worded = rubric.worded("zh")
    assert worded.question != rubric.question
    assert all(ours.means != other.means for ours, other in zip(rubric.scales, worded.scales, strict=True))
    assert replace(worded, question="", scales=()) == replace(rubric, question="", scales=())


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("zh = 1", "[zh] must be a table"),
        ("[zh]\nquestion = '好吗？'", "[zh.means] mine is missing"),
        ("[zh]\n[zh.means]\nmine = '好'", "[zh] question is missing"),
        ("[zh]\nquestion = '好吗？'\n[zh.means]\nmine = '好'\nyours = '好'", "[zh.means] yours: unknown key"),
    ],
)
def test_words_in_chinese_are_all_there_or_none(more: str, told: str) -> None:
    begin, table = ("zh = 1\n", "") if more == "zh = 1" else ("", more)
    content = (
        f'{begin}about = "a"\nof = "answer"\nquestion = "?"\n[scores.mine]\nfrom = 1\nto = 5\nmeans = "m"\n{table}\n'
    )
    with pytest.raises(InputError, match=re.escape(told)):
        parse_rubric("mine", content)
