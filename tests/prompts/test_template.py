"""Prompt files: strict slots, values that are never read as templates, headers that are understood or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.errors import InputError
from instgen.prompts.book import PromptBook, built_in
from instgen.prompts.template import Sampling, parse_template
from instgen.records import Message

FILE = """temperature = 0.5
max_tokens = 9
stop = ["\\n###"]
---
[[system]]
Be brief.
[[user]]
Say {{word}}
to {{whom}}.
[[example]]
- {{word}}
"""


def test_a_chat_is_rendered_with_the_headers_defaults() -> None:
    prompt = parse_template("t", FILE).render(word="hello", whom="all")
    assert prompt.messages == (Message("system", "Be brief."), Message("user", "Say hello\nto all."))
    assert (prompt.temperature, prompt.max_tokens, prompt.stop) == (0.5, 9, ("\n###",))
    assert prompt.sources[0].startswith("t@")


@given(value=st.text())
def test_values_are_never_read_as_templates(value: str) -> None:
    prompt = parse_template("t", FILE).render(word=value, whom="{{word}}")
    assert prompt.messages[1].content == f"Say {value}\nto {{{{word}}}}."


@pytest.mark.parametrize("slots", [{"word": "x"}, {"word": "x", "whom": "y", "more": "z"}])
def test_a_missing_or_an_unused_value_is_an_error(slots: dict[str, str]) -> None:
    with pytest.raises(InputError, match="slot"):
        parse_template("t", FILE).render(**slots)


def test_blocks_are_rendered_by_name() -> None:
    assert parse_template("t", FILE).block("example", word="x") == "- x"
    with pytest.raises(InputError, match="no part"):
        parse_template("t", FILE).block("sample", word="x")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("no header", "---"),
        ("a = \n---\n[[user]]\nx\n", "not TOML"),
        ("max_tokens = " + "9" * 5_000 + "\n---\n[[user]]\nx\n", "not TOML"),
        ("stop = " + "[" * 3_000 + "\n---\n[[user]]\nx\n", "not TOML"),
        ("colour = 1\n---\n[[user]]\nx\n", "colour"),
        ('temperature = "hot"\n---\n[[user]]\nx\n', "temperature"),
        ("a" + ".a" * 1_500 + " = 1\n---\n[[user]]\nx\n", "a = "),
        ('role = "cook"\n---\n[[user]]\nx\n', "cook"),
        ("---\nstray\n[[user]]\nx\n", "before the first part"),
        ("---\n[[user]]\nx\n[[user]]\ny\n", "twice"),
        ("---\n[[example]]\nx\n", "either chat parts"),
        ("---\n[[user]]\nx\n[[text]]\ny\n", "either chat parts"),
    ],
)
def test_a_malformed_file_is_refused_in_one_line(content: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        parse_template("mine.txt", content)


def test_line_ends_of_windows_do_not_reach_the_teacher() -> None:
    assert parse_template("t", FILE.replace("\n", "\r\n")) == parse_template("t", FILE)


def test_the_command_lines_sampling_holds_for_teachers_and_not_for_judges() -> None:
    hot = Sampling(temperature=1.5, top_p=0.9, max_tokens=5)
    assert parse_template("t", FILE, hot).defaults.temperature == 1.5
    assert parse_template("t", 'role = "judge"\n' + FILE, hot).defaults.temperature == 0.5


NOT_ASKED = ("/converse-personas", "/ifd")
"""Files of words that nobody is asked to answer: people to be drawn, and a text whose probabilities are looked at."""


@pytest.mark.parametrize("name", sorted(built_in()))
def test_every_file_of_ours_is_well_formed(name: str) -> None:
    template = parse_template(name, built_in()[name])
    assert template.defaults.max_tokens or name.endswith(NOT_ASKED)
    assert "\t" not in built_in()[name]


def test_a_users_file_replaces_ours_by_name() -> None:
    mine = PromptBook("en", {"respond": "---\n[[user]]\nQ: {{question}}\n"})
    assert mine.template("respond").render(question="x").messages[0].content == "Q: x"
    assert mine.template("alpaca-ask") == PromptBook().template("alpaca-ask")


def test_a_users_file_of_an_unknown_name_is_refused() -> None:
    with pytest.raises(InputError, match="no prompt with this name"):
        PromptBook("en", {"repsond": FILE})


def test_a_language_without_a_file_falls_back_to_english() -> None:
    assert PromptBook("fr").template("respond").name == "en/respond"
