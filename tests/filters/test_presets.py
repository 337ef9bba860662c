"""Presets choose rules; a rule can be added, changed and taken out by name."""

from __future__ import annotations

import pytest

from instgen.errors import UsageError
from instgen.filters import OPTIONAL_RULES, RULES
from instgen.filters.presets import EVERY_RULE, PRESETS, chosen
from instgen.filters.rulebook import Rulebook
from instgen.records import Record
from instgen.running.filter_options import PresetName


def names(preset: str, *, more: tuple[str, ...] = (), less: tuple[str, ...] = ()) -> list[str]:
    return [rule.name for rule in chosen(PRESETS[preset], more, less)]


def test_the_command_line_offers_every_preset() -> None:
    assert [name.value for name in PresetName] == list(PRESETS)


def test_no_two_rules_have_one_name() -> None:
    listed = [rule for preset in PRESETS.values() for rule in preset.rules] + [*RULES, *OPTIONAL_RULES]
    assert {rule.name: rule.what for rule in listed} == {
        name: EVERY_RULE[name].what for name in {rule.name for rule in listed}
    }
    assert all(EVERY_RULE[name].name == name for name in EVERY_RULE)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_names_each_of_its_rules_once(preset: str) -> None:
    assert len(set(names(preset))) == len(names(preset))


def test_the_default_is_the_table() -> None:
    assert PRESETS["default"].rules == RULES


@pytest.mark.parametrize("preset", [name for name in PRESETS if name != "off"])
def test_every_preset_keeps_a_good_row_and_leaves_out_an_empty_answer(preset: str) -> None:
    book = Rulebook(PRESETS[preset].rules)
    assert book.verdict(Record("Say what trees are good for.", output="They give shade and fruit.")) is None
    assert book.verdict(Record("Say what trees are good for.", output=" "))


def test_strict_is_tighter_than_the_default_in_every_rule_that_differs() -> None:
    default = {rule.name: rule for rule in PRESETS["default"].rules}
    strict = {rule.name: rule for rule in PRESETS["strict"].rules}
    assert set(strict) > set(default)
    assert strict["min-words"].limit == 3
    long_refusal = Record("Say what it is.", output="I'm sorry, but I cannot help with that. " + "It is so. " * 40)
    assert default["refusal"](long_refusal) is None
    assert strict["refusal"](long_refusal)


def test_the_alpaca_preset_has_the_published_limits() -> None:
    limits = {rule.name: rule.limit for rule in PRESETS["alpaca"].rules}
    assert (limits["min-words"], limits["max-words"]) == (4, 150)


def test_a_rule_takes_the_place_of_its_namesake() -> None:
    assert names("default", more=("refusal=20",)) == names("default")
    assert {rule.name: rule.limit for rule in chosen(PRESETS["default"], ("refusal=20",), ())}["refusal"] == 20


def test_a_threshold_alone_changes_the_rule_as_the_preset_has_it() -> None:
    assert {rule.name: rule.limit for rule in chosen(PRESETS["alpaca"], ("min-words",), ())}["min-words"] == 4


def test_rules_are_added_behind_and_taken_out() -> None:
    assert names("off", more=("refusal", "start")) == ["refusal", "start"]
    assert "start" not in names("default", less=("start",))


@pytest.mark.parametrize(
    "said", ["", "nothing", "refusal=", "refusal=x", "refusal=nan", "min-words=inf", "start=1", "Refusal"]
)
def test_what_is_no_rule_is_refused(said: str) -> None:
    with pytest.raises(UsageError):
        chosen(PRESETS["default"], (said,), ())
