"""Previews of rows as a model sees them: the text that a chat template makes, for a few templates defined here.

A preview shows a wrong role or a duplicated system text before training starts. It is only an approximation, as the
trainer uses the template of its own model. Text that is trained on is between `⟦` and `⟧`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from instgen.export.example import Example
from instgen.export.kinds import Kind
from instgen.records import Message

Template = Callable[[Message], tuple[str, str, str]]
"""Splits a turn into the text before its content, the content, and the text after it."""


def _chatml(message: Message) -> tuple[str, str, str]:
    return f"<|im_start|>{message.role}\n", message.content, "<|im_end|>\n"


def _llama3(message: Message) -> tuple[str, str, str]:
    return f"<|start_header_id|>{message.role}<|end_header_id|>\n\n", message.content.strip(), "<|eot_id|>"


def _mistral(message: Message) -> tuple[str, str, str]:
    if message.role == "assistant":
        return "", message.content, "</s>"
    return "[INST] ", message.content, "[/INST]"


TEMPLATES: Mapping[str, Template] = MappingProxyType({"chatml": _chatml, "llama3": _llama3, "mistral": _mistral})


def rendered(example: Example, kind: Kind, template: str) -> Iterator[str]:
    """The rendered texts of a row: one, or one for each of the two answers that it compares."""
    if kind is Kind.PROMPT:
        yield _text(example.prompt, (), template)
        return
    every = range(len(example.prompt) + 1) if kind is Kind.SFT else range(len(example.prompt), len(example.prompt) + 1)
    for answer in (example.answer, example.worse) if kind.compares else (example.answer,):
        yield _text((*example.prompt, Message("assistant", answer)), every, template)


def _text(messages: Sequence[Message], trained: Sequence[int], template: str) -> str:
    """Render the messages; Mistral's template puts the system text into the first user turn."""
    if template == "mistral" and messages[0].role == "system":
        system, first, *rest = messages
        messages = (Message("user", f"{system.content}\n\n{first.content}"), *rest)
        trained = range(trained[0] - 1, trained[-1]) if trained else ()
    parts = []
    for at, message in enumerate(messages):
        before, content, after = TEMPLATES[template](message)
        is_trained = at in trained and message.role == "assistant"
        parts.append(f"{before}⟦{content}{after.strip()}⟧" if is_trained else f"{before}{content}{after}")
    return "".join(parts)
