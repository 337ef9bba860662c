"""The data files of phrases."""

import re

import pytest

from instgen.filters.phrases import LANGUAGES, LATIN, opens, plain, read, search, section, spellings

SEARCHED = ("modality", "modality-unless", "self", "fill-in", "missing", "missing-unless", "attachment", "scaffold")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_all_sections(language):
    names = {"placeholder", "no-input", "labels", "tasks", "headings", "about-links", "refusal", *SEARCHED}
    assert names - set(read(language)) == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_phrases_compile_and_their_words_are_folded(language):
    for name, here in read(language).items():
        assert all(re.compile(phrase) for phrase in here.phrases)
        assert [word for word in here.words if plain(word.replace("_", " ")) != word.replace("_", " ")] == [], name


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [*SEARCHED, "refusal"])
def test_a_section_that_is_searched_has_words_to_look_for_first(language, name):
    assert section(language, name).words


@pytest.mark.parametrize("language", LATIN)
def test_plain_lists_are_folded(language):
    lists = ("placeholder", "no-input", "labels", "headings", "tasks")
    assert [word for name in lists for word in section(language, name).phrases if plain(word) != word] == []


def test_plain_text_has_straight_apostrophes_and_no_case():
    assert plain("I CAN’T") == "i can't"


def test_a_latin_word_beside_chinese_is_found():
    assert search("modality-unless", plain("用Python写")) is not None


def test_a_word_inside_another_is_not():
    assert search("modality-unless", plain("A pythonesque sketch")) is None


def test_a_text_without_any_of_the_words_has_no_phrase():
    assert search("modality", "tell me about the sea") is None


def test_an_opening_phrase_counts_only_at_the_beginning():
    assert opens("refusal", "i cannot help with that.") is not None
    assert opens("refusal", "the man said: i cannot help with that.") is None


def test_spellings_come_from_all_languages():
    assert {"no input", "无输入", "なし"} <= spellings("no-input")
