"""The Alpaca way, asked and told by hand: no engine, no teacher."""

from __future__ import annotations

import random

from instgen.prompts.book import PromptBook
from instgen.recipes.alpaca import Alpaca, AlpacaRecipe, judged
from instgen.recipes.flow import Outcome
from instgen.recipes.pool import TaskPool
from instgen.records import Completion, Prompt, Record, Step, born

SEEDS = [
    born(Record(f"Tell me {number} things about {topic}.", "", f"They are {number} things, all of them about {topic}."))
    for number, topic in enumerate(
        ("bees", "rivers", "bread", "trains", "stars", "clocks", "wool", "salt", "glass", "tea"), 3
    )
]
REPLY = "Instruction: Name the capital of Peru.\nOutput: Lima is the capital of Peru."


def recipe(**more: object) -> AlpacaRecipe:
    name = "alpaca-continue" if more.get("continues") else "alpaca-ask"
    return AlpacaRecipe(SEEDS, Alpaca(PromptBook().template(name), "English", **more))  # type: ignore[arg-type]


def asked(made: AlpacaRecipe, number: int = 0) -> Prompt:
    (prompt,) = next(made.start(number, number))
    return prompt


def answered(made: AlpacaRecipe, number: int, completion: Completion) -> Outcome:
    flow = made.start(number, number)
    next(flow)
    try:
        flow.send((completion,))
    except StopIteration as end:
        return made.admit(end.value)
    raise AssertionError("the flow did not end")


def test_a_chat_shows_examples_and_says_how_many_tasks_are_wanted() -> None:
    (message,) = asked(recipe(examples=2, tasks=7)).messages
    assert message.content.count("Instruction: Tell me") == 2
    assert "7 new tasks" in message.content
    assert "English" in message.content


def test_without_examples_the_chat_does_not_mention_any() -> None:
    (message,) = asked(recipe(examples=0)).messages
    assert "exist already" not in message.content


def test_the_same_words_once_more_are_another_purchase() -> None:
    made = recipe(examples=0)
    assert [asked(made, number).sample for number in range(3)] == [0, 1, 2]


def test_topics_are_drawn_one_a_call() -> None:
    made = recipe(topics=("volcanoes", "chess"))
    assert {
        ("volcanoes" in text, "chess" in text) for text in (asked(made, n).messages[0].content for n in range(20))
    } == {
        (True, False),
        (False, True),
    }


def test_a_document_ends_with_the_words_the_reply_begins_with() -> None:
    prompt = asked(recipe(continues=True, examples=4))
    assert prompt.text.endswith("\nInstruction: Tell me")
    assert prompt.text.count("###") == 4


def test_documents_share_their_beginning_for_eight_calls_in_a_row() -> None:
    made = recipe(continues=True, examples=4)
    heads = [asked(made, number).text.rpartition("Instruction:")[0] for number in range(16)]
    assert len(set(heads[:8])) == len(set(heads[8:])) == 1
    assert heads[0] != heads[8]


def test_the_same_seed_and_number_ask_the_same() -> None:
    assert [asked(recipe(), n) for n in range(5)] == [asked(recipe(), n) for n in range(5)]
    assert asked(recipe(seed=1)) != asked(recipe(seed=2))


def test_what_is_admitted_becomes_an_example_and_may_not_come_again() -> None:
    made = recipe(machine_share=1.0)
    first = answered(made, 0, Completion(REPLY, teacher="t"))
    again = answered(made, 1, Completion(REPLY, teacher="t"))
    assert [record.output for record in first.records] == ["Lima is the capital of Peru."]
    assert again.records == ()
    assert again.rejections[0].verdict.reason == "not-novel"
    assert again.rejections[0].verdict.near is not None
    assert again.rejections[0].verdict.near.id == first.records[0].id
    assert "capital of Peru" in asked(made, 2).messages[0].content


def test_a_reply_with_the_same_task_twice_gives_it_once() -> None:
    outcome = answered(recipe(), 0, Completion(f"{REPLY}\n###\n{REPLY}"))
    assert len(outcome.records) == 1
    assert len(outcome.rejections) == 1


def test_a_cut_reply_gives_its_whole_tasks_and_loses_only_the_last() -> None:
    cut = Completion(f"{REPLY}\n###\nInstruction: Say hello in Welsh.\nOutput: Shw", "length")
    outcome = answered(recipe(), 0, cut)
    assert [record.instruction for record in outcome.records] == ["Name the capital of Peru."]
    assert "truncated" in {rejection.verdict.reason for rejection in outcome.rejections}


def test_failures_refusals_and_nonsense_are_rejections_with_a_reason() -> None:
    reasons = [
        answered(recipe(), 0, completion).rejections[0].verdict.reason
        for completion in (
            Completion("", "failed", error="x"),
            Completion("No.", "refusal"),
            Completion("Lovely weather!"),
        )
    ]
    assert reasons == ["teacher-failed", "refusal", "unparsed"]


def test_an_empty_reply_is_a_rejection_too() -> None:
    assert judged(Completion(""), "", Step("self-instruct")).rejections


def test_machine_tasks_are_the_share_of_examples_that_was_asked_for() -> None:
    pool = TaskPool(SEEDS, 0.7)
    for number in range(50):
        pool.add(born(Record(f"Machine task {number}", "", "yes")))
    rng = random.Random(0)
    drawn = [sum("Machine" in record.instruction for record in pool.draw(rng, 6, 0.25)) for _ in range(400)]
    assert set(drawn) == {1, 2}
    assert 1.4 < sum(drawn) / len(drawn) < 1.6
