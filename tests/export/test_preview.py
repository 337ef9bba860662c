"""The preview of a chat template."""

from __future__ import annotations

import pytest

from instgen.export.example import Example
from instgen.export.kinds import Kind
from instgen.export.preview import TEMPLATES, rendered
from instgen.records import Message, Record

PROMPT = (Message("system", "Be."), Message("user", "Hi"))
ONE = Example(Record("Hi"), PROMPT, "Yes.", "No.")


def test_chatml_marks_what_is_trained_on() -> None:
    assert list(rendered(ONE, Kind.SFT, "chatml")) == [
        "<|im_start|>system\nBe.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n⟦Yes.<|im_end|>⟧"
    ]


def test_a_pair_is_two_texts_and_a_prompt_has_nothing_to_train_on() -> None:
    assert [text[-17:] for text in rendered(ONE, Kind.DPO, "chatml")] == ["\n⟦Yes.<|im_end|>⟧", "t\n⟦No.<|im_end|>⟧"]
    assert "⟦" not in next(rendered(ONE, Kind.PROMPT, "chatml"))


def test_every_answer_of_a_conversation_is_trained_on() -> None:
    more = Example(Record("Hi"), (*PROMPT, Message("assistant", "A"), Message("user", "B")), "C")
    for template in TEMPLATES:
        assert next(rendered(more, Kind.SFT, template)).count("⟦") == 2
        assert next(rendered(more, Kind.KTO, template)).count("⟦") == 1


def test_mistral_has_the_system_text_in_the_first_question() -> None:
    assert next(rendered(ONE, Kind.SFT, "mistral")) == "[INST] Be.\n\nHi[/INST]⟦Yes.</s>⟧"


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_shows_every_text(template: str) -> None:
    text = next(rendered(ONE, Kind.SFT, template))
    assert all(said in text for said in ("Be.", "Hi", "Yes."))
