"""Summaries and rejects: what is read of them, and what is refused."""

from __future__ import annotations

import pytest

from instgen.report.funnel import Rejects, stage_of
from instgen.report.survey import Survey

ASKED = {"command": "evolve", "read": 3, "kept": 2, "teacher": "openai/x", "cost": 0.5}


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"command": "x", "read": 1, "kept": "a lot"},
        {"command": "x", "read": True, "kept": 1},
        {"command": 3, "read": 1, "kept": 1},
    ],
)
def test_what_is_no_summary_is_refused(row: dict[str, object]) -> None:
    assert stage_of(row) is None


def test_odd_values_beside_the_counts_are_left_out() -> None:
    stage = stage_of({**ASKED, "reasons": {"a": "b"}, "records": "many", "prompt_tokens": None, "cost": "dear"})
    assert stage
    assert (stage.reasons, stage.records, stage.tokens, stage.cost) == ({"a": 0}, None, 0, None)


def test_a_cost_that_is_known_in_part_is_unknown() -> None:
    known, unknown = stage_of(ASKED), stage_of({**ASKED, "cost_known": False})
    assert known
    assert unknown
    assert Survey().numbers([], [known]).cost == 0.5
    assert Survey().numbers([], [known, unknown]).cost is None


def test_clusters_count_the_rows_that_were_too_near() -> None:
    rejects = Rejects()
    for kept, rows in (("a", 2), ("b", 12)):
        for number in range(rows):
            near = {"id": kept, "similarity": 0.9, "text": f"kept {kept}"}
            verdict = {"stage": "filter", "reason": "near-duplicate", "near": near}
            assert rejects.add({"instruction": f"copy {number}", "rejected": verdict})
    assert [(cluster.text, cluster.rows) for cluster in rejects.clusters()] == [("kept b", 12), ("kept a", 2)]
    assert rejects.counts == {("filter", "near-duplicate"): 14}
