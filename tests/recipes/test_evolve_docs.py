"""What `docs/evolve.md` says of operations, options and reasons is what the code has."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from instgen.prompts.template import Sampling, parse_template
from instgen.recipes import elimination, evolve, evolve_reading, flow
from instgen.recipes.evolve_auto import Optimizing
from instgen.recipes.evolve_ops import METHODS, OPERATIONS
from instgen.running.options import Asking, Writing
from tests.commands import commands

PAGE = (Path(__file__).parents[2] / "docs" / "evolve.md").read_text("utf-8")
CODE = (evolve, elimination, evolve_reading)
FINISHES = ("truncated", "refusal")
"""The reasons of `flow.unusable`, which are drawn from how a completion ended."""


def reasons_in(code: str) -> Iterator[str]:
    """The slugs that verdicts are made with, also where one of two is chosen."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"Verdict", "_verdict"}:
            choices = (node.args[0].body, node.args[0].orelse) if isinstance(node.args[0], ast.IfExp) else node.args[:1]
            yield from (str(each.value) for each in choices if isinstance(each, ast.Constant))


def section(title: str) -> str:
    return PAGE.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_every_reason_is_in_the_table_and_no_other() -> None:
    listed = re.findall(r"^\| (`.*?) \|", section("What is eliminated"), re.MULTILINE)
    told = {slug for cell in listed for slug in re.findall(r"`([\w-]+)`", cell)}
    used = {reason for module in CODE for reason in reasons_in(inspect.getsource(module))}
    used |= {flow.TEACHER_FAILED, *FINISHES}
    assert told | {"conversation"} == used
    assert "`conversation`" in PAGE


def test_every_operation_is_in_the_table_with_its_methods() -> None:
    told = dict(re.findall(r"^\| `([\w-]+)` \| ([\w, ]+) \|", section("Operations"), re.MULTILINE))
    methods = {each.name: {name for name, names in METHODS.items() if each.name in names} for each in OPERATIONS}
    assert {name: set(said.split(", ")) for name, said in told.items()} == methods


def test_every_option_of_its_own_is_in_the_table() -> None:
    command = commands()["evolve"]
    shared = {*Asking.__dataclass_fields__, *Writing.__dataclass_fields__}
    own = {option.opts[0] for option in command.params if option.name not in shared and option.opts[0].startswith("--")}
    assert own == set(re.findall(r"^\| `(--[\w-]+)", PAGE, re.MULTILINE))


def test_the_method_in_the_docs_is_one() -> None:
    text = PAGE.split("```method.txt\n", 1)[1].split("```", 1)[0]
    assert {"task", "task with input"} == parse_template("method", text).blocks.keys()


def test_the_calls_that_auto_takes_are_those_that_are_told() -> None:
    given = Optimizing("m", {}, evolve.Evolving({}, ()), Sampling())
    one = Optimizing("m", {}, evolve.Evolving({}, ()), Sampling(), steps=1)
    none = Optimizing("m", {}, evolve.Evolving({}, ()), Sampling(), steps=0)
    figures = (none.most_calls, one.most_calls - none.most_calls, given.most_calls)
    assert "takes {} calls at the start and {} per step, at most {:,}".format(*figures) in PAGE
