from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.teachers.slots import WORDS, Asked, SlotError, template

LAST = "first line\nsecond line"


def filled(text: str, seed: str = "a") -> str:
    return template(text).filled(Asked(LAST, "d1g35t", Random(seed)))


@given(st.text().filter(lambda text: "{{" not in text))
def test_a_reply_without_slots_is_itself(text: str) -> None:
    assert filled(text) == text


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("<{{last}}>", f"<{LAST}>"),
        ("{{line 1}}!", "first line!"),
        ("{{line 2}}", "second line"),
        ("{{line 3}}", ""),
        ("{{digest}}", "d1g35t"),
        ("{{pick same|same}}", "same"),
        ("{{number 4 4}}", "4"),
        ('{"a": {"b": 1}}', '{"a": {"b": 1}}'),
        ("{{pick {}}{", "{{"),
    ],
)
def test_a_slot_holds_what_it_says(reply: str, expected: str) -> None:
    assert filled(reply) == expected


def test_words_come_from_the_list() -> None:
    words = filled("{{words 8}}").split()
    assert len(words) == 8
    assert set(words) <= set(WORDS.split())


@given(st.text())
def test_a_number_is_within_its_range(seed: str) -> None:
    assert 3 <= int(filled("{{number 3 5}}", seed)) <= 5


def test_two_slots_of_one_kind_differ() -> None:
    first, second = filled("{{words 8}}/{{words 8}}").split("/")
    assert first != second


def test_what_is_drawn_follows_from_the_luck() -> None:
    assert filled("{{words 8}}", "a") == filled("{{words 8}}", "a") != filled("{{words 8}}", "b")


def test_a_slot_in_the_last_message_stays_text() -> None:
    assert template("{{last}}").filled(Asked("{{words 3}}", "", Random(0))) == "{{words 3}}"


@pytest.mark.parametrize(
    "reply",
    [
        "{{wrods 8}}",
        "{{words}}",
        "{{words many}}",
        "{{number 1}}",
        "{{number 9 1}}",
        "{{line 0}}",
        "{{pick}}",
        "{{last 2}}",
        "{{digest x}}",
        "{{}}",
        "an open {{words 8",
    ],
)
def test_a_slot_that_is_not_understood_is_an_error(reply: str) -> None:
    with pytest.raises(SlotError):
        template(reply)


def test_an_unknown_slot_is_told_what_is_known() -> None:
    with pytest.raises(SlotError, match=r"no slot \{\{wrods 8\}\}; known: \{\{words 8\}\}"):
        template("{{wrods 8}}")
