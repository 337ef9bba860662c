"""OpenAI's conversations, and TRL's."""

from __future__ import annotations

import pytest

from instgen.formats import messages
from instgen.formats.fields import RowError
from instgen.records import Message

ASKED = {"role": "user", "content": "Why?"}
ANSWERED = {"role": "assistant", "content": "Because."}


def test_a_conversation_is_a_record_with_its_strings() -> None:
    (record,) = messages.read({"messages": [ASKED, ANSWERED], "label": True})
    assert (record.instruction, record.output, record.extra) == ("Why?", "Because.", {"label": True})


def test_a_prompt_and_its_completion_are_one_conversation() -> None:
    (record,) = messages.read_prompt({"prompt": [ASKED], "completion": [ANSWERED]})
    assert record.messages == (Message("user", "Why?"), Message("assistant", "Because."))


def test_a_prompt_alone_waits_for_its_output_and_keeps_its_preference() -> None:
    (record,) = messages.read_prompt({"prompt": [ASKED], "chosen": [ANSWERED], "rejected": []})
    assert (record.output, record.extra) == ("", {"chosen": [ANSWERED], "rejected": []})


def test_a_completion_that_is_no_list_of_turns_is_refused() -> None:
    with pytest.raises(RowError, match="`completion` is a string, not a list"):
        messages.read_prompt({"prompt": [ASKED], "completion": "Because."})
