"""The rules that only presets ask: what each finds, and what it lets pass."""

from __future__ import annotations

import pytest

from instgen.filters.c4 import LOREM_IPSUM, NOTICE, UNSTOPPED
from instgen.filters.conversation import (
    CONVERSATION_RULES,
    EMPTY_TURN,
    LIMIT_NOTICE,
    NO_EXCHANGE,
    PAGE_LEFTOVERS,
    RESTARTED_LIST,
    SHORT,
    TURN_ORDER,
    VENDOR,
)
from instgen.filters.published import ANSWER_IS_INPUT, BLOCKED_WORD, INPUT_COLON, PROGRAM
from instgen.filters.rule import Rule
from instgen.records import Message, Record

GOOD = "The oak grows in most of Europe, and lives for a thousand years."


def answer(text: str, instruction: str = "Say something about trees.", given: str = "") -> Record:
    return Record(instruction, given, text)


def talk(*turns: str) -> Record:
    """`u:` the user, `a:` the assistant, `s:` the system, `t:` a tool."""
    roles = {"u": "user", "a": "assistant", "s": "system", "t": "tool"}
    return Record("", messages=tuple(Message(roles[turn[0]], turn[2:]) for turn in turns))


@pytest.mark.parametrize(
    ("rule", "record"),
    [
        (UNSTOPPED, answer("Trees are good for shade and")),
        (UNSTOPPED, answer("A first line.\nThen one that has no end")),
        (UNSTOPPED, answer("树木可以提供阴凉还有很多别的好处并且")),
        (UNSTOPPED, answer("Деревья дают тень и плоды")),
        (LOREM_IPSUM, answer("Lorem ipsum dolor sit amet.")),
        (LOREM_IPSUM, answer(GOOD, given="LOREM IPSUM dolor")),
        (NOTICE, answer("Please enable JavaScript to view this page.")),
        (NOTICE, answer("This site uses cookies. " + GOOD)),
        (NOTICE, answer("The oak [edit] is a tree.")),
        (NOTICE, answer("JavaScript is disabled here.")),
        (BLOCKED_WORD, Record("Describe the image.")),
        (BLOCKED_WORD, Record("Please go to the shop.")),
        (BLOCKED_WORD, Record("描述这张image的内容")),
        (PROGRAM, Record("Write a program that sorts.")),
        (INPUT_COLON, Record("Say it.", "as follows:")),
        (INPUT_COLON, Record("说。", "如下：")),
        (ANSWER_IS_INPUT, Record("Mend it.", "a b", "a b\n")),
        (NO_EXCHANGE, talk("u:Hello, how are you?")),
        (NO_EXCHANGE, talk("a:Hello, how are you?")),
        (NO_EXCHANGE, talk("a:Hello there", "u:How are you?")),
        (TURN_ORDER, talk("a:Hello there", "u:Hi")),
        (TURN_ORDER, talk("u:Hello there", "u:Hi", "a:Yes")),
        (TURN_ORDER, talk("u:Hello there", "a:Hi", "a:Yes")),
        (TURN_ORDER, talk("u:Hello there", "s:Be kind", "a:Yes")),
        (EMPTY_TURN, talk("u:Hello there", "a:\u200b \n")),
        (SHORT, talk("u:Hi", "a:Hi there")),
        (LIMIT_NOTICE, talk("u:Hello there", "a:Too many requests in one hour, come back later.")),
        (LIMIT_NOTICE, talk("u:Hello there", "a:You've reached your usage limit for now.")),
        (LIMIT_NOTICE, talk("u:Hello there", "a:Network error")),
        (PAGE_LEFTOVERS, talk("u:Hello there", "a:Here:\npythonCopy code\nprint(1)")),
        (PAGE_LEFTOVERS, talk("u:Hello there", "a:2 / 3\nIt is late.")),
        (PAGE_LEFTOVERS, talk("u:Hello there", 'a:<div class="markdown prose">It is late.</div>')),
        (VENDOR, talk("u:Who are you?", "a:I was made by OpenAI.")),
        (VENDOR, talk("u:Who are you?", "a:ChatGPT, at your service.")),
        (RESTARTED_LIST, talk("u:Name trees.", "a:1. Oak\n1. Elm")),
    ],
)
def test_what_a_rule_is_about_is_found(rule: Rule, record: Record) -> None:
    verdict = rule(record)
    assert verdict
    assert (verdict.rule, verdict.reason) == (rule.name, rule.reason)


