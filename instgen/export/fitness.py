"""Decides whether an example fits a layout: one that would lose data or be silently misread is rejected with a reason.

`REASONS` lists all reasons of an export, including those of `example`; docs/export.md has the same list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from instgen.export.example import Example
from instgen.export.format import Layout
from instgen.export.kinds import Kind
from instgen.records import Record, Verdict

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "no-answer": "there is no answer to train on",
        "bad-answer": "the row's own `label` is false: it is an example of what not to learn",
        "no-preference": "no two answers of which one is better: neither ranked candidates nor `chosen` and `rejected`",
        "no-label": "neither a `label` nor ranked candidates say whether the answer is good",
        "tie": "the answers have the same rank",
        "close": "the margin between the answers is smaller than --min-margin, or unknown",
        "same-answers": "the better and the worse answer are the same text",
        "malformed": "`chosen`, `rejected` or `label` has an unexpected type",
        "tools": "tools are declared or used, which text turns cannot represent",
        "media": "there are images, videos or sounds",
        "turn-order": "the turns do not alternate, do not begin with the user, or end with the wrong side",
        "empty-turn": "a turn has no text",
        "several-turns": "the format holds one question and its answer, and this is a conversation",
        "system-text": "the format has no place for a system text",
        "weight": "a turn is excluded from training, which the format cannot express",
        "bad-line": "the line is not a row (with --on-bad-line skip)",
    }
)

MEDIA = ("images", "videos", "audios", "image", "audio", "video")
TOOLS = ("tools", "functions")
_NO_TOOLS = ("[]", "null", "none", "")
WEIGHTS = ("weight", "loss_weight", "loss")


def unfit(example: Example, layout: Layout, kind: Kind) -> Verdict | None:
    """The verdict on the first thing in an example that the layout cannot represent; None if it fits."""
    return next(_objections(example, layout, kind), None)


def _objections(example: Example, layout: Layout, kind: Kind) -> Iterator[Verdict]:
    record = example.record
    if (medium := next((key for key in MEDIA if record.extra.get(key)), None)) is not None:
        yield Verdict("media", evidence=medium)
    if _uses_tools(record):
        yield Verdict("tools")
    turns = example.prompt if kind is Kind.PROMPT else example.conversation
    if not all(message.content.strip() for message in turns):
        yield Verdict("empty-turn")
    roles = [message.role for message in example.prompt]
    if (roles[-1:] != ["user"]) or (layout.alternating and not _alternates(roles)):
        yield Verdict("turn-order", evidence=" ".join(roles)[:80])
    if not layout.conversations and not example.single:
        yield Verdict("several-turns")
    if not layout.system and any(role == "system" for role in roles):
        yield Verdict("system-text")
    if not layout.weights and 0 in weights_of(record).values():
        yield Verdict("weight")


def weights_of(record: Record) -> dict[int, float]:
    """The training weights of assistant turns, by index; turns without a weight are omitted."""
    turns = record.extra.get("messages")
    if not isinstance(turns, list) or len(turns) != len(record.messages):
        return {}
    return {
        at: float(turn[key])
        for at, (turn, message) in enumerate(zip(turns, record.messages, strict=True))
        for key in WEIGHTS
        if message.role == "assistant" and isinstance(turn.get(key), bool | int | float)
    }


def _uses_tools(record: Record) -> bool:
    declared = (record.extra.get(key) for key in TOOLS)
    if any(value and not (isinstance(value, str) and value.strip().lower() in _NO_TOOLS) for value in declared):
        return True
    return any(message.role == "tool" for message in record.messages)


def _alternates(roles: list[str]) -> bool:
    """Whether the roles are user, assistant, user and so on, after at most one system turn."""
    turns = roles[1:] if roles[0] == "system" else roles
    return all(role == ("user", "assistant")[at % 2] for at, role in enumerate(turns))
