"""What every dialect keeps to, whatever a server sends: ends, answers that are none, usage, and a model by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given

from instgen.errors import ItemFailed, UsageError
from instgen.records import Completion, Finish, Message, Prompt, Usage
from instgen.teachers import anthropic, chat, gemini, openai
from instgen.teachers.dialect import Unusable
from instgen.teachers.teacher import Settings
from instgen.teachers.wire import Dialect, HttpTeacher
from tests.teachers import bodies
from tests.teachers.bodies import JSON

CHAT = Prompt((Message("system", "Be brief."), Message("user", "Hello")))


@dataclass(frozen=True)
class Spoken:
    """A dialect, and how servers speak it."""

    dialect: Dialect
    opened: Callable[[str, Settings], HttpTeacher]
    finishes: Mapping[str, Finish]
    unasked: frozenset[str]
    saying: Callable[..., dict[str, Any]]
    """A reply with a text; `end` and `usage` as keywords."""
    accidents: tuple[object, ...]
    """Ends that another try may change."""
    nothing: tuple[object, ...]
    """Replies without an answer."""
    errors: tuple[object, ...]
    """Replies that say "overloaded"."""
    cut: dict[str, Any]
    """A reply that was cut while the teacher thought."""
    uncounted: tuple[object, ...]
    """Usage without a number that can be believed."""


OPENAI = Spoken(
    openai.DIALECT,
    openai.open,
    chat.FINISHES,
    chat.UNASKED,
    bodies.openai,
    accidents=("abort", "error"),
    nothing=(
        {"choices": None},
        {"choices": []},
        {"choices": [None]},
        {"choices": [{"finish_reason": "stop"}]},
        bodies.openai(None),
    ),
    errors=({"error": {"message": "overloaded"}}, {"error": "overloaded", **bodies.openai()}),
    cut=bodies.openai(None, "length", reasoning_content="well"),
    uncounted=(
        {"prompt_tokens": 9},
        {"prompt_tokens": "9", "completion_tokens": 5},
        {"prompt_tokens": True, "completion_tokens": 5},
        {"prompt_tokens": 2**63, "completion_tokens": 2**63},
    ),
)
ANTHROPIC = Spoken(
    anthropic.DIALECT,
    anthropic.open,
    anthropic.FINISHES,
    anthropic.UNASKED,
    lambda words, **more: bodies.anthropic(bodies.text(words), **more),
    accidents=("compaction", "stop"),
    nothing=({"content": "Hi"}, bodies.anthropic()),
    errors=({"type": "error", "error": {"type": "overloaded_error", "message": "overloaded"}},),
    cut=bodies.anthropic(bodies.thinking("well"), end="max_tokens"),
    uncounted=({"input_tokens": 9}, {"input_tokens": "9", "output_tokens": 5}),
)
UNAVAILABLE = {"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}
GEMINI = Spoken(
    gemini.DIALECT,
    gemini.open,
    gemini.FINISHES,
    gemini.UNASKED,
    lambda words, **more: bodies.gemini({"text": words}, **more),
    accidents=(
        "OTHER",
        "FINISH_REASON_UNSPECIFIED",
        "MALFORMED_RESPONSE",
        "MALFORMED_FUNCTION_CALL",
        "UNEXPECTED_TOOL_CALL",
    ),
    nothing=({"candidates": []}, {"candidates": [None]}, {"promptFeedback": {}}, bodies.gemini()),
    errors=(UNAVAILABLE, [UNAVAILABLE]),
    cut=bodies.gemini({"text": "well", "thought": True}, end="MAX_TOKENS"),
    uncounted=({"candidatesTokenCount": 9}, {"promptTokenCount": "9"}),
)
SPOKEN = (OPENAI, ANTHROPIC, GEMINI)


def each(values: Callable[[Spoken], Iterable[Any]]) -> pytest.MarkDecorator:
    """Every dialect with each of its values."""
    pairs = [(spoken, value) for spoken in SPOKEN for value in values(spoken)]
    return pytest.mark.parametrize(("spoken", "value"), pairs, ids=_provider)


def _provider(value: object) -> str | None:
    return value.dialect.provider if isinstance(value, Spoken) else None


def read(spoken: Spoken, reply: object) -> Completion:
    return spoken.dialect.read(reply, CHAT)


@each(lambda spoken: spoken.finishes.items())
def test_every_known_end_has_a_finish(spoken: Spoken, value: tuple[str, Finish]) -> None:
    end, finish = value
    assert read(spoken, spoken.saying("Hi", end=end)) == Completion("Hi", finish, usage=Usage(7, 3))


@each(lambda spoken: sorted(spoken.unasked))
def test_an_end_that_no_try_would_change_fails_the_item_for_good(spoken: Spoken, value: str) -> None:
    with pytest.raises(ItemFailed) as caught:
        read(spoken, spoken.saying("Hi", end=value))
    assert not isinstance(caught.value, Unusable)


@each(lambda spoken: (*spoken.accidents, None, "", 7, ["stop"]))
def test_an_end_by_accident_is_worth_one_more_try(spoken: Spoken, value: object) -> None:
    with pytest.raises(Unusable) as caught:
        read(spoken, spoken.saying("Hi", end=value))
    assert caught.value.tries == 2


@each(lambda spoken: (*spoken.nothing, None, [], {}))
def test_a_reply_without_an_answer_is_unusable(spoken: Spoken, value: object) -> None:
    with pytest.raises(Unusable):
        read(spoken, value)


@each(lambda spoken: spoken.errors)
def test_an_error_in_the_reply_is_told(spoken: Spoken, value: object) -> None:
    with pytest.raises(Unusable, match="overloaded"):
        read(spoken, value)


@pytest.mark.parametrize("spoken", SPOKEN, ids=_provider)
def test_an_empty_answer_is_an_answer(spoken: Spoken) -> None:
    assert read(spoken, spoken.saying("")).text == ""


@pytest.mark.parametrize("spoken", SPOKEN, ids=_provider)
def test_thinking_that_ate_the_whole_limit_is_a_cut_answer(spoken: Spoken) -> None:
    assert read(spoken, spoken.cut) == Completion("", "length", reasoning="well", usage=Usage(7, 3))


@each(lambda spoken: (*spoken.uncounted, None, {}))
def test_missing_usage_is_estimated_and_marked(spoken: Spoken, value: object) -> None:
    assert read(spoken, spoken.saying("12345678", usage=value)).usage == Usage(4, 2, estimated=True)


@pytest.mark.parametrize("spoken", SPOKEN, ids=_provider)
@given(JSON, JSON, JSON)
def test_no_reply_whatever_is_a_crash(spoken: Spoken, words: object, usage: object, end: object) -> None:
    known = next(iter(spoken.finishes))
    for reply in (words, {"error": words}, spoken.saying(words, usage=usage, end=known), spoken.saying("Hi", end=end)):
        try:
            assert isinstance(read(spoken, reply).text, str)
        except ItemFailed:
            continue


@pytest.mark.parametrize("spoken", SPOKEN, ids=_provider)
@given(JSON)
def test_no_complaint_whatever_is_a_crash(spoken: Spoken, value: object) -> None:
    parts = ("message", "detail", "details", "code", "type", "status", "param", "metadata")
    shaped = [{"error": {part: value}} for part in parts]
    for body in (value, {"error": value}, {"message": value}, {"detail": value}, {"code": value}, *shaped):
        said = spoken.dialect.complaint(body)
        assert all(isinstance(words, str) for words in (said.message, said.code, said.parameter))
        assert spoken.dialect.wait(body) is None


@pytest.mark.parametrize("spoken", [ANTHROPIC, GEMINI], ids=_provider)
@pytest.mark.parametrize(
    "prompt",
    [Prompt(text="Once"), Prompt((Message("system", "Be brief."),)), Prompt((Message("tool", "4"), *CHAT.messages))],
)
def test_a_prompt_that_does_not_fit_fails_the_item(spoken: Spoken, prompt: Prompt) -> None:
    with pytest.raises(ItemFailed):
        spoken.dialect.body("m", prompt)


@pytest.mark.parametrize("spoken", SPOKEN, ids=_provider)
def test_a_model_must_be_named(spoken: Spoken) -> None:
    with pytest.raises(UsageError, match="needs a model"):
        spoken.opened("", Settings())
