"""A language is told where it can be told, and only there."""

from __future__ import annotations

import pytest

from instgen.text.language import known, language, letters, prose

SENTENCES = {
    "en": "Write a short letter to the people who live next door.",
    "de": "Schreib einen kurzen Brief an die Leute von nebenan.",
    "fr": "Rédige une courte lettre aux gens qui habitent à côté.",
    "es": "Escribe una carta breve a la gente que vive al lado.",
    "ru": "Напиши короткое письмо людям, которые живут рядом.",
    "zh": "给住在隔壁的人写一封短信。",
    "ja": "隣に住んでいる人に短い手紙を書いてください。",
    "ko": "옆집에 사는 사람들에게 짧은 편지를 쓰세요.",
    "vi": "Hãy viết một lá thư ngắn cho những người sống bên cạnh.",
    "ar": "اكتب رسالة قصيرة إلى الناس الذين يعيشون في البيت المجاور.",
}


@pytest.mark.parametrize("code", SENTENCES)
def test_a_sentence_is_told(code):
    guess = language(SENTENCES[code])
    assert guess is not None
    assert guess.code == code
    assert 0.7 <= guess.probability <= 1


CODE = "def area(r):\n    return 3.14 * r ** 2\n\nprint(area(2))\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Yes.",
        "42",
        "1 + 1 = 2",
        "谢谢",
        CODE,
        f"```python\n{CODE}```",
        "https://example.com/some/long/path/of/words",
    ],
)
def test_where_there_is_no_prose_nothing_is_told(text):
    assert language(text) is None


def test_code_around_prose_does_not_count():
    assert prose(f"Das ist es:\n```\n{CODE}```").strip() == "Das ist es:"
    guess = language(f"Hier steht ein kurzes Programm, das Flächen berechnet:\n```\n{CODE}```")
    assert guess is not None
    assert guess.code == "de"


def test_norwegian_is_one_language_and_dialects_are_none():
    assert "no" in known()
    assert not {"nn", "zxx", "wuu", "yue"} & known()
    guess = language("Eg veit ikkje kva du meiner med det, men eg skal spørje dei som bur her.")
    assert guess is not None
    assert guess.code == "no"


def test_letters_that_are_words_count_for_more():
    assert (letters("ab c1"), letters("你好"), letters("안녕")) == (3, 6, 6)
