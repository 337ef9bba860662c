"""Rates with what a sample can say of the rest."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.records import Candidate, Record, Step, writers
from instgen.scores.family import family_of, same_family
from instgen.scores.rates import Z, wilson


@pytest.mark.parametrize(
    ("ones", "judged", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (116, 200, 0.5107, 0.6463), (0, 0, 0, 1)],
)
def test_known_intervals(ones: int, judged: int, low: float, high: float) -> None:
    assert (wilson(ones, judged).low, wilson(ones, judged).high) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 2000).flatmap(lambda judged: st.tuples(st.integers(0, judged), st.just(judged))))
def test_the_ends_are_where_the_score_test_just_rejects(counted: tuple[int, int]) -> None:
    ones, judged = counted
    share, found = ones / judged, wilson(ones, judged)
    assert 0 <= found.low <= share <= found.high <= 1
    for end in (found.low, found.high):
        if 0 < end < 1:
            assert (share - end) ** 2 == pytest.approx(Z * Z * end * (1 - end) / judged, rel=1e-6)


@pytest.mark.parametrize(
    ("teacher", "family"),
    [
        ("openai/gpt-5-mini", "gpt"),
        ("openai/o3", "gpt"),
        ("openai/chatgpt-4o-latest", "gpt"),
        ("openai/Qwen/Qwen3-8B", "qwen"),
        ("openai/meta-llama/Llama-3.1-8B-Instruct", "llama"),
        ("anthropic/claude-sonnet-4", "claude"),
        ("gemini/gemini-2.5-flash", "gemini"),
        ("local/SmolLM2-135M-Instruct", "smollm"),
        ("scripted/rules.jsonl", "scripted/rules.jsonl"),
        ("local/123.gguf", "local/123.gguf"),
    ],
)
def test_a_teachers_family(teacher: str, family: str) -> None:
    assert family_of(teacher) == family


def test_only_a_known_teacher_is_kin() -> None:
    assert same_family("openai/gpt-5", "openai/o3")
    assert not same_family("openai/gpt-5", "anthropic/claude-sonnet-4")
    assert not same_family("openai/gpt-5", "")


def test_a_judge_has_written_nothing_of_what_it_judged() -> None:
    steps = tuple(Step(command, teacher=f"openai/{command}") for command in ("respond", "score", "rank"))
    record = Record("Name a tree.", candidates=(Candidate("The oak.", "local/a"), Candidate("The fir.")))
    assert writers(replace(record, origin=steps[:3])) == {"openai/respond", "local/a"}
