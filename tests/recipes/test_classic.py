"""The classic method, asked and told by hand."""

from __future__ import annotations

from instgen.prompts.book import PromptBook
from instgen.prompts.template import Sampling
from instgen.recipes.classic import Classic, ClassicRecipe, Templates
from instgen.recipes.flow import Flow, Outcome
from instgen.recipes.profiles import as_published
from instgen.records import Completion, Prompt, Record, born

STEPS = ("propose", "classify", "input-first", "output-first")


def seed(instruction: str, is_class: bool, *instances: tuple[str, str]) -> list[Record]:
    extra = {"is_classification": is_class}
    return [born(Record(instruction, given, output, extra=extra)) for given, output in instances]


SEEDS = [
    *seed("Is this animal a mammal or a bird?", True, ("whale", "mammal"), ("owl", "bird")),
    *seed("Say whether the comment is friendly.", True, ("Well done!", "friendly")),
    *seed("Translate the sentence into Latin.", False, ("I love you.", "Te amo.")),
    *seed("Suggest a name for a boat.", False, ("", "Second Wind")),
    *seed("Shorten the text to five words.", False, ("We will be late today, sorry.", "Sorry, we will be late.")),
]
PROPOSED = (
    "1. Tell whether the number is odd or even.\n2. Describe the taste of a ripe mango.\n3. Suggest a name for a boat."
)


def recipe(form: str = "ask", **more: object) -> ClassicRecipe:
    book = PromptBook()
    templates = Templates(*(book.template(f"classic-{step}-{form}") for step in STEPS))
    return ClassicRecipe(SEEDS, Classic(templates, "English", continues=form == "continue", **more))  # type: ignore[arg-type]


def end(flow: Flow, *completions: str | Completion) -> Outcome:
    try:
        flow.send(tuple(Completion(each, teacher="t") if isinstance(each, str) else each for each in completions))
    except StopIteration as ended:
        outcome: Outcome = ended.value
        return outcome
    raise AssertionError("the flow did not end")


def test_three_steps_from_instructions_to_records() -> None:
    made = recipe()
    flow = made.start(0, 0)
    (propose,) = next(flow)
    assert "numbered list" in propose.messages[0].content
    classify = flow.send((Completion(PROPOSED),))
    assert [prompt.role for prompt in classify] == ["judge", "judge"], "a seed's own instruction is not paid for"
    instances = flow.send((Completion("Yes"), Completion("No")))
    assert "Class label" in instances[0].messages[0].content
    assert "Class label" not in instances[1].messages[0].content
    outcome = made.admit(
        end(
            flow,
            "Class label: odd\nInput: 7\nClass label: even\nInput: 12",
            "Example 1\nOutput: It is sweet and a little sour.",
        )
    )
    assert [(record.input, record.output) for record in outcome.records] == [
        ("7", "odd"),
        ("12", "even"),
        ("", "It is sweet and a little sour."),
    ]
    assert [record.extra["is_classification"] for record in outcome.records] == [True, True, False]
    assert len(outcome.records[0].origin[0].prompts) == 3
    assert [rejection.verdict.reason for rejection in outcome.rejections] == ["not-novel"]


def test_tasks_admitted_since_the_flow_began_are_compared_with_once_a_task() -> None:
    made = recipe()
    flows = [made.start(number, number) for number in (0, 1)]
    outcomes = []
    for flow in flows:
        next(flow)
        flow.send((Completion("1. Describe the taste of a ripe mango."),))
        flow.send((Completion("No"),))
        outcomes.append(end(flow, "Example 1\nInput: green\nOutput: Sour.\nExample 2\nInput: ripe\nOutput: Sweet."))
    first, second = (made.admit(outcome) for outcome in outcomes)
    assert len(first.records) == 2, "instances of one task do not exclude one another"
    assert [rejection.verdict.reason for rejection in second.rejections] == ["not-novel", "not-novel"]


