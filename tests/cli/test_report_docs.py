"""The page on reports leaves no option and no number out."""

from __future__ import annotations

import re
from pathlib import Path

from instgen.records import Record, born
from instgen.report.survey import Survey
from tests.commands import options_of

PAGE = (Path(__file__).parents[2] / "docs" / "report.md").read_text("utf-8")


def test_every_option_is_on_the_page() -> None:
    named = options_of("report") | options_of("stats")
    assert {name for name in named if not re.search(rf"{name}\b", PAGE)} - {"--quiet", "--output"} == set()


def test_every_number_that_can_have_a_limit_is_on_the_page() -> None:
    survey = Survey()
    survey.add(born(Record("Write a poem about rain.", "In spring.", "Drip.")))
    survey.add(born(Record("Write a song about snow.", "In winter.", "Fall.")))
    gates = survey.numbers(["Sing."]).gates()
    assert len(gates) > 10
    assert {name for name in gates if f"`{name}`" not in PAGE} == set()
