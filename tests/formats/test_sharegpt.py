"""ShareGPT's conversations."""

from __future__ import annotations

import pytest

from instgen.formats import sharegpt
from instgen.formats.fields import RowError
from instgen.formats.record import to_row
from instgen.records import Message

ASKED = {"from": "human", "value": "Why?"}
ANSWERED = {"from": "gpt", "value": "Because."}


def test_turns_become_messages_with_our_roles() -> None:
    (record,) = sharegpt.read({"id": "c1", "conversations": [ASKED, ANSWERED]})
    assert record.messages == (Message("user", "Why?"), Message("assistant", "Because."))


def test_what_is_written_has_our_names_for_keys_and_roles() -> None:
    (record,) = sharegpt.read({"conversations": [ASKED | {"weight": 0}]})
    assert to_row(record)["messages"] == [{"role": "user", "content": "Why?", "weight": 0}]


def test_the_conversation_is_not_written_twice() -> None:
    (record,) = sharegpt.read({"conversations": [ASKED, ANSWERED], "tools": "[]"})
    assert record.extra == {"tools": "[]"}


def test_turns_with_openais_keys_are_taken() -> None:
    (record,) = sharegpt.read({"conversations": [{"role": "user", "content": "Why?"}]})
    assert record.instruction == "Why?"


def test_a_system_string_beside_the_turns_becomes_the_first_message() -> None:
    (record,) = sharegpt.read({"conversations": [ASKED], "system": "Be kind."})
    assert record.messages[0] == Message("system", "Be kind.")


def test_an_unknown_speaker_is_refused_with_the_known_ones() -> None:
    with pytest.raises(RowError) as caught:
        sharegpt.read({"conversations": [{"from": "narrator", "value": "x"}]})
    assert "observation" in caught.value.hint