def test_instances_that_contradict_one_another_drop_the_task() -> None:
    made = recipe()
    flow = made.start(0, 0)
    next(flow)
    flow.send((Completion("1. Tell whether the number is odd or even."),))
    flow.send((Completion("Yes"),))
    outcome = end(flow, "Class label: odd\nInput: 7\nClass label: even\nInput: 7")
    assert outcome.records == ()
    assert {rejection.verdict.reason for rejection in outcome.rejections} == {"contradiction"}


def test_a_step_that_fails_is_told() -> None:
    flow = recipe().start(0, 0)
    next(flow)
    assert end(flow, Completion("", "failed", error="x")).rejections[0].verdict.reason == "teacher-failed"
    flow = recipe().start(0, 0)
    next(flow)
    flow.send((Completion("1. Describe the taste of a ripe mango."),))
    flow.send((Completion("No"),))
    assert end(flow, Completion("", "failed", error="x")).rejections[0].verdict.reason == "teacher-failed"


def test_a_kind_that_cannot_be_told_costs_the_task_and_says_so() -> None:
    for answer, reason in (
        (Completion("", "failed", error="x"), "teacher-failed"),
        (Completion("Hm."), "unclassified"),
    ):
        flow = recipe().start(0, 0)
        next(flow)
        flow.send((Completion("1. Describe the taste of a ripe mango."),))
        assert flow.send((answer,)) == ()
        assert [rejection.verdict.reason for rejection in end(flow).rejections] == [reason]


def test_a_refusal_to_propose_is_a_refusal() -> None:
    flow = recipe().start(0, 0)
    next(flow)
    assert end(flow, Completion("1. I would rather not do this.", "refusal")).rejections[0].verdict.reason == "refusal"


def test_instances_beyond_five_and_duplicates_are_told() -> None:
    flow = recipe().start(0, 0)
    next(flow)
    flow.send((Completion("1. Describe the taste of the fruit."),))
    flow.send((Completion("No"),))
    given = ["apple", "pear", "pear", "plum", "fig", "date", "kiwi"]
    reply = "\n".join(f"Example {n}\nInput: {fruit}\nOutput: The {fruit} is sweet." for n, fruit in enumerate(given, 1))
    outcome = end(flow, reply)
    assert len(outcome.records) == 5
    assert sorted(rejection.verdict.reason for rejection in outcome.rejections) == [
        "duplicate-instance",
        "surplus-instance",
    ]


def test_eight_examples_are_shown() -> None:
    (propose,) = next(recipe(examples=4).start(0, 0))
    assert "4. " in propose.messages[0].content
    assert "5. " not in propose.messages[0].content


def test_a_small_model_goes_on_with_the_documents() -> None:
    made = recipe("continue", examples=4)
    flow = made.start(0, 0)
    (propose,) = next(flow)
    assert propose.text.endswith("\n5.")
    (classify,) = flow.send((Completion(" Describe the taste of a ripe mango.\n6. Suggest a name for a b", "length"),))
    assert classify.text.endswith("Classification task:")
    (instances,) = flow.send((Completion(" No"),))
    assert instances.text.endswith("Task: Describe the taste of a ripe mango.\nExample 1")
    outcome = end(flow, "\nOutput: It is sweet and a little sour.")
    assert [record.output for record in outcome.records] == ["It is sweet and a little sour."]


def test_the_papers_sampling_is_set_unless_the_command_line_says_otherwise() -> None:
    template = PromptBook().template("classic-propose-ask")
    published = as_published(template, Sampling()).defaults
    told = as_published(template, Sampling(temperature=1.1)).defaults
    assert (published.temperature, published.top_p, published.presence_penalty) == (0.7, 0.5, 2.0)
    assert (told.temperature, told.top_p) == (1.1, 0.5)


def test_prompts_depend_on_seed_and_number_alone() -> None:
    def first(seed: int, number: int) -> Prompt:
        (prompt,) = next(recipe(seed=seed, examples=3).start(number, number))
        return prompt

    assert first(0, 3) == first(0, 3)
    assert first(0, 3) != first(1, 3)
