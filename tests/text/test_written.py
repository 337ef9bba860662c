"""A text's script is that of most of its words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.text.written import SCRIPTS, script


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Write a poem.", "latin"),
        ("Écris un poème à l'été", "latin"),
        ("ＡＢＣ", "latin"),
        ("Напиши стихотворение", "cyrillic"),
        ("Γράψε ένα ποίημα", "greek"),
        ("اكتب قصيدة", "arabic"),
        ("एक कविता लिखो", "devanagari"),
        ("시를 쓰세요", "hangul"),
        ("写一首诗", "han"),
        ("詩を書いてください", "kana"),
        ("東京の名所を三つ", "kana"),
        ("เขียนบทกวี", "thai"),
        ("用 Python 写一个程序", "han"),
        ("Translate 你好 into English, please", "latin"),
        ("写诗 two words", ""),
        ("12 + 34 = ?", ""),
        ("", ""),
    ],
)
def test_the_script_of_most_words_is_told(text: str, name: str) -> None:
    assert script(text) == name


@given(st.text())
def test_any_text_has_one_of_the_scripts_or_none(text: str) -> None:
    assert script(text) in {*SCRIPTS, ""}