@pytest.mark.parametrize(
    ("rule", "record"),
    [
        *(
            (UNSTOPPED, answer(text))
            for text in (GOOD, "Oak", "oak, elm, ash", "", "Yes!", 'He said "it is a tall tree."')
        ),
        *(
            (UNSTOPPED, answer(text))
            for text in ("树木可以提供阴凉。", "يعيش البلوط ألف سنة؟", "पेड़ छाया देते हैं और फल भी।")
        ),
        (UNSTOPPED, answer("The code is this one:\n```\nprint(1) and more and more\n```")),
        (UNSTOPPED, answer("ต้นไม้ให้ร่มเงาและผลไม้แก่เราทุกคน")),
        (NOTICE, answer("Please enable JavaScript.", "What does my browser want?")),
        (NOTICE, answer("Our cookie policy is short.", "Write a cookie policy.")),
        (NOTICE, answer("JavaScript has closures, and its engine is fast.")),
        (NOTICE, answer("I like cookies with tea.")),
        (BLOCKED_WORD, Record("Describe your imagination and profile.")),
        (PROGRAM, Record("Please write a program.")),
        (INPUT_COLON, Record("Say it:", "10:30")),
        (ANSWER_IS_INPUT, Record("Say nothing.", "", "")),
        (NO_EXCHANGE, talk("s:Be short.", "u:Hello", "a:Hi")),
        (TURN_ORDER, talk("s:Be short.", "u:Hello", "a:Hi", "u:Bye")),
        (TURN_ORDER, talk("u:What time is it?", "a:I look.", "t:10:30", "a:Half past ten.")),
        (EMPTY_TURN, talk("u:Hello", "t:", "a:Hi")),
        (SHORT, talk("u:How are you today?", "a:Well.")),
        (LIMIT_NOTICE, talk("u:What is status 429?", "a:It means too many requests.")),
        (PAGE_LEFTOVERS, talk("u:Show me HTML.", "a:<div>Hello</div> is an element.")),
        (VENDOR, talk("u:Are you ChatGPT by OpenAI?", "a:No.")),
        (RESTARTED_LIST, talk("u:Name trees.", "a:Tall:\n1. Oak\n2. Elm\n\nSmall:\n1. Hazel\n2. Box")),
    ],
)
def test_what_a_rule_is_not_about_passes(rule: Rule, record: Record) -> None:
    assert rule(record) is None


@pytest.mark.parametrize("rule", CONVERSATION_RULES, ids=lambda rule: rule.name)
def test_rules_about_conversations_let_others_pass(rule: Rule) -> None:
    assert rule(Record("", "", "OpenAI\n1. a\n1. b")) is None


@pytest.mark.parametrize("length", [3, 5, 9])
def test_the_shortest_line_that_needs_a_full_stop_can_be_set(length: int) -> None:
    text = " ".join(["tree"] * length)
    assert UNSTOPPED.with_limit(length)(answer(text))
    assert UNSTOPPED.with_limit(length + 1)(answer(text)) is None


@pytest.mark.parametrize(
    "text", ["a" * 200_000, "1. " * 60_000, "<div class=" * 20_000, "copy " * 40_000, "\n" * 200_000]
)
def test_long_texts_take_no_long_time(text: str) -> None:
    record = Record(text, text, text, messages=(Message("user", text), Message("assistant", text)))
    for rule in (*CONVERSATION_RULES, UNSTOPPED, LOREM_IPSUM, NOTICE, BLOCKED_WORD, PROGRAM, INPUT_COLON):
        rule(record)
