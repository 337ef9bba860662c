"""JSON out and in, and what an error body says."""

from __future__ import annotations

import pytest

from instgen.errors import ItemFailed
from instgen.teachers.dialect import Complaint, complaint, decode, encode


def test_half_a_surrogate_pair_fails_the_item() -> None:
    with pytest.raises(ItemFailed):
        encode({"prompt": "\ud83d"})


def test_what_is_not_json_decodes_to_nothing() -> None:
    assert decode(b"<html>") is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            {"error": {"message": "no", "type": "t", "code": "c", "param": "p"}},
            Complaint("no", "c", "p"),
        ),
        ({"error": {"message": "no", "type": "t", "code": 400}}, Complaint("no", "t")),
        ({"error": "no"}, Complaint("no")),
        ({"object": "error", "message": "no", "type": "t"}, Complaint("no", "t")),
        (
            {"type": "error", "error": {"type": "rate_limit_error", "message": "no"}},
            Complaint("no", "rate_limit_error"),
        ),
        (
            {"error": {"message": "no", "code": 403, "metadata": {"flagged_input": "x", "provider_name": "p"}}},
            Complaint("no", "content_policy_violation"),
        ),
        ({"detail": "no"}, Complaint("no")),
        ({"detail": [{"loc": ["body", "max_tokens"]}]}, Complaint("[{'loc': ['body', 'max_tokens']}]")),
        (None, Complaint()),
    ],
)
def test_a_complaint_is_read_in_every_shape(body: object, said: Complaint) -> None:
    assert complaint(body) == said
