"""Tokens in every script."""

import re
import string
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.text.scripts import IGNORABLE, MARKS, UNSPACED
from instgen.text.tokens import count, fold, tokens, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Don't stop: it's GPT-4!", ["don", "t", "stop", "it", "s", "gpt", "4"]),
        ("L'élève est déjà là", ["l", "élève", "est", "déjà", "là"]),
        ("用Python写函数", ["用", "python", "写", "函", "数"]),
        ("コーヒーを飲む", ["コ", "ー", "ヒ", "ー", "を", "飲", "む"]),
        ("안녕하세요 여러분", ["안녕하세요", "여러분"]),
        ("हिन्दी में लिखो", ["हिन्दी", "में", "लिखो"]),
        ("مَرْحَبًا بالعالم", ["مَرْحَبًا", "بالعالم"]),
        ("ที่นี่", ["ที่", "นี่"]),
        ("ភាសា", ["ភា", "សា"]),
        ("Напиши рассказ.", ["напиши", "рассказ"]),
        ("snake_case", ["snake", "case"]),
        ("Straße", ["strasse"]),
    ],
)
def test_each_script_is_divided_as_it_is_written(text, expected):
    assert tokens(text) == expected


def test_full_width_letters_and_ligatures_are_the_same_tokens_as_plain_ones():
    assert tokens("ＧＰＴ４ ﬁne") == tokens("gpt4 fine")


def test_invisible_characters_neither_divide_nor_count():
    assert tokens("می\u200cخواهم co\u00adoperate \ufeffa") == ["میخواهم", "cooperate", "a"]


def test_a_zero_width_space_divides():
    assert tokens("abc\u200bdef") == ["abc", "def"]


@given(st.text())
def test_tokens_of_joined_tokens_are_the_same_tokens(text):
    found = tokens(text)
    assert tokens(" ".join(found)) == found


@given(st.text())
def test_composed_and_decomposed_text_have_the_same_tokens(text):
    assert tokens(unicodedata.normalize("NFC", text)) == tokens(unicodedata.normalize("NFD", text))


@given(st.text(alphabet=string.printable))
def test_ascii_text_has_the_tokens_of_the_reference_tokeniser(text):
    assert tokens(text) == re.findall("[a-z0-9]+", text.lower())


@given(st.text(alphabet="aЖ中がกक\u093fא1 ,\u0301"))
def test_the_general_way_and_the_ascii_way_agree_on_the_ascii_part(text):
    ascii_words = [token for token in tokens(" ".join(re.split("[^a1 ,]", text))) if token.isascii()]
    assert ascii_words == re.findall("[a1]+", re.sub("[^a1 ,]", " ", text))


def test_count_is_the_number_of_tokens():
    assert count("用Python写") == 3


@pytest.mark.parametrize(
    ("text", "expected"), [("Define osmosis", 2), ("定义渗透", 2), ("写诗", 1), ("用Python写诗", 2)]
)
def test_two_unspaced_letters_count_as_one_word(text, expected):
    assert words(text) == expected


def test_folding_keeps_what_is_not_a_letter():
    assert fold("A-B，c") == "a-b,c"


def test_marks_hold_every_combining_mark_that_shows():
    # The database of Unicode 3.2, which every Python has; later versions add marks of rare scripts.
    known = re.compile(f"[{MARKS}{IGNORABLE}]")
    databases = (unicodedata.ucd_3_2_0, unicodedata)
    marks = (char for char in map(chr, range(0x20000)) if all(data.category(char)[0] == "M" for data in databases))
    assert [hex(ord(mark)) for mark in marks if not known.match(mark)] == []


def test_no_punctuation_or_space_is_a_mark_or_an_unspaced_letter():
    inside = re.compile(f"[{MARKS}{UNSPACED}]")
    others = (chr(code) for code in range(0x110000) if unicodedata.category(chr(code))[0] in "PZSC")
    assigned = (char for char in others if unicodedata.category(char) != "Cn")
    assert [hex(ord(char)) for char in assigned if inside.match(char)] == []


def test_no_mark_is_an_unspaced_letter():
    unspaced = re.compile(f"[{UNSPACED}]")
    marks = (char for char in map(chr, range(0x110000)) if unicodedata.category(char)[0] == "M")
    assert [hex(ord(mark)) for mark in marks if unspaced.match(mark)] == []
