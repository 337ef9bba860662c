"""How rows look to a model: the text that a chat template makes of them, by a few templates written out here.

A preview, so that a wrong role or a doubled system text is seen before anything is trained; the trainer renders with
the template of its own model. What is trained on stands between `⟦` and `⟧`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from instgen.export.example import Example
from instgen.export.kinds import Kind
from instgen.records import Message

Template = Callable[[Message], tuple[str, str, str]]
"""What stands before a turn, the turn, and what stands behind it."""


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
    """The texts that a row comes to: one, or one for each of the two answers that it compares."""
    if kind is Kind.PROMPT:
        yield _text(example.prompt, (), template)
        return
    every = range(len(example.prompt) + 1) if kind is Kind.SFT else range(len(example.prompt), len(example.prompt) + 1)
    for answer in (example.answer, example.worse) if kind.compares else (example.answer,):
        yield _text((*example.prompt, Message("assistant", answer)), every, template)


def _text(messages: Sequence[Message], trained: Sequence[int], template: str) -> str:
    """One text; Mistral's has a system text in the first user turn."""
    if template == "mistral" and messages[0].role == "system":
        system, first, *rest = messages
        messages = (Message("user", f"{system.content}\n\n{first.content}"), *rest)
        trained = range(trained[0] - 1, trained[-1]) if trained else ()
    parts = []
    for at, message in enumerate(messages):
        before, said, behind = TEMPLATES[template](message)
        answered = at in trained and message.role == "assistant"
        parts.append(f"{before}⟦{said}{behind.strip()}⟧" if answered else f"{before}{said}{behind}")
    return "".join(parts)
