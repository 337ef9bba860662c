"""The prefix index against the whole comparison: the same answers, to the last digit and the earliest of equals."""

from __future__ import annotations

import json
import random
from fractions import Fraction
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from instgen.errors import UsageError
from instgen.records import Near
from instgen.text import similarity
from instgen.text.prefixes import LEAST_THRESHOLD, Prefixes, Table
from instgen.text.rouge import least_common
from tests.text import plain as oracle

DATA = Path(__file__).parents[2].parent / "shared" / "data"

THRESHOLDS = st.sampled_from([0, 0.1, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95, 1])
INDEXED = st.sampled_from([Fraction(3, 10), Fraction(2, 5), Fraction(1, 2), Fraction(7, 10), Fraction(19, 20)])
WHOLE = st.sampled_from([1, 2, 3, 10, 1000])


def spelt(numbers: list[int]) -> str:
    return " ".join(f"w{number}" for number in numbers)


@st.composite
def families(draw: st.DrawFn) -> list[str]:
    """Texts of few words, many of them edits of one before."""
    words = st.integers(0, draw(st.sampled_from([2, 5, 40])))
    rows: list[list[int]] = [draw(st.lists(words, max_size=40))]
    for _ in range(draw(st.integers(0, 12))):
        row = list(draw(st.sampled_from(rows)))
        for place, word in draw(st.lists(st.tuples(st.integers(0, 40), words), max_size=5)):
            row[place : place + draw(st.integers(0, 2))] = [word]
        rows.append(row)
    return [spelt(row) for row in rows]


def both(threshold: float, whole: int, rows: list[str]) -> tuple[oracle.NoveltyIndex, similarity.NoveltyIndex]:
    plain, fast = oracle.NoveltyIndex(threshold), similarity.NoveltyIndex(threshold, whole=whole)
    for number, row in enumerate(rows):
        plain.add(f"r{number}", row)
        fast.add(f"r{number}", row)
    return plain, fast


def answers(
    index: oracle.NoveltyIndex | similarity.NoveltyIndex, rows: list[str], keep: bool = False
) -> list[Near | None]:
    """What is nearest to each row among those kept before it; with `keep` only new ones are kept."""
    found: list[Near | None] = []
    for number, row in enumerate(rows):
        found.append(index.nearest(row))
        if not (keep and found[-1]):
            index.add(f"r{number}", row)
    return found


@given(THRESHOLDS, WHOLE, families())
@example(0.7, 1, ["w1 w2 w3 w4 w5 w6 w7 w8 w9 w10", "w1 w2 w3 w4 w5 w6 w7 x8 x9 x10"])
def test_each_row_finds_what_the_whole_comparison_finds(threshold: float, whole: int, rows: list[str]) -> None:
    plain, fast = both(threshold, whole, [])
    assert answers(fast, rows) == answers(plain, rows)


@given(THRESHOLDS, WHOLE, families(), st.integers(0, 15), st.integers(0, 15))
def test_a_part_of_the_rows_is_looked_at_as_by_the_whole_comparison(
    threshold: float, whole: int, rows: list[str], start: int, stop: int
) -> None:
    plain, fast = both(threshold, whole, rows[1:])
    assert fast.nearest(rows[0], start, stop) == plain.nearest(rows[0], start, stop)


@given(THRESHOLDS, WHOLE, st.lists(st.text("的是在我有他这中大来w ", max_size=24), max_size=12))
def test_letters_without_spaces_find_what_the_whole_comparison_finds(
    threshold: float, whole: int, rows: list[str]
) -> None:
    plain, fast = both(threshold, whole, [])
    assert answers(fast, rows) == answers(plain, rows)


