"""Rules about a conversation as a whole, after the cleaning of Vicuna's data (FastChat, `fastchat/data`).

They find nothing in a record that is not a conversation. Differences from FastChat: turns are judged, never removed;
the user may mention a product, only an answer may not; a list may restart under another heading, but not with two
consecutive items; nothing is rejected because of how its HTML parses.
"""

from __future__ import annotations

import re

from instgen.filters.rule import Check, Hit, Rule, excerpt, measuring
from instgen.records import Record

_SPOKEN = ("user", "assistant")


def _no_exchange(record: Record) -> Hit | None:
    if not record.messages:
        return None
    roles = [message.role for message in record.messages]
    if "user" in roles and "assistant" in roles[roles.index("user") :]:
        return None
    return Hit(excerpt(record.messages[0].content), " ".join(roles[:8]))


NO_EXCHANGE = Rule(
    "no-exchange",
    "no-exchange",
    "The conversation has no question followed by an answer.",
    _no_exchange,
)


def _turn_order(record: Record) -> Hit | None:
    """Tool turns may occur anywhere; a system turn only at the beginning."""
    before = "assistant"
    for number, message in enumerate(record.messages, 1):
        misplaced = message.role == "system" and number > 1
        if misplaced or (message.role in _SPOKEN and message.role == before):
            return Hit(excerpt(message.content), f"turn {number}: {message.role}")
        if message.role in _SPOKEN:
            before = message.role
        elif message.role == "tool":
            before = "user"
    return None


TURN_ORDER = Rule(
    "turn-order",
    "turn-order",
    "User and assistant turns do not alternate, or the user does not begin, or a system turn is not the first turn.",
    _turn_order,
)


def _empty_turn(record: Record) -> Hit | None:
    for number, message in enumerate(record.messages, 1):
        if message.role in _SPOKEN and not message.content.strip(_INVISIBLE):
            return Hit(excerpt(message.content), f"turn {number}: {message.role}")
    return None


_INVISIBLE = " \t\r\n\u00a0\u00ad\u200b\u200c\u200d\u2060\u3000\ufeff"

EMPTY_TURN = Rule("empty-turn", "empty-turn", "A turn of the conversation is empty.", _empty_turn)


def _shorter_than(limit: float) -> Check:
    def check(record: Record) -> Hit | None:
        texts = [message.content for message in record.messages if message.role in _SPOKEN]
        size = sum(map(len, texts))
        return Hit(excerpt(" ".join(texts)), size) if texts and size < limit else None

    return check


SHORT = measuring(
    "short-conversation",
    "short-conversation",
    "The turns of the conversation have fewer characters in all than this.",
    _shorter_than,
    16,
)
"""16 characters, as in FastChat."""


def _in_answers(pattern: re.Pattern[str]) -> Check:
    def check(record: Record) -> Hit | None:
        for message in record.messages:
            if message.role == "assistant" and (found := pattern.search(message.content)):
                return Hit(excerpt(message.content, found.start(), found.end()))
        return None

    return check


LIMIT_NOTICE = Rule(
    "limit-notice",
    "limit-notice",
    "An answer of the conversation is a service's notice of a rate limit or a lost connection.",
    _in_answers(
        re.compile(
            r"\A\W{0,4}(?:too many requests\b"
            r"|you(?:'ve| have) (?:reached|exceeded) (?:your|the) (?:\w{1,20} )?(?:limit|quota)"
            r"|rate limit (?:reached|exceeded)|(?:there was an error generating a response|network error)\W*\Z)",
            re.I,
        )
    ),
)

PAGE_LEFTOVERS = Rule(
    "page-leftovers",
    "page-leftovers",
    "An answer of the conversation contains leftovers of a chat page: a copy button, a counter, its tags.",
    _in_answers(
        re.compile(
            r"^[\w+#.-]{0,20}copy code|\A\s*\d{1,3} / \d{1,3}\s*\n|^copy\d+ chars\b"
            r"|\A\s*<div class=.(?:markdown|prose|flex|min-h)",
            re.I | re.M,
        )
    ),
)
"""FastChat strips these; here, a row is judged and never rewritten."""

VENDOR = Rule(
    "vendor-mention",
    "vendor-mention",
    "An answer of the conversation names OpenAI or ChatGPT.",
    _in_answers(re.compile(r"open ?ai\b|chat ?gpt", re.I)),
)

RESTARTED_LIST = Rule(
    "restarted-list",
    "restarted-list",
    "An answer of the conversation numbers two consecutive items 1.",
    _in_answers(re.compile(r"^1[.)] [^\n]*\n{1,2}1[.)] ", re.M)),
)

CONVERSATION_RULES: tuple[Rule, ...] = (
    NO_EXCHANGE,
    TURN_ORDER,
    EMPTY_TURN,
    SHORT,
    LIMIT_NOTICE,
    PAGE_LEFTOVERS,
    VENDOR,
    RESTARTED_LIST,
)
"""In the order in which they are applied."""
