"""Scores without a judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.records import Candidate, Message, Record, born
from instgen.scores.free import MEASURES, WINDOW, Measuring, types_a_token
from instgen.text.rouge import rouge_l

ROW = born(Record("Name a tall tree.", output="The oak is a tall tree."))


def scores(record: Record, *names: str) -> Mapping[str, float]:
    return Measuring([MEASURES[name] for name in names]).scored(record).scores


def test_good_rows_pass_all_rules_and_bad_ones_fewer() -> None:
    good = scores(ROW, "rules")["rules"]
    empty = scores(replace(ROW, output=""), "rules")["rules"]
    worse = scores(replace(ROW, instruction="Draw", output=""), "rules")["rules"]
    assert good == 1.0 > empty > worse > 0.5


def test_lengths_count_words_in_every_script() -> None:
    assert scores(ROW, "length") == {"length": 6, "length.task": 4}
    assert scores(replace(ROW, output="橡树很高大"), "length")["length"] == 2


def test_a_conversation_counts_all_turns() -> None:
    turns = (Message("user", "Hi there."), Message("assistant", "Hello."), Message("user", "Bye."))
    assert scores(replace(ROW, messages=turns), "length") == {"length": 1, "length.task": 3}


def test_repetition_shows_in_diversity_and_compression() -> None:
    looped = replace(ROW, output="the same words again " * 60)
    varied = replace(ROW, output=" ".join(f"word{n} is not like {n * 7} at all" for n in range(60)))
    for name in ("lexical-diversity", "compression"):
        assert scores(looped, name)[name] < scores(varied, name)[name]


def test_nothing_has_no_diversity_and_no_compression() -> None:
    assert scores(replace(ROW, output="  "), "lexical-diversity", "compression") == {}


@given(st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=3 * WINDOW))
def test_types_a_token_is_the_mean_over_windows(found: list[str]) -> None:
    windows = [found[at : at + WINDOW] for at in range(max(1, len(found) - WINDOW + 1))]
    wanted = sum(len(set(window)) / len(window) for window in windows) / len(windows)
    assert types_a_token(found) == pytest.approx(wanted)


@given(st.lists(st.text("abc 树", min_size=1, max_size=12), min_size=1, max_size=8))
def test_novelty_is_one_less_the_nearest_task_before(texts: list[str]) -> None:
    measuring = Measuring([MEASURES["novelty"]])
    for at, text in enumerate(texts):
        found = measuring.scored(Record(text)).scores["novelty"]
        nearest = max((rouge_l(text, other) for other in texts[:at]), default=0.0)
        assert found == pytest.approx(1 - nearest, abs=1e-4)


def test_scores_that_are_there_stay_unless_they_are_to_be_replaced() -> None:
    row = replace(ROW, scores={"length": 99, "other": 1})
    kept = Measuring([MEASURES["length"]])
    assert kept.scored(row) is row
    again = Measuring([MEASURES["length"]], replace_scores=True).scored(row)
    assert again.scores == {"length": 6, "length.task": 4, "other": 1}
    assert [step.op for step in again.origin] == ["length"]


def test_rows_that_have_their_novelty_are_still_compared_with() -> None:
    measuring = Measuring([MEASURES["novelty"]])
    measuring.scored(replace(ROW, scores={"novelty": 1.0}))
    assert measuring.scored(ROW).scores["novelty"] == 0.0


def test_each_candidate_has_the_scores_of_its_answer() -> None:
    row = replace(ROW, candidates=(Candidate("One two."), Candidate("One.")))
    scored = Measuring([MEASURES["length"], MEASURES["novelty"]]).scored(row)
    assert [candidate.scores["length"] for candidate in scored.candidates] == [2, 1]
    assert scored.scores == {"novelty": 1.0}


def test_a_row_to_which_nothing_applies_passes_as_it_came() -> None:
    row = replace(ROW, output="")
    assert Measuring([MEASURES["compression"]]).scored(row) is row
