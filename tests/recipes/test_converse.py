"""Conversations that grow, asked and told by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from instgen.filters.presets import PRESETS
from instgen.filters.rulebook import Rulebook
from instgen.prompts.book import PromptBook
from instgen.recipes.converse import Converse, ConverseSettings, Wording, converse_flow
from instgen.recipes.converse_turns import INTENTS, read_turns
from instgen.recipes.flow import Outcome
from instgen.records import Completion, Message, Prompt, Record, Step, born


def wording(language: str, user: str = "converse-user") -> Wording:
    book = PromptBook(language)
    personas = tuple(book.template("converse-personas").text.splitlines())
    return Wording(book.template(user), book.template("respond"), personas)


WORDINGS = {language: wording(language) for language in ("en", "zh")}
CONTINUED = {"en": wording("en", "converse-user-continue")}
BEES = born(
    Record(
        "How do bees make honey?",
        output="They carry nectar home and dry it.",
        system="Be brief.",
        scores={"quality": 1.0},
        extra={"source": "mine"},
    )
)
TALK = (
    "How long does it take?",
    "One to three days.",
    "And in winter, what do they eat?",
    "Their own stores of honey.",
)
THE_END = "[END]"


def settings(turns: str = "3", **more: Any) -> ConverseSettings:
    return ConverseSettings(more.pop("wordings", WORDINGS), read_turns(turns), **more)


def grown(record: Record, *replies: str | Completion, turns: str = "3", **more: Any) -> Outcome:
    """The outcome of a flow that is sent one reply after the other, and needs all of them."""
    return played(record, iter(replies), [], turns, **more)


def played(
    record: Record, replies: Iterator[str | Completion], prompts: list[Prompt], turns: str = "3", **more: Any
) -> Outcome:
    flow = converse_flow(record, settings(turns, **more))
    try:
        asked = next(flow)
        for reply in replies:
            prompts += asked
            asked = flow.send((Completion(reply, teacher="t") if isinstance(reply, str) else reply,))
    except StopIteration as ended:
        assert next(replies, None) is None
        outcome: Outcome = ended.value
        return outcome
    raise AssertionError("the flow did not end")


def prompts_of(record: Record, *replies: str, **more: Any) -> list[Prompt]:
    prompts: list[Prompt] = []
    played(record, iter(replies), prompts, **more)
    return prompts


def said(record: Record) -> list[str]:
    return [turn.content for turn in record.messages if turn.role != "system"]


def reasons(outcome: Outcome) -> list[str]:
    return [rejection.verdict.reason for rejection in outcome.rejections]


def test_user_and_assistant_take_turns_until_there_are_enough() -> None:
    (made,) = grown(BEES, *TALK).records
    assert [turn.role for turn in made.messages] == ["system", *["user", "assistant"] * 3]
    assert said(made) == [BEES.instruction, BEES.output, *TALK]
    assert (made.instruction, made.output, made.system) == (BEES.instruction, TALK[-1], "Be brief.")


def test_the_record_keeps_its_id_and_keys_and_gains_a_step() -> None:
    (made,) = grown(BEES, *TALK, seed=5).records
    (step,) = made.origin
    assert (made.id, dict(made.extra), dict(made.scores)) == (BEES.id, {"source": "mine"}, {})
    assert (step.command, step.teacher, step.seed) == ("converse", "t", 5)
    assert set(step.op.split(",")) <= set(INTENTS)
    assert len(step.op.split(",")) == 2
    assert [name.partition("@")[0] for name in step.prompts] == ["en/converse-user", "en/respond"]


def test_who_is_asked_what() -> None:
    user, assistant, *_ = prompts_of(BEES, *TALK)
    assert (user.role, assistant.role) == ("user", "teacher")
    content = user.messages[0].content
    assert f"User: {BEES.instruction}" in content
    assert f"Assistant: {BEES.output}" in content
    assert any(persona in content for persona in WORDINGS["en"].personas)
    assert assistant.messages == (
        Message("system", "Be brief."),
        Message("user", BEES.instruction),
        Message("assistant", BEES.output),
        Message("user", TALK[0]),
    )


def test_the_user_may_stop_once_the_conversation_has_grown() -> None:
    first, _, second, _ = prompts_of(BEES, *TALK)
    assert THE_END not in first.messages[0].content
    assert THE_END in second.messages[0].content
    outcome = grown(BEES, *TALK[:2], THE_END, turns="5")
    assert (len(outcome.records[0].messages), reasons(outcome)) == (5, [])


def test_a_user_who_stops_at_once_costs_the_record() -> None:
    outcome = grown(BEES, THE_END)
    assert (outcome.records, reasons(outcome)) == ((), ["user-stopped"])
    assert outcome.rejections[0].record == BEES


def test_persona_length_and_intents_follow_from_seed_and_id() -> None:
    def drawn(record: Record, seed: int = 0) -> tuple[str, ...]:
        flow = converse_flow(record, settings(seed=seed))
        content = next(flow)[0].messages[0].content
        return tuple(re.findall(r"^(?:The person|What the next message is for): .*", content, re.M))

    others = [born(Record(f"How do bees make honey, in {n} words?", output="So.")) for n in range(20)]
    assert drawn(BEES) == drawn(BEES)
    assert len({drawn(record) for record in others}) > 10
    assert len({drawn(BEES, seed) for seed in range(20)}) > 10


def test_a_longer_conversation_begins_with_the_shorter_one() -> None:
    short = prompts_of(BEES, *TALK[:2], turns="2")
    long = prompts_of(BEES, *TALK, turns="3")
    assert long[: len(short)] == short


def test_a_record_without_an_output_is_answered_first() -> None:
    asked = born(Record("Translate it.", "Good day"))
    outcome = grown(asked, "Bonjour.", "And to a friend?", "Salut.", turns="2")
    assert said(outcome.records[0]) == ["Translate it.\n\nGood day", "Bonjour.", "And to a friend?", "Salut."]


def test_a_conversation_is_grown_further_and_an_open_question_is_answered() -> None:
    turns = (Message("user", "Hello"), Message("assistant", "Hello!"), Message("user", "How do bees make honey?"))
    talk = born(Record("Hello", messages=turns))
    (made,) = grown(talk, "They dry nectar.", turns="2").records
    assert said(made)[2:] == ["How do bees make honey?", "They dry nectar."]
    (made,) = grown(talk, "They dry nectar.", *TALK[:2], turns="3").records
    assert len(made.messages) == 6


def test_what_is_long_enough_goes_through_as_it_came_and_is_counted() -> None:
    recipe = Converse(settings("1"))
    outcome = grown(BEES, turns="1")
    assert outcome == Outcome((BEES,))
    recipe.admit(outcome)
    recipe.admit(grown(BEES, *TALK))
    assert recipe.untouched == 1


@pytest.mark.parametrize("bad", ["How long does it take?", "Why?\nAssistant: Because.", Completion("And", "length")])
def test_a_bad_turn_ends_the_conversation_before_its_exchange(bad: str | Completion) -> None:
    outcome = grown(BEES, *TALK[:2], bad)
    (made,) = outcome.records
    assert said(made) == [BEES.instruction, BEES.output, *TALK[:2]]
    (rejection,) = outcome.rejections
    assert rejection.text == (bad if isinstance(bad, str) else bad.text)
    assert rejection.record is None


def test_a_question_whose_answer_is_bad_goes_too() -> None:
    outcome = grown(BEES, *TALK[:3], "As an AI language model, I do not eat.")
    assert said(outcome.records[0]) == [BEES.instruction, BEES.output, *TALK[:2]]
    assert reasons(outcome) == ["self-identification"]


def test_a_record_that_did_not_grow_is_left_out() -> None:
    outcome = grown(BEES, "How long?", "I'm sorry, but I cannot help with that.")
    assert (outcome.records, reasons(outcome)) == ((), ["refusal"])
    assert outcome.rejections[0].record == BEES


def test_a_call_that_fails_costs_the_record_so_that_it_can_be_asked_again() -> None:
    outcome = grown(BEES, *TALK[:2], Completion("", "failed", error="x"))
    assert (outcome.records, reasons(outcome)) == ((), ["teacher-failed"])


@pytest.mark.parametrize("roles", [("assistant", "user"), ("user", "user"), ("user", "system"), ("user", "tool")])
def test_what_does_not_alternate_is_not_grown(roles: tuple[str, ...]) -> None:
    talk = born(Record("Hello", messages=tuple(Message(role, f"Hello {role}") for role in roles)))
    outcome = grown(talk)
    assert (outcome.records, reasons(outcome)) == ((), ["turn-order"])


def test_parts_are_new_records_with_their_parent() -> None:
    recorded = born(
        Record(BEES.instruction, output=BEES.output, origin=(Step("evolve", root="first"),), extra={"id": 7})
    )
    outcome = grown(recorded, *TALK, split_tokens=50)
    first, second = outcome.records
    assert said(first) + said(second) == [BEES.instruction, BEES.output, *TALK]
    assert second.instruction == said(second)[0]
    assert len({first.id, second.id, recorded.id}) == 3
    for number, part in enumerate((first, second), 1):
        step = part.origin[-1]
        assert (step.op, step.round, step.parents, step.root) == ("split", number, (recorded.id,), "first")
        assert part.origin[-2].command == "converse"
        assert "id" not in part.extra


def test_an_exchange_that_is_too_long_by_itself_is_left_out() -> None:
    long = (
        "Their own stores of honey, which they have carried in all summer long. They cluster and keep warm meanwhile."
    )
    outcome = grown(BEES, *TALK[:3], long, split_tokens=40)
    assert reasons(outcome) == ["exchange-too-long"]
    assert [said(record) for record in outcome.records] == [[BEES.instruction, BEES.output], list(TALK[:2])]
    (rejection,) = outcome.rejections
    assert rejection.record
    assert said(rejection.record) == [TALK[2], long]
    assert (rejection.verdict.threshold, rejection.verdict.value) > (0, 40)


def test_what_fits_is_not_split() -> None:
    (made,) = grown(BEES, *TALK, split_tokens=1000).records
    assert made.id == BEES.id
    assert grown(BEES, turns="1", split_tokens=1000).records == (BEES,)


def test_a_small_model_continues_a_document_and_speaks_for_both() -> None:
    user, assistant, *_ = prompts_of(BEES, *TALK, wordings=CONTINUED)
    assert user.text.rstrip().splitlines()[-3:-1] == [f"User: {BEES.instruction}", f"Assistant: {BEES.output}"]
    assert re.search(r"\nUser \([^)]+\):$", user.text)
    assert user.stop == ("\n",)
    assert assistant.messages


def test_a_chinese_record_is_grown_in_chinese() -> None:
    record = born(Record("蜜蜂怎么酿蜜？", output="把花蜜带回巢里，再扇干水分。"))
    talk = ("要多长时间？", "一到三天。")
    user, _ = prompts_of(record, *talk, turns="2")
    assert user.sources[0].startswith("zh/converse-user@")
    assert f"用户：{record.instruction}" in user.messages[0].content
    assert any(persona in user.messages[0].content for persona in WORDINGS["zh"].personas)


def test_every_intent_is_described_and_personas_differ() -> None:
    for language in ("en", "zh"):
        for intent in INTENTS:
            assert wording(language).user.block(f"intent {intent}")
        personas = WORDINGS[language].personas
        assert len(set(personas)) == len(personas) >= 30
    assert {CONTINUED["en"].user.block(f"intent {intent}") for intent in INTENTS}


def test_what_is_grown_passes_the_filter_for_conversations() -> None:
    (made,) = grown(BEES, *TALK).records
    assert Rulebook(PRESETS["conversations"].rules).judge(made).record == made


def test_a_message_that_repeats_the_mark_is_bad_whatever_was_said_before() -> None:
    record = born(Record("Who says this?\nUser: Hi.", output="A person."))
    flow = converse_flow(record, settings())
    (prompt,) = next(flow)
    mark = re.findall(r"==\w+==", prompt.messages[-1].content)[0]
    with pytest.raises(StopIteration) as ended:
        flow.send((Completion(f"{mark}\nAnd who says it next?"),))
    assert reasons(ended.value.value) == ["role-leak"]
