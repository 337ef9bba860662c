"""Planted benchmark items are found, their frames and clean rows are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.filters.contamination import Contamination
from instgen.formats.items import Item
from instgen.lines import records_of
from instgen.records import Candidate, Message, Record
from instgen.running.benchmarks import benchmark
from instgen.seedlist import seed_file

TARGETS = Path(__file__).parents[2].parent / "shared" / "data" / "decontam_targets"
LONG = "A baker sells nine loaves before noon and twice that many after it, so how many did he sell that day?"
ITEM = Item("b.jsonl:3", LONG)
HAN = Item("zh.jsonl:1", "小明上午卖了九个面包，下午卖的是上午的两倍，请问他这一天一共卖了多少个面包？")


def verdict(record, items=(ITEM,), **options):
    return Contamination(items, **options).judge([record])[0]


def words(text, *numbers):
    return " ".join(text.split()[slice(*numbers)])


@pytest.mark.parametrize("method", ["both", "8-gram", "13-gram"])
@pytest.mark.parametrize("item", [ITEM, HAN])
def test_an_item_is_found_whatever_stands_around_it(method, item):
    found = verdict(Record(f"Solve this.\n{item.text.upper()} Thanks!"), [item], method=method)
    assert found is not None
    assert found.reason == "contaminated"
    assert found.near is not None
    assert (found.near.id, found.near.similarity) == (item.name, 1.0)


def test_an_item_that_is_cut_into_instruction_and_input_is_found():
    assert verdict(Record(words(LONG, 9), words(LONG, 9, None))) is not None


def test_half_of_an_item_is_not_enough_but_a_run_of_13_words_is():
    half = Record(words(LONG, 10))
    assert verdict(half) is None
    run = verdict(Record(words(LONG, 2, 16)), method="13-gram")
    assert run is not None
    assert (run.rule, run.value, run.threshold) == ("13-gram", 14, 13)
    assert verdict(Record(words(LONG, 2, 14)), method="13-gram") is None


def test_coverage_is_the_share_of_an_items_words_in_runs_of_eight_wherever_they_stand():
    pieces = Record(f"{words(LONG, 11, 20)} and {words(LONG, 0, 8)}")
    found = verdict(pieces)
    assert found is not None
    assert (found.rule, found.value, found.threshold) == ("8-gram", 0.81, 0.5)
    assert found.evidence == "after it so how many did he sell that"


def test_what_two_rows_share_with_an_item_does_not_add_up():
    rows = [Record(words(LONG, 0, 9)), Record(words(LONG, 10, 19))]
    assert Contamination([ITEM]).judge(rows) == [None, None]


def test_a_run_does_not_go_from_one_turn_into_the_next():
    turns = (Message("user", words(LONG, 7)), Message("user", words(LONG, 7, 14)))
    assert verdict(Record(words(LONG, 7), messages=turns)) is None


@pytest.mark.parametrize(
    "record",
    [
        Record("Go on.", output=LONG),
        Record("Go on.", system=LONG),
        Record("Go on.", candidates=(Candidate(LONG),)),
        Record("Go on.", messages=(Message("user", "Go on."), Message("assistant", LONG))),
    ],
)
def test_answers_are_looked_at_only_when_asked(record):
    assert verdict(record) is None
    assert verdict(record, where="all") is not None


def test_a_later_turn_of_the_user_is_looked_at():
    turns = (Message("user", "Hi."), Message("assistant", "Hello."), Message("user", LONG))
    assert verdict(Record("Hi.", messages=turns)) is not None


def test_a_short_item_must_be_there_whole():
    item = Item("b:1", "Who painted the night watch?")
    assert verdict(Record("Tell me: who painted the Night Watch, and when?"), [item]) is not None
    assert verdict(Record("Who painted the night sky?"), [item]) is None


def test_an_item_that_is_too_short_to_tell_is_counted():
    check = Contamination([Item("b:1", "Why so?"), ITEM, Item("z:1", "为什么？")])
    assert check.unchecked == ("b:1", "z:1")
    assert check.judge([Record("Why so?")]) == [None]


FRAME = "Choose the right answer to the question below, and give only the letter of it, nothing else."
FRAMED = [Item(f"quiz:{at}", f"{FRAME} What is the {at}th word of the song that {at} people sang?") for at in range(9)]


def test_what_many_items_say_is_no_sign_of_one():
    assert verdict(Record(f"{FRAME} How many legs has a spider?"), FRAMED) is None
    assert verdict(Record(FRAMED[4].text), FRAMED) is not None
    found = verdict(Record(FRAMED[4].text.removeprefix(FRAME)), FRAMED)
    assert found is not None
    assert found.near is not None
    assert found.near.id == "quiz:4"


def test_a_frame_is_one_benchmarks_own():
    scattered = [Item(f"b{at}:1", FRAME) for at in range(9)]
    assert verdict(Record(FRAME), scattered) is not None


@given(st.lists(st.sampled_from("abcdefg"), min_size=5, max_size=40), st.sampled_from(["both", "8-gram", "13-gram"]))
def test_every_item_that_can_be_checked_is_found_where_it_stands_whole(letters, method):
    text = " ".join(letters)
    assert verdict(Record(f"x {text} y"), [Item("b:1", text)], method=method) is not None


@pytest.mark.skipif(not TARGETS.exists(), reason="the shared data are not here")
def test_real_items_are_all_found_and_our_seeds_are_clean():
    items = [item for path in sorted(TARGETS.iterdir()) for item in benchmark(str(path)).items]
    check = Contamination(items)
    assert len(check.unchecked) < 20
    found = check.judge([Record(item.text) for item in items if item.name not in check.unchecked])
    assert all(found)
    seeds = [record for lang in ("en", "es", "fr", "zh") for record in records_of([seed_file(lang)])]
    assert not any(check.judge(seeds))
