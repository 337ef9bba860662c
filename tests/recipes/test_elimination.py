"""What eliminates an evolution: each check finds what it is for, and leaves its neighbours alone."""

from __future__ import annotations

import pytest

from instgen.recipes.elimination import Evolution, copies, failing_answer, failing_task, leaks
from instgen.recipes.evolve_ops import OPERATIONS
from instgen.records import Record, born

OPERATION = {operation.name: operation for operation in OPERATIONS}
PARENT = born(Record("Write a short story about an animal that lives in a harbour."))


def reason(child: Record, *ancestors: Record, op: str = "add-constraints", growth: int = 60) -> str:
    verdict = failing_task(Evolution(ancestors or (PARENT,), child, OPERATION[op], growth))
    return verdict.reason if verdict else ""


def answer_reason(output: str, instruction: str = "Name the capital of France.") -> str:
    verdict = failing_answer(Record(instruction, output=output))
    return verdict.reason if verdict else ""


@pytest.mark.parametrize(
    "child",
    [
        "Write a short story, in the present tense and without dialogue, about a seal that lives in a harbour.",
        "Write a short story about an animal that lives in a harbour. Leave out the letter e.",
        "Here is a list of three animals: seal, gull, rat. Write a story in which all of them meet in a harbour.",
    ],
)
def test_a_task_that_gained_something_passes(child: str) -> None:
    assert not reason(Record(child))


@pytest.mark.parametrize(
    "child",
    [
        "Write a short story about an animal that lives in a harbour.",
        "WRITE a short story about an animal that lives in a harbour!",
        "Please write a short story about an animal that lives in a harbour.",
    ],
)
def test_a_copy_is_told_without_a_judge(child: str) -> None:
    assert reason(Record(child)) == "lexical-copy"


def test_a_long_parent_that_gains_a_clause_is_no_copy() -> None:
    parent = Record("Summarise the text.", " ".join(f"word{number}" for number in range(300)))
    child = Record("Summarise the text in exactly three sentences.", parent.input)
    assert copies(parent, child) is None


def test_one_word_more_in_a_long_parent_is_a_copy() -> None:
    parent = Record("Summarise the text.", " ".join(f"word{number}" for number in range(300)))
    assert copies(parent, Record("Summarise the whole text.", parent.input))


def test_a_chinese_task_that_gained_something_passes() -> None:
    parent = born(Record("写一篇关于动物的小故事。"))
    assert not reason(Record("写一篇关于港口里一只动物的小故事，要求用第一人称，并且不出现对话。"), parent)


@pytest.mark.parametrize("child", ["", "...", "？！", "1. 2. 3.", "{1, 2, 3}"])
def test_an_instruction_without_words_is_empty(child: str) -> None:
    assert reason(Record(child)) == "empty-instruction"


@pytest.mark.parametrize("child", ["37 * 12 - 4 = ?", "48 ÷ 6 ＝ ？"])
def test_a_calculation_is_not_empty(child: str) -> None:
    assert not reason(Record(child), born(Record("7 * 8 = ?")))


@pytest.mark.parametrize(
    ("parent", "child"),
    [
        ("Prepare three-digit numbers that add up to 20.", "How do you do it!"),
        ("Create a birthday planning checklist.", "What are the main things to do today? Give a reason for each."),
        ("写一篇关于港口里一只动物的小故事。", "Explain, in two steps, why ice floats on a lake."),
    ],
)
def test_in_depth_a_child_that_shares_no_word_has_left_its_topic(parent: str, child: str) -> None:
    assert reason(Record(child), born(Record(parent))) == "off-topic"
    assert not reason(Record(child), born(Record(parent)), op="in-breadth")


@pytest.mark.parametrize(
    ("parent", "child"),
    [
        ("Name three things that only cats can do.", "Which is taller, a cat or a lion?"),
        ("Erkläre, warum Vögel ziehen.", "Wieso zieht ein Vogel nachts, und was lenkt ihn?"),
        ("Compute a sum.", "Which pairs of primes have the same difference?"),
        ("怎么办？", "如何处理过期的食品？"),
    ],
)
def test_other_forms_of_a_word_and_tasks_of_few_words_are_no_other_topic(parent: str, child: str) -> None:
    assert not reason(Record(child), born(Record(parent)))


def test_an_input_that_stays_keeps_the_topic() -> None:
    parent = born(Record("Shorten this long notice.", "The shop opens at nine."))
    assert not reason(Record("Put it into six words.", "The shop opens at nine."), parent)


@pytest.mark.parametrize(
    "child",
    [
        "Rewritten prompt: write a sad story about a harbour seal in winter.",
        "#Rewritten Prompt# Write a sad story about a harbour seal in winter.",
        "Here is a harder version of the task: write a story about a harbour seal in verse.",
        "Sure! Write a story in verse about a seal that lives in a harbour.",
        "改写后的任务：写一篇关于港口海豹的诗体故事。",
        "好的，请写一篇关于港口海豹的诗体故事。",
        "Write a story in verse about a seal.</instruction> Good luck",
        "Make clear what the task is asking. Write a story about a harbour seal in winter.",
        "Write a story about a harbour seal, with at least one additional constraint or requirement.",
    ],
)
def test_the_scaffolds_own_words_are_a_leak(child: str) -> None:
    assert reason(Record(child)) == "prompt-scaffold"


def test_words_that_the_parent_had_are_no_leak() -> None:
    parent = Record("Improve this image model's rewritten prompt.")
    assert not reason(Record("Improve this image model's rewritten prompt so that it asks for one lamp only."), parent)


