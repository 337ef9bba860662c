"""What rules have in common."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.errors import UsageError
from instgen.filters.rule import EVIDENCE, Hit, Rule, TextRule, excerpt, measuring
from instgen.records import Record


def longer_than(limit):
    return lambda record: Hit(record.output, len(record.output)) if len(record.output) > limit else None


def test_a_verdict_names_the_rule_what_it_measured_and_its_threshold():
    verdict = measuring("long", "too-long", "The answer is long.", longer_than, 3)(Record("q", output="abcd"))
    assert verdict is not None
    assert (verdict.reason, verdict.rule, verdict.value, verdict.threshold) == ("too-long", "long", 4, 3)


def test_a_rule_that_finds_nothing_has_no_verdict():
    assert measuring("long", "too-long", "The answer is long.", longer_than, 3)(Record("q", output="abc")) is None


def test_a_threshold_can_be_another():
    rule = measuring("long", "too-long", "The answer is long.", longer_than, 3).with_limit(4)
    assert rule(Record("q", output="abcd")) is None
    assert rule.limit == 4


def test_a_rule_without_a_threshold_takes_none():
    with pytest.raises(UsageError):
        Rule("a", "a", "A.", lambda record: None).with_limit(1)


def test_a_text_rule_reads_only_the_fields_it_is_put_on():
    rule = TextRule("x", "x", "X.", lambda text: Hit(text) if "x" in text else None)
    assert rule.on("input", "output")(Record("x", "", "a")) is None
    assert rule.on("instruction")(Record("x", "", "a")) is not None


@given(st.text(), st.data())
def test_an_excerpt_is_short_and_on_one_line(text, data):
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    shown = excerpt(text, start, end)
    assert len(shown) <= EVIDENCE
    assert shown.isprintable()


def test_an_excerpt_holds_what_it_is_about():
    text = "a " * 200 + "HERE" + " b" * 200
    assert "HERE" in excerpt(text, text.index("HERE"), text.index("HERE") + 4)
