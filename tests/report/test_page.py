"""The page: it needs nothing from outside, and no text of the data is more than text in it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from typing import Any

from instgen.records import Record, Step, born
from instgen.report.funnel import Rejects, stage_of
from instgen.report.lineage import FAMILIES
from instgen.report.page import MARK, Shown, page
from instgen.report.survey import RECORDS, Survey

HOSTILE = """</script><script>alert(1)</script><img src=x onerror="alert(2)"> <!-- ' & \u2028"""


def hostile_page() -> str:
    survey = Survey()
    root = born(Record(f"Write a poem. {HOSTILE}", HOSTILE, HOSTILE, scores={HOSTILE: 1.0, "difficulty": 3}))
    step = Step(HOSTILE, op=HOSTILE, round=1, root=root.id, parents=(root.id,), teacher=HOSTILE, prompts=(HOSTILE,))
    child = born(Record(f"Write a long poem. {HOSTILE}", origin=(step,)))
    survey.add(root)
    survey.add(child)
    survey.families.know(root)
    rejects = Rejects()
    near = {"id": HOSTILE, "similarity": 0.9, "text": HOSTILE}
    verdict = {"stage": HOSTILE, "reason": HOSTILE, "evidence": HOSTILE, "near": near}
    assert rejects.add({"instruction": HOSTILE, "rejected": verdict})
    stage = stage_of({"command": HOSTILE, "read": 3, "kept": 2, "reasons": {HOSTILE: 1}, "teacher": HOSTILE})
    assert stage is not None
    numbers = survey.numbers([HOSTILE], [stage])
    return page(Shown(HOSTILE, "1", numbers, survey.records.items(), True, survey.families.shown(), rejects, 0.7))


class Tags(HTMLParser):
    """Collects the tags and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_hostile_text_makes_no_element_and_no_attribute() -> None:
    text = hostile_page()
    tags = Tags()
    tags.feed(text)
    assert not [tag for tag, _ in tags.tags if tag == "img"]
    assert [attrs.get("type") for tag, attrs in tags.tags if tag == "script"] == ["application/json"] * 2 + [None]
    assert not [name for _, attrs in tags.tags for name in attrs if name.startswith("on") or name == "style"]
    assert "alert(1)</script>" not in text


def test_the_policy_allows_our_style_and_script_and_nothing_else() -> None:
    text = hostile_page()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert policy[1].startswith("default-src 'none';")
    for element in ("style", "script"):
        body = re.findall(rf"<{element}>(.*?)</{element}>", text, re.DOTALL)
        assert len(body) == 1
        digest = base64.b64encode(hashlib.sha256(body[0].encode()).digest()).decode()
        assert f"{element}-src 'sha256-{digest}'" in policy[1]


def test_nothing_is_fetched() -> None:
    tags = Tags()
    tags.feed(hostile_page())
    links = [attrs[name] for _, attrs in tags.tags for name in ("src", "href") if name in attrs]
    assert links
    assert all(link is not None and link.startswith("#") for link in links)


def test_the_records_are_in_it_as_data() -> None:
    text = hostile_page()
    assert text.startswith(MARK)
    found = re.search(r'<script type="application/json" id="rows">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    rows: list[dict[str, Any]] = json.loads(found[1])
    assert rows[0]["output"] == HOSTILE


def test_a_data_set_of_one_bare_row_has_a_page() -> None:
    survey = Survey()
    survey.add(born(Record("?")))
    numbers = survey.numbers()
    assert "<section" in page(Shown("t", "1", numbers, survey.records.items(), True, [], Rejects(), 0.7))


def page_of(survey: Survey) -> str:
    numbers = survey.numbers()
    records = survey.records
    return page(Shown("t", "1", numbers, records.items(), records.is_whole, survey.families.shown(), Rejects(), 0.7))


def test_long_texts_of_any_script_leave_the_page_under_5_mb() -> None:
    survey = Survey()
    for number in range(RECORDS):
        survey.add(born(Record(f"写 {number}", "<" * 900, "海" * 900)))
    assert len(page_of(survey).encode()) < 5_000_000


def test_long_families_leave_the_page_under_5_mb() -> None:
    survey = Survey()
    for root in range(FAMILIES):
        survey.add(born(Record("海" * 1_200, id=f"{root}-0")))
        for number in range(1, 12):
            step = Step("evolve", op="deepen", round=number, root=f"{root}-0", parents=(f"{root}-{number - 1}",))
            survey.add(Record("海" * 1_200, id=f"{root}-{number}", origin=(step,)))
    text = page_of(survey)
    assert len(text.encode()) < 5_000_000
    found = re.search(r'<script type="application/json" id="families">(.*?)</script>', text, re.DOTALL)
    assert found
    assert 0 < len(json.loads(found[1])) == text.count(" steps)</option>") < FAMILIES


def test_difficulty_has_a_chart_where_it_was_scored() -> None:
    survey = Survey()
    step = Step("evolve", op="deepen", round=1, root="r")
    survey.add(born(Record("Name a colour.", origin=(step,))))
    assert "<h3>Words per instruction</h3>" in page_of(survey)
    assert "<h3>Difficulty</h3>" not in page_of(survey)
    survey.add(born(Record("Name a warm colour.", origin=(step,), scores={"difficulty": 3.0})))
    assert "<h3>Difficulty</h3>" in page_of(survey)


def contrast(one: str, other: str) -> float:
    """The contrast of two colours (WCAG 2.1, "contrast ratio")."""

    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_every_text_stands_out_from_what_is_under_it() -> None:
    style = re.search(r"<style>(.*?)</style>", page_of(Survey()), re.DOTALL)
    assert style
    themes = [
        dict(re.findall(r"--([a-z0-9]+): (#[0-9a-f]{6})", theme)) for theme in re.findall(r"{([^{}]*)}", style[1])
    ]
    themes = [theme for theme in themes if "c11" in theme]
    assert len(themes) == 4
    for theme in themes:
        pairs = [("ink", "card"), ("dim", "card"), ("dim", "paper"), ("mark", "card"), ("ink", "added")]
        pairs += [("ink", "removed"), *(("on", f"c{number}") for number in range(12))]
        assert not [pair for pair in pairs if contrast(theme[pair[0]], theme[pair[1]]) < 4.5]