@given(families(), families(), WHOLE)
def test_a_view_is_blind_to_rows_that_came_later(early: list[str], late: list[str], whole: int) -> None:
    _, fast = both(0.5, whole, early)
    view = fast.view()
    before = [view.nearest(row) for row in late]
    for row in late:
        fast.add("late", row)
    assert [view.nearest(row) for row in late] == before


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.7, 0.9])
def test_long_rows_in_groups_find_what_the_whole_comparison_finds(threshold: float) -> None:
    draw = random.Random(3)
    rows: list[list[int]] = []
    for _ in range(150):
        row = (
            list(draw.choice(rows))
            if rows and draw.random() < 0.6
            else draw.choices(range(90), k=draw.randint(10, 200))
        )
        for _ in range(draw.randint(0, len(row) // 3)):
            row[draw.randrange(len(row))] = draw.randrange(90)
        rows.append(row[draw.randint(0, len(row) // 3) :])
    plain, fast = both(threshold, 10, [])
    texts = [spelt(row) for row in rows]
    assert answers(fast, texts) == answers(plain, texts)


@pytest.mark.parametrize(("threshold", "near"), [(0.69, True), (0.7, False), (0.71, False)])
def test_the_threshold_itself_still_counts_as_new(threshold: float, near: bool) -> None:
    index = similarity.NoveltyIndex(threshold, whole=1)
    index.add("ten", "a b c d e f g h i j")
    assert (index.nearest("a b c d e f g x y z") is not None) is near


@pytest.mark.parametrize("whole", [1, 100])
def test_of_equals_the_earliest_is_given(whole: int) -> None:
    index = similarity.NoveltyIndex(0.5, whole=whole)
    for row_id, text in (("far", "a b x y z"), ("first", "a b c d x"), ("second", "a b c d y")):
        index.add(row_id, text)
    assert index.nearest("a b c d z") == Near("first", 0.8, "a b c d x")


@pytest.mark.parametrize("whole", [1, 100])
def test_texts_without_tokens_are_alike(whole: int) -> None:
    index = similarity.NoveltyIndex(0.7, whole=whole)
    for row_id, text in (("word", "a"), ("dots", "..."), ("none", "")):
        index.add(row_id, text)
    assert index.nearest("?!") == Near("dots", 1.0, "...")


@pytest.mark.parametrize("threshold", [-0.1, 1.1])
def test_a_threshold_beyond_0_and_1_is_refused(threshold: float) -> None:
    with pytest.raises(UsageError):
        similarity.NoveltyIndex(threshold)


def test_elements_tell_repeated_words_apart() -> None:
    assert similarity.elements(["a", "b", "a", "a"]) == ["a", "b", ("a", 1), ("a", 2)]


@given(INDEXED, st.sets(st.integers(0, 60)), st.sets(st.integers(0, 60)), st.sets(st.integers(0, 60)))
def test_sets_that_share_enough_have_a_key_in_common(
    threshold: Fraction, shared: set[int], mine: set[int], yours: set[int]
) -> None:
    row, query = sorted(shared | mine, reverse=True), sorted(shared | yours, reverse=True)
    if not row or not query or len(set(row) & set(query)) < least_common(threshold, len(row) + len(query)):
        return
    prefixes = Prefixes(threshold)
    looked = chain.from_iterable(prefix.keys(query) for prefix in prefixes.looked(len(query)))
    assert set(looked) & set(prefixes.stored(len(row)).keys(row))


@given(st.fractions(LEAST_THRESHOLD, Fraction(99, 100), max_denominator=100), st.integers(1, 3000))
def test_groups_are_fewer_than_the_elements_that_near_texts_share(threshold: Fraction, length: int) -> None:
    prefixes = Prefixes(threshold)
    least = min(
        least_common(threshold, length + other)
        for other in range(1, length + 1)
        if other >= least_common(threshold, length + other)
    )
    assert prefixes.groups(length) < least


@pytest.mark.parametrize("threshold", ["0.3", "0.5", "0.7", "0.95"])
def test_groups_never_fall_as_rows_get_longer(threshold: str) -> None:
    groups = [Prefixes(Fraction(threshold)).groups(length) for length in range(1, 2000)]
    assert groups == sorted(groups)


@given(st.lists(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=6), max_size=20))
def test_a_table_finds_every_row_of_a_key(rows: list[list[tuple[int, int]]]) -> None:
    table = Table(4)
    for number, keys in enumerate(rows):
        table.add(number, keys)
    for number, keys in enumerate(rows):
        assert all(number in table.find([key]) for key in keys)


def real_instructions() -> list[str]:
    names = [
        "self_instruct/seed_tasks.jsonl",
        "alpaca_libre/alpaca_libre_tasks_v1.jsonl",
        "decontam_targets/gsm8k_test.jsonl",
    ]
    names += ["multilingual/zh_seed_tasks.json", "multilingual/ru_seed_tasks.jsonl"]
    if not all((DATA / name).exists() for name in names):
        pytest.skip("the shared data are not here")
    lines = chain.from_iterable((DATA / name).read_text(encoding="utf-8").splitlines() for name in names)
    rows = [json.loads(line) for line in lines if line.strip().startswith("{") and line.strip().endswith("}")]
    texts = [str(row.get("instruction") or row.get("question")) for row in rows]
    random.Random(7).shuffle(texts)
    return texts[:3000]


def test_real_instructions_are_kept_as_by_the_whole_comparison() -> None:
    rows = real_instructions()
    assert len(rows) == 3000
    assert answers(similarity.NoveltyIndex(), rows, keep=True) == answers(oracle.NoveltyIndex(), rows, keep=True)
