"""What help looks like on a narrow terminal."""

from __future__ import annotations

import pytest

from instgen.cli.commands import COMMANDS, SETTABLE
from tests.cli.conftest import Program
from tests.commands import commands
from tests.help_pages import COMMANDS as PAGES


def helped(program: Program, *words: str) -> str:
    done = program(*words, "--help", COLUMNS="80", NO_COLOR="1")
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("words", PAGES, ids=" ".join)
def test_help_fits_into_eighty_columns_and_says_values_in_words(instgen: Program, words: tuple[str, ...]) -> None:
    lines = helped(instgen, *words).splitlines()
    assert lines[0].startswith(" ".join(("Usage: instgen", *words)))
    for line in lines:
        assert len(line) <= 80
        assert not {"range>", "list[", "<=", ">=", "9223372036854775807"} & {word.strip("[];") for word in line.split()}
        assert "<" not in line


@pytest.mark.parametrize("command", SETTABLE)
def test_help_ends_with_an_example_and_where_else_options_are_said(instgen: Program, command: str) -> None:
    text = helped(instgen, command)
    example = next(each.example for each in COMMANDS if each.name == command)
    assert f"Example:\n  {example}\n" in text
    assert f"config show {command}" in " ".join(text.split("Settings:")[1].split())


def test_a_limit_is_said_in_words(instgen: Program) -> None:
    text = " ".join(helped(instgen, "self-instruct").split())
    assert "[default: 20; at least 1]" in text
    assert "[default: 0.7; 0 to 1]" in text
    assert "[default: 0; at least 0]" in text


def test_the_list_of_commands_is_the_table_and_the_program(instgen: Program) -> None:
    text = helped(instgen)
    places = [text.index(f"\n  {each.name} ") for each in COMMANDS]
    assert places == sorted(places)
    assert all(f" {each.about}\n" in f"{text}\n" for each in COMMANDS)
    assert list(commands()) == [each.name for each in COMMANDS]


@pytest.mark.parametrize("group", ["teachers", "prompts", "journal", "config"])
def test_a_group_lists_its_commands_with_their_first_lines_whole(instgen: Program, group: str) -> None:
    text = " ".join(helped(instgen, group).split())
    assert "completion" not in text.replace("completions", "").replace("every completion as", "")
    assert "..." not in text.removeprefix(f"Usage: instgen {group} [OPTIONS] COMMAND [ARGS]...")
    for name, command in commands()[group].commands.items():
        assert f"{name} {' '.join(command.help.splitlines()[0].split())}" in text


def test_without_a_command_the_pipeline_is_shown(instgen: Program) -> None:
    done = instgen(COLUMNS="80")
    assert (done.returncode, done.stdout) == (2, "")
    assert "instgen self-instruct -n 500 | instgen evolve | instgen filter > data.jsonl" in done.stderr