@pytest.mark.parametrize("child", ["I'm sorry, but I can't make this harder for you.", "很抱歉，我不能改写这个任务。"])
def test_a_refusal_to_evolve_is_told(child: str) -> None:
    assert reason(Record(child)) == "refusal"


def test_an_input_may_not_vanish_in_depth() -> None:
    parent = Record("Translate the sentence.", "The ferry leaves at noon from the northern pier.")
    lost = Record("Translate the sentence into formal Latin and explain each case that you use.")
    assert reason(lost, parent) == "input-lost"


def test_an_input_that_the_instruction_quotes_is_not_lost() -> None:
    parent = Record("Translate the sentence.", "The ferry leaves at noon from the northern pier.")
    child = Record(f'Translate "{parent.input}" into formal Latin and explain each case that you use.')
    assert not reason(child, parent)


def test_in_breadth_the_input_may_go() -> None:
    parent = Record("Translate the sentence.", "The ferry leaves at noon from the northern pier.")
    child = Record("Invent a riddle whose answer is a kind of boat.")
    assert not reason(child, parent, op="in-breadth")


@pytest.mark.parametrize("op", ["deepen", "in-breadth"])
def test_a_return_to_an_ancestor_is_not_novel(op: str) -> None:
    parent = Record("Invent a riddle in two lines whose answer is an old kind of boat.")
    assert reason(Record(PARENT.instruction), PARENT, parent, op=op) == "not-novel"


def test_in_breadth_a_task_must_differ_more() -> None:
    child = Record("Write a short story about an animal that lives in a desert by the sea.")
    assert reason(child, op="in-breadth") == "not-novel"
    assert not reason(child, op="concretize")


def test_more_words_than_the_budget_grow_too_fast() -> None:
    child = Record(f"{PARENT.instruction} {' '.join(['more'] * 11)}")
    assert reason(child, growth=10) == "grew-too-fast"
    assert not reason(child, growth=11)


def test_two_letters_of_an_unspaced_script_count_as_a_word() -> None:
    parent = Record("写一首诗。")
    child = Record("写一首诗。" + "内容" * 10)
    assert reason(child, parent, growth=9) == "grew-too-fast"
    assert not reason(child, parent, growth=10)


def test_material_in_the_input_is_no_growth_where_it_is_wanted() -> None:
    child = Record("Write a story about the animals in the table.", "| seal |\n" * 70)
    assert reason(child, op="complicate-input") == ""
    assert reason(child, op="deepen") == "grew-too-fast"


def test_the_parents_answer_may_not_stand_in_the_child() -> None:
    parent = Record("How many legs have three spiders and two ants?", output="36")
    told = Record("Explain in two steps why the answer is 36 when three spiders and two ants are counted.")
    assert reason(told, parent) == "answer-leaked"
    assert not reason(Record("Count the legs of three spiders, two ants and 36 birds, step by step."), parent)


def test_an_answer_that_the_parent_held_already_is_no_leak() -> None:
    parent = Record("Repeat: the tide comes in twice a day", output="the tide comes in twice a day")
    assert not reason(Record(f"{parent.instruction}, once in capitals and once backwards"), parent)


@pytest.mark.parametrize(
    ("answer", "text", "leaked"),
    [
        ("42", "The answer is 42. Why?", True),
        ("四十二", "答案是四十二，为什么？", True),
        ("42", "Add 40 and 2, and compare with 42.", False),
        ("Yes", "Tell whether the answer is yes or no.", False),
        ("the tide comes in twice a day", "Say why the tide comes in twice a day.", True),
        ("", "Anything.", False),
    ],
)
def test_an_answer_leaks_when_it_is_long_or_called_the_answer(answer: str, text: str, leaked: bool) -> None:
    assert leaks(answer, text) is leaked


@pytest.mark.parametrize("output", ["", " \n", "...", "。！", "and so on with the", "的了吗", "und von der"])
def test_an_answer_of_punctuation_or_stop_words_is_empty(output: str) -> None:
    assert answer_reason(output) == "empty-answer"


@pytest.mark.parametrize("output", ["No", "是", "42", "∞", "🙂", "Paris."])
def test_a_short_answer_is_not_empty(output: str) -> None:
    assert not answer_reason(output)


@pytest.mark.parametrize("output", ["I'm sorry, that is beyond me.", "抱歉，这个问题我答不了。"])
def test_a_short_answer_that_is_sorry_is_a_refusal(output: str) -> None:
    assert answer_reason(output) == "refusal"


def test_a_long_answer_or_a_wanted_apology_is_no_refusal() -> None:
    assert not answer_reason("I am sorry to say it. " + "Paris has been the capital for long. " * 12)
    assert not answer_reason("We are sorry for the delay.", "Write a line of apology to a customer.")


@pytest.mark.parametrize(
    ("output", "wanted"),
    [
        ("Great! Which one would you like to begin with?", "stagnant"),
        ("谢谢，你想从哪里开始？", "stagnant"),
        ("Sure, which of the two do you mean?", "insufficient"),
        ("当然，你指的是哪一个？", "insufficient"),
        ("Please provide the text first.", "asks-for-more"),
        ("请提供原文。", "asks-for-more"),
        ("Great cities lie on rivers.", ""),
        ("Sure: it is Paris.", ""),
    ],
)
def test_answers_that_show_that_the_task_became_none(output: str, wanted: str) -> None:
    assert answer_reason(output) == wanted


def test_an_answer_that_its_instruction_gives_away_is_told() -> None:
    assert answer_reason("36", "Show that the final answer 36 is right.") == "answer-leaked"
