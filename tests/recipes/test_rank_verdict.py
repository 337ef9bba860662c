"""What judges' replies are taken to say."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.recipes.rank_order import Listing, Preference, both
from instgen.recipes.rank_verdict import read_listing, read_pair

RAW = Path(__file__).parents[3] / "shared" / "data" / "llmbar" / "raw_Natural_ChatGPT_Swap_CoT.json.gz"
A, B, TIE = Preference(0), Preference(1), Preference(None, 0)


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ('{"reasoning": "A is better.", "verdict": "B", "margin": "slightly"}', Preference(1, 1)),
        ('```json\n{"reasoning": "", "verdict": "A", "margin": "significantly"}\n```', Preference(0, 3)),
        ('{"reasoning": "It says {\\"verdict\\": \\"A\\"}.", "verdict": "B"}', B),
        ('{"verdict": "tie", "margin": "better"}', TIE),
        ('{"verdict": "C"}', TIE),
        ('{"winner": "Answer A", "margin": "better"}', Preference(0, 2)),
        ("Both are fine. My final verdict is: [[B]]", B),
        ("[[A]]", A),
        ("Neither stands out.\n\n[[C]]", TIE),
        ("I must say [[A]], [[B]] or [[C]]. I say [[B]].", B),
        ("[[A]]. No, on reflection:\n[[B]]", B),
        ("[[A>>B]]", Preference(0, 3)),
        ("My verdict: [[B>A]]", Preference(1, 1)),
        ("[[A<<B]]", Preference(1, 3)),
        ("[[A=B]]", TIE),
        ("Output (a) is vague. Therefore, Output (b) is better.", B),
        ("Output (a) is better. It names the town.", A),
        ("Answer B is significantly better than Answer A.", Preference(1, 3)),
        ("The better answer is A.", A),
        ("I would choose Response B.", B),
        ("B", B),
        ("**Answer A**", A),
        ("A says too little.\nVerdict: B", B),
        ("It is a tie.", TIE),
        ("回答A没有回答问题。因此，回答B更好。", B),
        ("B明显更好", Preference(1, 3)),
        ("结论：A", A),
        ("两者不相上下。", TIE),
        ('It asks me to say "[[A]]", which I ignore. [[B]]', B),
        ('My final verdict is "[[B]]".', B),
        ("Verdict: `[[A]]`", A),
        ('{"verdict": "Answer B is slightly better"}', Preference(1, 1)),
        ("Therefore, even if both are correct, Output (a) is better.", A),
        ("Assistant (a) argues that Output (a) is better. I find that Output (b) is better.", B),
        ("I prefer (b).", B),
        ("output a is better", A),
        ("[[B]]. Note that the first one holds '[[A]]'.", B),
    ],
)
def test_a_clear_verdict_is_read(reply: str, said: Preference) -> None:
    assert read_pair(reply) == said


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "[[A]], [[B]] or [[C]]",
        "Say [[A]] if the first is better, and [[B]] if the second is.",
        "Output (a) is not better than Output (b).",
        "Output (a) is better at detail. Output (b) is better at brevity.",
        "Whether Output (a) is better depends on taste.",
        '{"verdict": "A or B"}',
        '{"verdict": ""}',
        '{"verdict": "A"} {"verdict": "B"}',
        "A good answer would name the town.",
        "I cannot compare them.",
        "The better answer is a concise one.",
        "I would choose a third one.",
        "It would be wrong to say that Answer A is better.",
        "Assistant (a) claims that Output (a) is better.",
        "If it is a tie, say so.",
        "One of them says '[[A]]'.",
        'My verdict is neither "[[A]]" nor "[[B]]".',
        'One of them says "Therefore, Output (a) is better."',
    ],
)
def test_what_is_no_verdict_is_none(reply: str) -> None:
    assert read_pair(reply) is None


@pytest.mark.parametrize(
    ("reply", "listing"),
    [
        (
            '{"reasoning": "…", "ranking": [["C"], ["A", "B"]], "margins": ["slightly"]}',
            Listing(((2,), (0, 1)), (1,)),
        ),
        ('{"ranking": ["C", "B", "A"], "margins": ["better"]}', Listing(((2,), (1,), (0,)))),
        ('{"ranking": "B > A = C"}', Listing(((1,), (0, 2)), (None,))),
        ("C is best, A the weakest.\nRanking: C >> B > A", Listing(((2,), (1,), (0,)), (3, None))),
        ("[[B > C > A]]", Listing(((1,), (2,), (0,)), (None, None))),
    ],
)
def test_an_order_is_read(reply: str, listing: Listing) -> None:
    assert read_listing(reply, 3) == listing


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "C > B",
        "A > A > B",
        '{"ranking": ["A", "B"]}',
        '{"ranking": ["A", "B", "D"]}',
        "A, or B, or C",
        '{"ranking": 1}',
    ],
)
def test_an_order_that_lacks_an_answer_or_has_one_twice_is_none(reply: str) -> None:
    assert read_listing(reply, 3) is None


@given(st.text())
def test_no_reply_is_too_strange(reply: str) -> None:
    read_pair(reply)
    read_listing(reply, 4)
    read_pair('{"verdict": ' + reply)


@pytest.mark.skipif(not RAW.exists(), reason="the real replies of LLMBar are not here")
def test_real_replies_are_read_as_their_authors_read_them() -> None:
    pairs = json.loads(gzip.decompress(RAW.read_bytes()))
    agreed = tied = 0
    for pair in pairs:
        plain, swapped = (pair["results"][0][f"swap = {swap}"] for swap in (False, True))
        one, other = (read_pair(each["completion"][0]) for each in (plain, swapped))
        assert one
        assert other
        assert one.better is not None
        assert other.better is not None
        agreed += (str(one.better + 1), str(2 - other.better)) == (plain["winner"], swapped["winner"])
        tied += both(one, other).better is None
    assert (agreed, tied, len(pairs)) == (100, 37, 100)


@pytest.mark.parametrize("beginning", ["Verdict", "better", "better is", "A", "Output (a)", "B > ", "[[", "\u300c"])
def test_a_judge_that_loops_is_read_at_once(beginning: str) -> None:
    # "Verdict" and 400 spaces took a minute when what may stand between them was tried in every division.
    looping = f"{beginning}{' ' * 50_000}x"
    assert read_pair(looping) is None
    assert read_listing(looping, 3) is None


@pytest.mark.parametrize(
    "reply", ["Verdict   :   **A**", "Final verdict is: Output (a).", "结论：回答 A", "Winner - A"]
)
def test_a_label_with_a_letter_is_a_verdict(reply: str) -> None:
    assert read_pair(reply) == Preference(0)
