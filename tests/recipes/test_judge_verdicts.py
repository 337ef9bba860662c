"""Verdicts read from what judges really write, and what is never taken for one."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.recipes.verdict import read_scores, read_verdict
from instgen.scores.find import built_in
from instgen.scores.rubric import Rubric, Scale, parse_rubric

DATA = Path(__file__).parents[3] / "shared" / "data"
FIVE = Scale("score", 1, 5)
TEN = Scale("score", 1, 10)
QUALITY = parse_rubric("quality", built_in()["quality"])
HONESTY = parse_rubric("honesty", built_in()["honesty"])
AUDIT = parse_rubric("audit", built_in()["audit"])


def value(reply: str, scale: Scale = FIVE) -> int | str | None:
    read = read_scores(reply, (scale,))
    return read.reason or read.values[scale.name]


@pytest.mark.parametrize(
    "reply",
    [
        '{"reasoning": "Good.", "score": 4}',
        'Here it is:\n```json\n{"reasoning": "It says {so}.", "score": 4.0}\n```\nI hope this helps.',
        '{"reasoning": "A \\"quoted\\" } brace", "rating": "4/5"}',
        '{"reasoning": "x", "scores": {"score": 4}}',
        '{"score": {"rationale": "good", "score": 4}}',
        "Score: 4",
        "**Score:** 4/5",
        "**Score**: 4 out of 5",
        "It is mostly right.\nRating: 4/5.",
        "My final rating is 4.",
        "Score (1-5): 4",
        "Good work. [[4]]",
        "I thought of [[2]] at first, but the verdict is: Rating: [[4]]",
        "Rating: [[4/5]]",
        "4",
        "4\nThe answer is right, but for 2 details.",
        "The answer has 2 slips.\n\n4/5",
        "评分：４分",
        "总分是 4/5",
        "評価：[[４]]",
        "この回答は良いです。\nスコア：４",
        "点数は４点",
    ],
)
def test_a_four_is_read_in_every_spelling(reply: str) -> None:
    assert value(reply) == 4


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("", "unparseable-verdict"),
        ("The answer is fine, with 4 examples.", "unparseable-verdict"),
        ('{"reasoning": "no score"}', "unparseable-verdict"),
        ('{"reasoning": "cut off", "score": ', "unparseable-verdict"),
        ("Score: N/A", "unparseable-verdict"),
        ("Score: 3-4", "unparseable-verdict"),
        ("Score: 80%", "unparseable-verdict"),
        ("Score: high", "unparseable-verdict"),
        ("Score: 10", "out-of-scale"),
        ("[[10]]", "out-of-scale"),
        ("10", "out-of-scale"),
        ("Score: 0", "out-of-scale"),
        ("Score: -1", "out-of-scale"),
        ("Score: 4/10", "out-of-scale"),
        ("Score: 4.5", "out-of-scale"),
        ("Score: 1,000", "out-of-scale"),
        ('{"score": 45}', "out-of-scale"),
        ('{"score": "8/10"}', "out-of-scale"),
        ("Score: 2\nOverall: 5", "inconsistent-verdict"),
        ("2\nOn the whole I am pleased.\n5", "inconsistent-verdict"),
    ],
)
def test_what_is_no_verdict_has_a_reason(reply: str, reason: str) -> None:
    assert value(reply) == reason


@given(
    st.integers(-3, 130), st.sampled_from(["{}", "Score: {}", "[[{}]]", '{{"score": {}}}', "评分：{}", "{}\nBecause."])
)
def test_a_number_is_read_whole_or_not_at_all(number: int, shape: str) -> None:
    found = value(shape.format(number), TEN)
    assert found == (number if 1 <= number <= 10 else "out-of-scale")


@given(st.text(max_size=200))
def test_no_reply_gives_a_score_off_the_scale_or_breaks_the_reader(reply: str) -> None:
    found = value(reply)
    assert isinstance(found, str) or found in range(1, 6)


def test_each_scale_is_read_by_its_own_label() -> None:
    reply = "**Helpfulness**: 4/5 - does it.\n**Accuracy:** 3/5\n\nOverall score: 4"
    assert read_verdict(reply, QUALITY).values == {"helpfulness": 4, "accuracy": 3, "quality": 4}


def test_a_missing_scale_makes_no_verdict() -> None:
    assert read_verdict('{"helpfulness": 4, "quality": 4}', QUALITY).reason == "unparseable-verdict"


def test_names_are_known_with_spaces_hyphens_and_capitals() -> None:
    reply = '{"Task Valid": true, "input_appropriate": 0, "OUTPUT-CORRECT": "yes"}'
    assert read_verdict(reply, AUDIT).values == {"task-valid": 1, "input-appropriate": 0, "output-correct": 1}


def test_ultrafeedbacks_ten_beside_low_aspects_is_inconsistent() -> None:
    scales = (Scale("help", 1, 10), Scale("truth", 1, 10), Scale("overall", 1, 10))
    rubric = Rubric("critique", "", "answer", "", scales, overall="overall")
    assert read_verdict('{"help": 2, "truth": 1, "overall": 10}', rubric).reason == "inconsistent-verdict"
    assert read_verdict('{"help": 2, "truth": 1, "overall": 1}', rubric).reason is None
    assert read_verdict('{"help": 9, "truth": 8, "overall": 1}', rubric).reason == "inconsistent-verdict"


def test_only_a_scale_that_may_not_apply_may_say_so() -> None:
    for reply in ('{"honesty": null}', '{"honesty": "N/A"}', "Honesty: not applicable"):
        assert read_verdict(reply, HONESTY).values == {"honesty": None}
    assert value('{"score": null}') == "unparseable-verdict"


def real(name: str) -> bytes:
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"{name} is not here")
    return gzip.decompress(path.read_bytes())


def test_every_real_japanese_verdict_is_read_as_it_was_recorded() -> None:
    rows = [json.loads(line) for line in real("judge_raw_replies/ja_gpt4_single.jsonl.gz").splitlines()]
    assert len(rows) == 564
    assert [value(row["judgment"], TEN) for row in rows] == [row["score"] for row in rows]


def test_without_its_brackets_a_real_verdict_is_read_right_or_not_at_all() -> None:
    rows = [json.loads(line) for line in real("judge_raw_replies/ja_gpt4_single.jsonl.gz").splitlines()]
    found = [value(row["judgment"].replace("[[", "").replace("]]", ""), TEN) for row in rows]
    assert all(said in (row["score"], "unparseable-verdict") for said, row in zip(found, rows, strict=True))
    assert found.count("unparseable-verdict") < 10


def test_every_real_bare_rating_is_read() -> None:
    rows = json.loads(real("llmbar/raw_Natural_ChatGPT_Rating.json.gz"))
    said = [result[key][0] for row in rows for result in row["results"] for key in ("score_1", "score_2")]
    assert [value(text, TEN) for text in said] == [int(text) for text in said]


def test_no_real_verdict_on_a_pair_is_taken_for_a_score() -> None:
    rows = json.loads(real("llmbar/raw_Natural_ChatGPT_Swap_CoT.json.gz"))
    said = [side["completion"][0] for row in rows for result in row["results"] for side in result.values()]
    assert {value(text, TEN) for text in said} == {"unparseable-verdict"}


def test_a_fraction_sign_is_no_number_of_its_own() -> None:
    assert value("Score: ½") == "unparseable-verdict"


@pytest.mark.parametrize(
    "beginning", ["score", "score (1-5)", "score:", "4", "[[", "score" + "*" * 50_000, "4" + "*" * 50_000, "{" * 50_000]
)
def test_a_judge_that_loops_is_read_at_once(beginning: str) -> None:
    # Each took minutes when what may stand between a label and its number was tried in every division.
    assert (
        read_verdict(f"{beginning}{' ' * 50_000}x", parse_rubric("helpfulness", built_in()["helpfulness"])).reason
        == "unparseable-verdict"
    )
