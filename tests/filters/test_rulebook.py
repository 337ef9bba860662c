"""Rules see one question with one answer, whatever a record holds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from instgen.filters import RULES, first_failing
from instgen.filters.presets import EVERY_RULE
from instgen.filters.rulebook import STANDING_ALONE, Rulebook, parts
from instgen.records import Candidate, Message, Record

ROLES = st.sampled_from(["user", "assistant", "tool"])
TURNS = st.lists(st.tuples(ROLES, st.text(max_size=3)), max_size=8)
REFUSAL = "I'm sorry, but I cannot help with that."


def talk(*said: str) -> tuple[Message, ...]:
    return tuple(Message(("user", "assistant")[at % 2], text) for at, text in enumerate(said))


def test_a_record_without_turns_is_judged_as_it_is() -> None:
    record = Record("Name a tree.", output="Oak.")
    assert parts(record) == (record,)


def test_a_conversation_is_judged_by_exchange() -> None:
    record = Record("", messages=(Message("system", "Be short."), *talk("a", "b", "c", "d")))
    assert parts(record) == (Record("a", output="b"), Record("c", output="d"))


def test_an_unanswered_question_is_an_exchange_without_an_answer() -> None:
    assert parts(Record("", messages=talk("a", "b", "c"))) == (Record("a", output="b"), Record("c"))


@given(TURNS)
def test_everything_that_was_answered_is_judged(turns) -> None:
    record = Record("", messages=tuple(Message(role, text) for role, text in turns))
    answers = [text for role, text in turns if role == "assistant"]
    if turns:
        assert [part.output for part in parts(record)][: len(answers)] == answers


def test_a_later_question_may_lean_on_what_was_said() -> None:
    assert Rulebook(RULES).verdict(Record("", messages=talk("Name a tree.", "The oak.", "More", "The elm."))) is None
    verdict = Rulebook(RULES).verdict(Record("", messages=talk("More", "The elm.")))
    assert verdict
    assert verdict.reason == "instruction-too-short"


def test_rules_about_a_task_that_stands_alone_are_rules() -> None:
    assert set(EVERY_RULE) >= STANDING_ALONE


def test_each_candidate_is_judged_by_itself() -> None:
    candidates = (Candidate(REFUSAL), Candidate("Oak."), Candidate(""), Candidate("Elm."))
    record = Record("Name a tree.", output=REFUSAL, candidates=candidates)
    judged = Rulebook(RULES).judge(record)
    assert judged.record
    assert judged.record.candidates == (candidates[1], candidates[3])
    assert judged.record.output == "Oak."
    assert {number: verdict.reason for number, verdict in judged.dropped.items()} == {0: "refusal", 2: "empty-output"}


def test_a_record_goes_with_its_last_candidate() -> None:
    record = Record("Name a tree.", output=REFUSAL, candidates=(Candidate(REFUSAL), Candidate("")))
    judged = Rulebook(RULES).judge(record)
    assert judged.record is None
    assert judged.verdict
    assert judged.verdict.reason == "refusal"


def test_a_bad_turn_before_takes_all_candidates_along() -> None:
    record = Record("", messages=talk("Name a tree.", REFUSAL, "Another one", "Elm."), candidates=(Candidate("Elm."),))
    assert Rulebook(RULES).judge(record).record is None


@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_a_plain_record_gets_the_verdict_of_its_rules(instruction, given_, output) -> None:
    record = Record(instruction, given_, output)
    assert Rulebook(RULES).judge(record).verdict == first_failing(record, RULES)
