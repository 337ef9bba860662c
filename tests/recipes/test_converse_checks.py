"""What makes a turn bad."""

from __future__ import annotations

import pytest

from instgen.recipes.converse_checks import bad_answer, bad_question, script_of
from instgen.recipes.wording import language_for
from instgen.records import Completion, Finish, Message, Verdict

TALK = (
    Message("user", "How do bees make honey?"),
    Message("assistant", "They carry nectar home, add enzymes, and fan the water out of it with their wings."),
)
ASKED = (*TALK, Message("user", "How long does it take?"))


def question(said: str, finish: Finish = "stop", before: tuple[Message, ...] = TALK) -> str:
    return reason(bad_question(said, Completion(said, finish), before))


def answer(said: str, finish: Finish = "stop", before: tuple[Message, ...] = ASKED) -> str:
    return reason(bad_answer(said, Completion(said, finish), before))


def reason(verdict: Verdict | None) -> str:
    return verdict.reason if verdict else ""


@pytest.mark.parametrize(
    "said",
    [
        "How long does it take?",
        "why?",
        "ok and what do they do in winter",
        "Write me a poem about it.",
        "Is there any other way to do it?",
    ],
)
def test_what_people_write_is_good(said: str) -> None:
    assert question(said) == ""


@pytest.mark.parametrize("said", ["One to three days.", "Yes.", "It depends:\n\n1. the weather\n2. the hive", "42"])
def test_what_answers_is_good(said: str) -> None:
    assert answer(said) == ""


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("", "empty-turn"),
        ("...", "empty-turn"),
        ("How do bees make honey?", "repeated-turn"),
        ("how do bees make honey", "repeated-turn"),
        (TALK[1].content, "repeated-turn"),
        ("Why?\nAssistant: Because of the water.", "role-leak"),
        ("Why?\n用户：为什么？", "role-leak"),
        ("Why? <|im_end|>", "role-leak"),
        ("Sure! Here is how long it takes.", "role-swap"),
        ("How can I help you today?", "role-swap"),
        ("Is there anything else I can help you with?", "role-swap"),
        ("I'm sorry, but I can't play that person.", "role-swap"),
        ("As an AI language model, I wonder how long it takes.", "self-identification"),
        ("Сколько времени занимает этот процесс у пчёл?", "language-mismatch"),
        ("这个过程需要多长时间才能完成呢？", "language-mismatch"),
        ("Show me a picture of a bee that makes honey.", "not-a-text-task"),
    ],
)
def test_a_bad_question_has_its_reason(said: str, found: str) -> None:
    assert question(said) == found


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (" ", "empty-turn"),
        (TALK[1].content, "repeated-turn"),
        (TALK[1].content.replace("home", "back"), "repeated-turn"),
        ("Two days.\nUser: And in winter?", "role-leak"),
        ("I'm sorry, but I cannot help with that.", "refusal"),
        ("As an AI language model, I think that it takes two days.", "self-identification"),
        ("Обычно это занимает от одного до трёх дней.", "language-mismatch"),
        ("ChatGPT says two days.", "vendor-mention"),
        ("It takes days. " * 12, "looped-text"),
    ],
)
def test_a_bad_answer_has_its_reason(said: str, found: str) -> None:
    assert answer(said) == found


@pytest.mark.parametrize(("finish", "found"), [("length", "truncated"), ("refusal", "refusal")])
def test_a_turn_that_did_not_end_well_is_bad_whatever_it_says(finish: Finish, found: str) -> None:
    assert (question("Why?", finish), answer("Because.", finish)) == (found, found)


def test_a_short_answer_may_come_twice() -> None:
    before = (Message("user", "Is it?"), Message("assistant", "Yes."), Message("user", "Always?"))
    assert answer("Yes.", before=before) == ""
    assert question("Is it?", before=before[:2]) == "repeated-turn"


def test_where_chats_are_the_topic_names_of_speakers_are_none_of_ours() -> None:
    before = (Message("user", "Go on with this chat.\nUser: Hi\nAssistant: Hello"),)
    assert answer("User: How are you?\nAssistant: Fine.", before=before) == ""


def test_where_languages_are_the_topic_any_script_will_do() -> None:
    before = (*TALK, Message("user", "How do you say honey in Russian?"))
    assert answer("По-русски это называется мёд, очень вкусный.", before=before) == ""
    assert question("А как это произносится по-русски?", before=(*before, Message("assistant", "мёд"))) == ""


def test_code_is_in_no_script() -> None:
    before = (Message("user", "用Python写一个函数，计算斐波那契数列。"),)
    assert (
        answer("```python\ndef fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\n```", before=before) == ""
    )


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("A plain sentence.", "latin"),
        ("Обычное предложение.", "cyrillic"),
        ("这是一个普通的句子。", "han"),
        ("これは普通の文です。", "kana"),
        ("평범한 문장입니다.", "hangul"),
        ("用Python语言写", "han"),
        ("12 + 30", ""),
        ("Yes", ""),
    ],
)
def test_the_script_is_that_of_most_letters(text: str, script: str) -> None:
    assert script_of(text) == script


@pytest.mark.parametrize(
    ("text", "language"), [("写一首诗", "zh"), ("Write a poem", "en"), ("川について詩を書いて", "en")]
)
def test_han_text_is_asked_about_in_chinese(text: str, language: str) -> None:
    assert language_for(text) == language
