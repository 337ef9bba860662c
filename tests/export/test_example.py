"""What a record comes to as training data."""

from __future__ import annotations

from dataclasses import replace

import pytest

from instgen.export.carried import meta
from instgen.export.example import Choice, examples_of, kin_of, kind_of, prompt_of
from instgen.export.kinds import Kind, Pairs, Ties
from instgen.formats import records_from
from instgen.records import Candidate, Message, Record, Step

PLAIN = Record("Add.", "1 2", "3", id="a")
CHAT = Record(
    "Hi",
    messages=(Message("system", "Be."), Message("user", "Hi"), Message("assistant", "Yes.")),
    output="Yes.",
    id="b",
)


def ranked(*answers: tuple[str, int | None], scores: tuple[float, ...] = ()) -> Record:
    numbers = scores or (None,) * len(answers)
    return Record(
        "Why?",
        output=answers[0][0],
        id="r",
        candidates=tuple(
            Candidate(text, rank=rank, scores={} if score is None else {"quality": score})
            for (text, rank), score in zip(answers, numbers, strict=True)
        ),
    )


def pairs(record: Record, choice: Choice | None = None) -> list[tuple[str, str]] | str:
    made = examples_of(record, Kind.DPO, choice or Choice())
    return made.verdict.reason if made.verdict else [(one.answer, one.worse) for one in made.examples]


def test_the_input_stands_under_the_instruction_as_respond_asks_it() -> None:
    assert prompt_of(replace(PLAIN, system="Be.")) == (Message("system", "Be."), Message("user", "Add.\n\n1 2"))


def test_a_conversations_prompt_is_all_but_its_last_answer() -> None:
    (example,) = examples_of(CHAT, Kind.SFT, Choice()).examples
    assert example.prompt == CHAT.messages[:2]
    assert example.conversation == CHAT.messages


def test_a_history_comes_before_the_question() -> None:
    record = replace(PLAIN, extra={"history": [["one", "two"]]})
    assert [message.content for message in prompt_of(record)] == ["one", "two", "Add.\n\n1 2"]


def test_the_best_is_paired_with_the_worst() -> None:
    assert pairs(ranked(("best", 1), ("mid", 2), ("worst", 3))) == [("best", "worst")]


def test_all_pairs_are_better_first() -> None:
    found = pairs(ranked(("mid", 2), ("best", 1), ("worst", 3)), Choice(pairs=Pairs.ALL))
    assert found == [("best", "mid"), ("best", "worst"), ("mid", "worst")]


def test_a_tie_makes_no_pair_unless_it_is_kept() -> None:
    record = ranked(("one", 1), ("other", 1))
    assert pairs(record) == "tie"
    assert pairs(record, Choice(ties=Ties.KEEP)) == [("one", "other")]


def test_a_tie_among_others_is_left_out_of_all_pairs() -> None:
    found = pairs(ranked(("a", 1), ("b", 1), ("c", 2)), Choice(pairs=Pairs.ALL))
    assert found == [("a", "c"), ("b", "c")]


def test_a_score_orders_what_has_no_rank_only_by_name() -> None:
    record = ranked(("low", None), ("high", None), scores=(1.0, 4.0))
    assert pairs(record) == "no-preference"
    assert pairs(record, Choice(by="quality")) == [("high", "low")]


def test_the_margin_is_how_much_further_behind_the_first_an_answer_is() -> None:
    scored = (Candidate("a", rank=1, scores={"margin": 0.0}), Candidate("b", rank=2, scores={"margin": 1.0}))
    record = replace(ranked(("a", 1)), candidates=(*scored, Candidate("c", rank=3, scores={"margin": 3.0})))
    made = examples_of(record, Kind.RM, Choice(pairs=Pairs.ALL))
    assert [(one.answer, one.worse, one.margin) for one in made.examples] == [
        ("a", "b", 1.0),
        ("a", "c", 3.0),
        ("b", "c", 2.0),
    ]
    assert pairs(record, Choice(pairs=Pairs.ALL, least_margin=2)) == [("a", "c"), ("b", "c")]
    assert pairs(record, Choice(least_margin=4)) == "close"


def test_a_margin_nobody_told_is_none() -> None:
    assert pairs(ranked(("a", 1), ("b", 2)), Choice(least_margin=1)) == "close"
    assert pairs(Record("Why?", extra={"chosen": "a", "rejected": "b"}), Choice(least_margin=1)) == "close"


def test_equal_texts_are_no_pair() -> None:
    assert pairs(ranked(("same", 1), ("same ", 2))) == "same-answers"


