"""A value that is made quickly is the one that typer makes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from instgen.cli.commands import SETTABLE
from instgen.cli.values import quicken
from tests.commands import commands

PARAMS = [(name, param) for name in SETTABLE for param in commands()[name].params if not param.callback]
TEXTS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"))


def made(param: Any, command: str, value: Any) -> tuple[Any, Any]:
    """A value by the quick way, and by typer's."""
    context = typer.Context(commands()[command], info_name=command)
    return quicken(param).process_value(context, value), type(param).process_value(param, context, value)


@pytest.mark.parametrize(("command", "param"), PARAMS, ids=lambda each: getattr(each, "name", each))
def test_defaults_are_what_they_are(command: str, param: Any) -> None:
    if not param.required:
        quick, typers = made(param, command, param.default)
        assert (quick, type(quick)) == (typers, type(typers))


@given(text=TEXTS)
@pytest.mark.parametrize("name", ["system", "output", "max_failures"])
def test_texts_and_paths_are_what_they_are(name: str, text: str) -> None:
    param = next(each for command, each in PARAMS if each.name == name and command == "respond")
    quick, typers = made(param, "respond", text)
    assert (quick, type(quick)) == (typers, type(typers))


@given(texts=st.lists(TEXTS, max_size=3))
@pytest.mark.parametrize("name", ["files", "with_", "base_url"])
def test_lists_of_them_are_what_they_are(name: str, texts: list[str]) -> None:
    param = next(each for command, each in PARAMS if each.name == name and command == "respond")
    quick, typers = made(param, "respond", tuple(texts))
    assert list(quick) == list(typers)
    assert [type(each) for each in quick] == [type(each) for each in typers]


@given(number=st.one_of(st.integers(-3, 10**10), st.decimals(0, 6, places=3)))
@pytest.mark.parametrize("name", ["samples", "seed", "timeout", "temperature", "max_tokens"])
def test_numbers_are_what_they_are_or_are_refused(name: str, number: Any) -> None:
    param = next(each for command, each in PARAMS if each.name == name and command == "respond")
    context = typer.Context(commands()["respond"])
    try:
        typers = type(param).process_value(param, context, str(number))
    except typer.BadParameter:
        with pytest.raises(typer.BadParameter):
            quicken(param).process_value(context, str(number))
    else:
        quick, _ = made(param, "respond", str(number))
        assert (quick, type(quick)) == (typers, type(typers))


@pytest.mark.parametrize(("command", "param"), PARAMS, ids=lambda each: getattr(each, "name", each))
def test_choices_are_what_they_are(command: str, param: Any) -> None:
    for choice in param.type_descriptor.choices or ():
        said = (str(choice),) if param.multiple else str(choice)
        quick, typers = made(param, command, said)
        assert (quick, type(quick)) == (typers, type(typers))


def test_a_line_of_simple_words_needs_no_pydantic(tmp_path: Path) -> None:
    code = (
        "import atexit, sys\n"
        "atexit.register(lambda: print('pydantic' in sys.modules))\n"
        "line = 'instgen filter -q --dedupe near --near 0.8 --sample 3 -o out.jsonl rows.jsonl'\n"
        "sys.argv = line.split()\n"
        "from instgen.cli.main import run\n"
        "run()\n"
    )
    (tmp_path / "rows.jsonl").write_text('{"instruction": "Name a tree.", "output": "An oak is a tree."}\n')
    environment = {name: value for name, value in os.environ.items() if not name.startswith("INSTGEN_")}
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("False\n", "")
