"""Samples, spreads, diversity, categories and families: what a survey counts."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.records import Record, Step, born
from instgen.report.categories import category_of
from instgen.report.diversity import distinct, nearest, self_similarity
from instgen.report.lineage import Families, changes
from instgen.report.numbers import UNKNOWN, as_json
from instgen.report.sample import Sample
from instgen.report.spread import shares_of, spread_of
from instgen.report.survey import Survey
from instgen.text.rouge import rouge_l


@given(st.lists(st.text(max_size=8), unique=True, max_size=60), st.randoms(use_true_random=False))
def test_a_sample_does_not_depend_on_the_order(names: list[str], rng: random.Random) -> None:
    one, other = Sample[str](10), Sample[str](10)
    for name in names:
        one.offer(name, name)
    rng.shuffle(names)
    for name in names:
        other.offer(name, name)
    assert sorted(one.items()) == sorted(other.items())
    assert one.is_whole == (len(names) <= 10)


@given(st.lists(st.integers(0, 10_000), min_size=1))
def test_a_spread_counts_every_value(values: list[int]) -> None:
    spread = spread_of(values)
    assert spread is not None
    assert sum(spread.counts) == len(values)
    assert len(spread.edges) == len(spread.counts) + 1
    assert list(spread.edges) == sorted(set(spread.edges))
    assert spread.least <= spread.median <= spread.p95 <= spread.most


def test_shares_lie_in_their_twentieth() -> None:
    spread = shares_of([0.0, 0.7, 1.0])
    assert spread is not None
    assert [at for at, count in enumerate(spread.counts) if count] == [0, 14, 19]


def test_distinct_n_is_different_over_all() -> None:
    assert distinct(["a b a b"], [1]) == [0.5]
    assert distinct(["a b a b"], [1, 2]) == [0.5, pytest.approx(2 / 3)]
    assert distinct([""], [2]) == [None]


TEXTS = st.lists(st.text("ab ", max_size=12), min_size=1, max_size=8)


@given(TEXTS, TEXTS)
def test_the_nearest_is_what_comparing_all_gives(texts: list[str], others: list[str]) -> None:
    assert nearest(texts, others) == pytest.approx([max(rouge_l(text, other) for other in others) for text in texts])
    if len(texts) > 1:
        expected = [
            max(rouge_l(text, other) for to, other in enumerate(texts) if to != at) for at, text in enumerate(texts)
        ]
        assert self_similarity(texts) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("instruction", "given_input", "category"),
    [
        ("Write a poem about rain.", "", "generation"),
        ("Summarize the article.", "text " * 20, "summarization"),
        ("Why is the sky blue?", "", "open QA"),
        ("Why did she leave?", "text " * 20, "closed QA"),
        ("Translate the sentence into French.", "I am here.", "rewrite"),
        ("Suggest three names for a cat.", "", "brainstorming"),
        ("Is the sentiment positive or negative?", "", "classification"),
        ("Write a poem, and explain why it rhymes.", "", "generation"),
        ("Write a poem about the café “Zoé”.", "", "generation"),
        (f"{'word ' * 400} Summarize this.", "", "summarization"),
        ("写一首诗。", "", "generation"),
        ("Напиши стихотворение.", "", UNKNOWN),
    ],
)
def test_a_use_case_is_told_by_keyword(instruction: str, given_input: str, category: str) -> None:
    assert category_of(instruction, given_input) == category


@given(st.text("ab c", max_size=40), st.text("ab c", max_size=40))
def test_changes_lead_from_one_text_to_the_other(before: str, after: str) -> None:
    spans = changes(before, after)
    assert "".join(span.text for span in spans if span.change != "removed") == after
    assert "".join(span.text for span in spans if span.change != "added") == before


def child(instruction: str, parent: Record, root: Record, number: int, op: str) -> Record:
    step = Step("evolve", op=op, round=number, root=root.id, parents=(parent.id,), teacher="scripted/x")
    return born(Record(instruction, output="Yes.", origin=(*parent.origin, step)))


def chain() -> list[Record]:
    root = born(Record("Name a colour.", output="Blue."))
    first = child("Name a warm colour.", root, root, 1, "concretize")
    return [root, first, child("Name a warm colour and say why.", first, root, 2, "deepen")]


def test_a_family_goes_from_its_root_to_the_deepest_child() -> None:
    families = Families()
    root, first, second = chain()
    families.know(root)
    families.add(first)
    families.add(second)
    (family,) = families.shown()
    assert [(member.op, member.round) for member in family.members] == [("", 0), ("concretize", 1), ("deepen", 2)]


def test_a_child_whose_ancestors_are_not_known_is_no_family() -> None:
    families = Families()
    families.add(chain()[2])
    assert families.shown() == []


def test_who_only_judged_has_written_nothing() -> None:
    survey = Survey()
    judged = Record("Name a tree.", origin=(Step("respond", teacher="a/x"), Step("score", teacher="b/y")))
    survey.add(born(judged))
    assert survey.numbers().teachers == {"a/x": 1}


def test_a_survey_counts_what_it_saw() -> None:
    survey = Survey()
    for record in chain():
        survey.add(record)
    survey.add(born(Record("List two birds.", "of prey", scores={"quality": 4.0})))
    numbers = survey.numbers(["Name a colour."])
    assert (numbers.rows, numbers.with_input, numbers.answered) == (4, 1, 3)
    assert numbers.teachers == {"scripted/x": 2}
    assert [(depth.op, depth.round, depth.rows) for depth in numbers.depths] == [
        ("", 0, 2),
        ("concretize", 1, 1),
        ("deepen", 2, 1),
    ]
    assert numbers.gates()["score-quality"] == 4.0
    assert as_json(numbers)["rows"] == 4


def test_a_survey_is_the_same_in_any_order() -> None:
    records = [born(Record(f"Write {number % 37} words about {number % 41} seas.")) for number in range(1_200)]
    one, other = Survey(), Survey()
    for record in records:
        one.add(record)
    for record in reversed(records):
        other.add(record)
    assert one.numbers() == other.numbers()


def test_languages_that_cannot_be_told_are_counted_and_are_no_language() -> None:
    survey = Survey()
    for text in ("Write a poem about the sea and the wind that blows over it.", "17 + 4"):
        survey.add(born(Record(text)))
    numbers = survey.numbers()
    assert numbers.languages == {"en": 1, UNKNOWN: 1}
    assert numbers.gates()["languages"] == 1


def test_one_row_alone_is_not_compared_with_others() -> None:
    survey = Survey()
    survey.add(born(Record("Sing.")))
    assert "novelty" not in survey.numbers().gates()


def test_long_texts_are_compared_in_smaller_numbers() -> None:
    survey = Survey()
    for number in range(60):
        survey.add(born(Record(f"{number} {'word ' * 4_000}")))
    spread = survey.numbers().diversity.self_rouge
    assert spread
    assert 1 < spread.count < 60
