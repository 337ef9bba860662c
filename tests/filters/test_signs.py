"""A sign shows wherever its rule finds something."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instgen.filters import OPTIONAL_RULES, RULES, first_failing, looped, repaired
from instgen.filters.automaton import Automaton
from instgen.filters.phrases import MARK
from instgen.filters.rule import Hit, Rule
from instgen.filters.signs import Screen, constant
from instgen.records import Record
from instgen.text.loops import loop

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data"
TABLE = (*RULES, *OPTIONAL_RULES)
SCREEN = Screen(rule.sign for rule in TABLE if rule.sign)

PIECES = [
    "Task 3: ",
    "\nInstruction: ",
    "4. Input: a\n4. Output: b",
    "## Response:",
    "<|im_start|>",
    "[INST]",
    "＜｜end｜＞",
    "</s>",
    "\x00",
    "\x1b",
    "\ufffe",
    "\ud800",
    "It\u00e2\u20ac\u2122s",
    "\ufffd",
    "#Given Prompt#",
    "the rewritten   prompt",
    "Draw a cat",
    "画一只猫",
    "in the picture below",
    "N/A",
    "[insert text here]",
    "ＩＭＡＧＥ",
    "I'm sorry, but I can\u2019t help",
    "I cannot assist",
    "抱歉，我无法回答",
    "As an AI, I",
    "I am ChatGPT",
    "我是由百度开发的",
    "```py",
    "~~~",
    ":",
    "：",
    "\n",
    " ",
    "the attached file",
    "https://x.y/z",
    "Summarize the following text",
    "总结以下文章",
    "",
    "a.b@posteo.net",
    "+49 30 901820",
    "and so on it went. Then it stopped at the",
    "，",
    MARK,
    "é",
    "the sea ",
    "word " * 12,
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=6).map("".join)


@settings(deadline=None)
@given(TEXTS, TEXTS, TEXTS)
def test_no_rule_finds_anything_without_its_sign(instruction, given_input, output):
    record = Record(instruction, given_input, output)
    seen = SCREEN.seen(record)
    assert [rule.name for rule in TABLE if rule.sign and rule.sign not in seen and rule(record)] == []


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data is not here")
@pytest.mark.parametrize("language", ["en", "zh"])
def test_asking_by_signs_gives_the_verdicts_of_asking_all(language):
    rows = json.loads((SHARED / "chat_formats" / f"llamafactory_alpaca_{language}_demo.json").read_text("utf-8"))[:300]
    for row in rows:
        record = repaired(Record(row["instruction"], row["input"], row["output"]))
        verdicts = [verdict for rule in TABLE if (verdict := rule(record))]
        assert first_failing(record, TABLE) == (verdicts[0] if verdicts else None)


def test_a_rule_whose_sign_does_not_show_is_not_asked():
    rule = Rule("sea", "sea", "Says sea.", lambda record: Hit("asked"), sign=constant("sea"))
    assert first_failing(Record("Name a river."), [rule]) is None
    assert first_failing(Record("Name a SEA."), [rule]) is not None


def test_an_automaton_names_what_it_sees():
    automaton = Automaton([(1, "sea"), (2, "s[ea]"), (3, "^x")])
    assert set(automaton.seen("the sea")) == {1, 2}
    assert automaton.seen("") == []
    assert automaton.seen("\ud800") == [1, 2, 3]


UNITS = st.sampled_from(["the sea is blue. ", "ab ", "红色的海，", "No!\n", "so it goes and goes, ", "x", "É a "])


@settings(deadline=None)
@given(
    st.lists(UNITS, max_size=8), st.lists(UNITS, min_size=1, max_size=4), st.integers(1, 9), st.sampled_from(["", "."])
)
def test_every_loop_is_looked_at(before, turn, times, end):
    text = "".join(before) + "".join(turn) * times + end
    assert (looped.RULE.find(text) is None) == (loop(text) is None)
