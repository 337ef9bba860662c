"""Whatever a judge replies is a verdict on its scale, or none."""

from __future__ import annotations

from collections.abc import Sequence

from instgen.recipes.rank_verdict import read_listing, read_pair
from instgen.recipes.verdict import ReadVerdict, read_scores, read_verdict
from instgen.scores.find import built_in
from instgen.scores.rubric import Rubric, Scale, parse_rubric
from tests.fuzz import inputs
from tests.fuzz.fuzzing import fuzzed, moment
from tests.fuzz.texts import replies, runs

RUBRICS = inputs.sampled_from([parse_rubric(name, text) for name, text in sorted(built_in().items())])
SCALES = inputs.sampled_from(
    [
        (Scale("score", 1, 5),),
        (Scale("quality", 0, 100, may_not_apply=True),),
        (Scale("right", 0, 1), Scale("accuracy", -3, 3)),
    ]
)


def judge(reply: str, rubric: Rubric, scales: tuple[Scale, ...], size: int) -> None:
    """Read a reply as any judge's, and look whether what it says can be."""
    check(read_verdict(reply, rubric), rubric.scales)
    check(read_scores(reply, scales), scales)
    preference = read_pair(reply)
    assert preference is None or preference.better in (None, 0, 1)
    listing = read_listing(reply, size)
    assert listing is None or sorted(place for group in listing.groups for place in group) == list(range(size))
    assert listing is None or len(listing.margins) in (0, len(listing.groups) - 1)


def check(read: ReadVerdict, scales: Sequence[Scale]) -> None:
    """Whether each score is on its scale."""
    if read.reason:
        return
    assert set(read.values) == {scale.name for scale in scales}
    for scale in scales:
        value = read.values[scale.name]
        assert scale.may_not_apply if value is None else scale.least <= value <= scale.most


@fuzzed(reply=replies, rubric=RUBRICS, scales=SCALES, size=inputs.integers(2, 9))
def test_no_reply_breaks_a_judges_reader(reply: str, rubric: Rubric, scales: tuple[Scale, ...], size: int) -> None:
    with moment():
        judge(reply, rubric, scales, size)


@fuzzed(reply=runs, rubric=RUBRICS, scales=SCALES)
def test_no_reply_holds_a_judges_reader_up(reply: str, rubric: Rubric, scales: tuple[Scale, ...]) -> None:
    with moment():
        judge(reply, rubric, scales, 3)