def test_a_stated_preference_is_taken_where_nothing_is_ranked() -> None:
    assert pairs(Record("Why?", extra={"chosen": "Because.", "rejected": "No."})) == [("Because.", "No.")]


def test_ranked_answers_are_unpaired_into_good_and_bad() -> None:
    made = examples_of(ranked(("a", 1), ("b", 2), ("c", 3)), Kind.KTO, Choice(pairs=Pairs.ALL))
    assert [(one.answer, one.label) for one in made.examples] == [("a", True), ("c", False)]


@pytest.mark.parametrize("label", [True, False])
def test_a_label_goes_with_the_answer(label: bool) -> None:
    (example,) = examples_of(replace(PLAIN, extra={"label": label}), Kind.KTO, Choice()).examples
    assert (example.answer, example.label) == ("3", label)


@pytest.mark.parametrize(
    ("record", "kind", "reason"),
    [
        (Record("Why?"), Kind.SFT, "no-answer"),
        (PLAIN, Kind.DPO, "no-preference"),
        (PLAIN, Kind.KTO, "no-label"),
        (replace(PLAIN, extra={"label": 1}), Kind.KTO, "malformed"),
        (replace(PLAIN, extra={"chosen": 1, "rejected": 2}), Kind.DPO, "malformed"),
    ],
)
def test_what_cannot_be_made_says_why(record: Record, kind: Kind, reason: str) -> None:
    made = examples_of(record, kind, Choice())
    assert made.verdict is not None
    assert made.verdict.reason == reason


def test_the_kind_is_what_most_records_are() -> None:
    assert kind_of([PLAIN, PLAIN, Record("Why?")]) is Kind.SFT
    assert kind_of([Record("Why?")]) is Kind.PROMPT
    assert kind_of([ranked(("a", 1), ("b", 2)), ranked(("a", 1), ("b", 2)), PLAIN]) is Kind.DPO
    assert kind_of([replace(PLAIN, extra={"label": False})]) is Kind.KTO
    assert kind_of([]) is Kind.SFT


def test_candidates_nobody_ranked_are_answers_to_train_on() -> None:
    assert kind_of([ranked(("a", None), ("b", None))]) is Kind.SFT


def test_siblings_have_one_root_and_pairs_of_a_prompt_too() -> None:
    child = replace(PLAIN, id="c", origin=(Step("evolve", root="seed"),))
    assert kin_of(child, by_prompt=False) == kin_of(replace(child, id="d"), by_prompt=True) == "seed"
    other = replace(PLAIN, id="z", output="4")
    assert kin_of(PLAIN, by_prompt=False) != kin_of(other, by_prompt=False)
    assert kin_of(PLAIN, by_prompt=True) == kin_of(other, by_prompt=True)


@pytest.mark.parametrize("kind", [Kind.SFT, Kind.PROMPT_COMPLETION])
def test_an_answer_that_is_labelled_bad_is_nothing_to_imitate(kind: Kind) -> None:
    verdict = examples_of(replace(PLAIN, extra={"label": False}), kind, Choice()).verdict
    assert verdict is not None
    assert verdict.reason == "bad-answer"


def test_a_system_text_beside_whole_conversations_stays() -> None:
    turns = [[{"role": "user", "content": "Q"}, {"role": "assistant", "content": answer}] for answer in "AB"]
    (record,) = records_from({"prompt": "Q", "system": "Be.", "chosen": turns[0], "rejected": turns[1]})
    (example,) = examples_of(record, Kind.DPO, Choice()).examples
    assert example.prompt == (Message("system", "Be."), Message("user", "Q"))


def test_a_class_is_no_label_of_an_answer() -> None:
    assert kind_of([replace(PLAIN, extra={"label": "positive"})]) is Kind.SFT


def test_ranks_and_scores_are_not_mixed_in_one_record() -> None:
    record = ranked(("a", 1), ("b", 2), ("c", None), scores=(1.0, 1.0, 9.0))
    assert pairs(record, Choice(by="quality")) == [("a", "b")]


def test_a_ranked_seed_and_its_evolved_child_stay_together() -> None:
    seed = replace(PLAIN, id="seed", origin=(Step("rank"),))
    child = replace(PLAIN, instruction="Add more.", id="c", origin=(Step("evolve", root="seed"),))
    assert kin_of(seed, by_prompt=True) == kin_of(child, by_prompt=True)


def test_the_candidates_that_a_pair_leaves_behind_are_in_its_meta() -> None:
    assert '"candidates"' in meta(ranked(("a", 1), ("b", 2)), Kind.DPO)
