"""Replies of evolvers and judges, read."""

from __future__ import annotations

import pytest
from hypothesis import given as supposing
from hypothesis import strategies

from instgen.recipes.evolve_reading import contradiction, equality, read_evolved


@pytest.mark.parametrize(
    ("reply", "instruction", "given"),
    [
        ("<instruction>Do it.</instruction>\n<input>a\n b</input>", "Do it.", "a\n b"),
        ("Certainly!\n<instruction>\nDo it.\n</instruction>\nGood luck!", "Do it.", ""),
        ("<instruction>Do it.\n<input>a</input>", "Do it.", "a"),
        ("<instruction>Do it.</instruction><input><input>x</input></input>", "Do it.", "<input>x</input>"),
        ("<INSTRUCTION>Do it.</INSTRUCTION>\r\n<INPUT>a\r\nb</INPUT>", "Do it.", "a\nb"),
        ("Instruction: Do it.\nInput: a", "Do it.", "a"),
        ("### Instruction:\nDo it.\n### Input:\na\n### Output:\nDone.", "Do it.", "a"),
        ("指令：做吧。\n输入：甲", "做吧。", "甲"),
        ("Do it.", "Do it.", ""),
    ],
)
def test_a_reply_is_read_in_the_form_asked_for_or_in_another(reply: str, instruction: str, given: str) -> None:
    read = read_evolved(reply)
    assert (read.instruction, read.input) == (instruction, given)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("Equal", "equal"),
        ("**Equal**.", "equal"),
        ("They are the same.", "equal"),
        ("Equal: they are not different.", "equal"),
        ("相同", "equal"),
        ("", "unjudged"),
        ("Not Equal", ""),
        ("The two aren't equal.", ""),
        ("Unequal", ""),
        ("不同", ""),
        ("不相同。", ""),
        ("不等同", ""),
    ],
)
def test_a_word_on_equality_is_read(reply: str, reason: str) -> None:
    verdict = equality(reply)
    assert (verdict.reason if verdict else "") == reason


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("Contradiction: at most 50 words, and at least 80.", "contradiction"),
        ("**Contradiction**: the text is in prose, the task wants its rhymes.", "contradiction"),
        ("The two requirements contradict each other.", "contradiction"),
        ("It is not consistent.", "contradiction"),
        ("It isn't consistent.", "contradiction"),
        ("Inconsistent", "contradiction"),
        ("Contradiction: the length is consistent, but the rhyme is not.", "contradiction"),
        ("矛盾：既要求不超过50字，又要求至少80字。", "contradiction"),
        ("不一致", "contradiction"),
        ("", "unjudged"),
        ("Hm.", "unjudged"),
        ("Consistent", ""),
        ("**Consistent.**", ""),
        ("Consistent. Nothing in it is a contradiction.", ""),
        ("There is no contradiction.", ""),
        ("Contradiction: none.", ""),
        ("矛盾：无", ""),
        ("It does not contradict itself.", ""),
        ("It doesn't contradict itself.", ""),
        ("一致", ""),
        ("没有矛盾", ""),
        ("不矛盾", ""),
    ],
)
def test_a_word_on_contradictions_is_read(reply: str, reason: str) -> None:
    verdict = contradiction(reply)
    assert (verdict.reason if verdict else "") == reason


@supposing(strategies.text())
def test_whatever_comes_is_read(reply: str) -> None:
    read = read_evolved(reply)
    assert read.instruction == read.instruction.strip()
    read.instruction.encode()
    read.input.encode()


@supposing(strategies.text(strategies.characters(exclude_characters="<>", codec="utf-8"), min_size=1))
def test_what_stands_in_tags_is_taken_as_it_is(text: str) -> None:
    assert read_evolved(f"Step 1. Think.\n<instruction>x {text} x</instruction>").instruction == (
        f"x {text} x".replace("\r\n", "\n")
    )
