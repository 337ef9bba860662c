"""Checks on each turn that `converse` adds, applied before the next turn is requested.

The rule: a bad turn is never written. An answer must also pass the rules for answers that other commands apply and
those of the `conversations` preset, so that the output of `converse` passes `filter --preset conversations`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from instgen.filters import ANSWER_RULES, INSTRUCTION_RULES, first_failing
from instgen.filters.conversation import CONVERSATION_RULES
from instgen.filters.language import speaks_of_language
from instgen.filters.phrases import plain
from instgen.filters.refusal import REFUSAL, SELF_IDENTIFICATION
from instgen.filters.rule import excerpt
from instgen.filters.rulebook import STANDING_ALONE
from instgen.records import Completion, Message, Record, Verdict
from instgen.text.language import letters, prose
from instgen.text.rouge import rouge_l
from instgen.text.tokens import tokens
from instgen.text.written import script

REPEATED = 0.8
"""The ROUGE-L F with an earlier turn above which a turn repeats it. This number and those below are our choice."""
LEAST_REPEATED = 10
"""The fewest tokens for which similarity counts; shorter turns are repetitions only if they are identical."""
LEAST_SAME = 4
"""The fewest tokens for which an identical answer is a repetition; "Yes, it is." may occur twice."""
LEAST_LETTERS = 10
"""The fewest letters by which a turn's script can be told; a Han, kana or Hangul character counts as three."""
ENOUGH = 1000
"""Characters of a turn that are examined to determine its script."""

_FINISHES: Mapping[str, str] = MappingProxyType({"length": "truncated", "refusal": "refusal"})
_WHOLE_CONVERSATION = frozenset({"no-exchange", "turn-order", "short-conversation"})
_EXCHANGE = tuple(rule for rule in CONVERSATION_RULES if rule.name not in _WHOLE_CONVERSATION)
_ANSWER = tuple(rule for rule in ANSWER_RULES if rule.name not in STANDING_ALONE)
_QUESTION = tuple(rule for rule in INSTRUCTION_RULES if rule.name not in STANDING_ALONE)
_RELATED = frozenset({"han", "kana"})

_LEAK = re.compile(
    r"^[ \t>*_#\[<|【]*(?:user|human|assistant|chatgpt|用户|人类|助手|助理)"
    r"(?:[ \t]*[(（][^)）\n]{0,30}[)）])?[\]>|*_】 \t]*[:：]"
    r"|<\|(?:im_start|im_end|user|assistant|system|endoftext)[^>\n]{0,20}>|\[/?INST\]",
    re.IGNORECASE | re.MULTILINE,
)
_AS_ASSISTANT: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "en": (
            r"(?:sure|certainly|of course|absolutely|great question)[,!.:]",
            r"here(?:'s| is| are) (?:a|an|the|some|your|my)\b",
            r"(?:how|what) (?:can|may) i (?:help|assist)",
            r"i(?:'m| am) (?:glad|happy|here|pleased) to (?:help|assist)",
            r"i hope (?:this|that) (?:helps|answers)",
            r"you(?:'re| are) (?:very )?welcome",
            r"(?:i'm|i am) (?:very |so )?sorry,? (?:but )?i (?:can't|cannot|am (?:not able|unable))",
            r"(?:is there|do you have) (?:anything|any) (?:else|other|further|more)\b.{0,30}"
            r"\b(?:i can (?:help|do|assist)|questions|you(?:'d| would) like)",
        ),
        "zh": (
            r"(?:好的|当然)[，,。!！]?(?:以下|这是|下面)",
            r"(?:请问)?(?:还)?有什么(?:我)?(?:可以|能)(?:够)?帮",
            r"希望(?:这|以上|我的).{0,8}帮助",
            r"(?:抱歉|对不起)[，,]?我(?:不能|无法)",
            r"不客气|很高兴(?:能)?(?:为您|帮)|还有(?:其他|别的)问题吗",
        ),
    }
)
"""Openings that an assistant uses and a user does not, by language (regular expressions)."""
_SPEAKS_AS_ASSISTANT = re.compile("|".join(way for ways in _AS_ASSISTANT.values() for way in ways))


def bad_question(content: str, reply: Completion, before: Sequence[Message]) -> Verdict | None:
    """The first thing wrong with a simulated user's turn; None if it is good."""
    if verdict := _bad_turn(content, reply, before, "user"):
        return verdict
    opening = plain(content[:200].lstrip())
    if found := _SPEAKS_AS_ASSISTANT.match(opening):
        return Verdict("role-swap", "user", evidence=excerpt(opening, 0, found.end()))
    spoken = Record("", output=content)
    return first_failing(spoken, (REFUSAL, SELF_IDENTIFICATION)) or first_failing(Record(content), _QUESTION)


def bad_answer(content: str, reply: Completion, before: Sequence[Message]) -> Verdict | None:
    """The first thing wrong with an assistant's turn; None if it is good. The last turn of `before` is the question."""
    if verdict := _bad_turn(content, reply, before, "assistant"):
        return verdict
    question = before[-1]
    exchange = Record(question.content, output=content, messages=(question, Message("assistant", content)))
    return first_failing(exchange, _EXCHANGE) or first_failing(exchange, _ANSWER)


def _bad_turn(content: str, reply: Completion, before: Sequence[Message], role: str) -> Verdict | None:
    if reason := _FINISHES.get(reply.finish):
        return Verdict(reason, "finish", role, evidence=excerpt(content))
    if not any(map(str.isalnum, content)):
        return Verdict("empty-turn", role, evidence=excerpt(content))
    return _leaked(content, before, role) or _repeated(content, before, role) or _other_script(content, before, role)


def _leaked(content: str, before: Sequence[Message], role: str) -> Verdict | None:
    """A speaker's label at the start of a line, or a chat template's token.

    If an earlier turn has one, such labels are the topic, and nothing is wrong.
    """
    found = _LEAK.search(content)
    if found is None or any(_LEAK.search(turn.content) for turn in before):
        return None
    return Verdict("role-leak", role, evidence=excerpt(content, found.start(), found.end()))


def _repeated(content: str, before: Sequence[Message], role: str) -> Verdict | None:
    mine = tokens(content)
    for number, turn in enumerate(before, 1):
        if turn.role == "system":
            continue
        if mine == tokens(turn.content):
            if role == "user" or len(mine) >= LEAST_SAME:
                return Verdict("repeated-turn", role, 1.0, REPEATED, f"turn {number}: {excerpt(content)}")
        elif len(mine) >= LEAST_REPEATED and (likeness := rouge_l(content, turn.content)) > REPEATED:
            return Verdict("repeated-turn", role, round(likeness, 3), REPEATED, f"turn {number}: {excerpt(content)}")
    return None


def _other_script(content: str, before: Sequence[Message], role: str) -> Verdict | None:
    """A turn in another script than the question it follows, unless a user turn is about languages.

    A user's turn is compared with the first question, an answer with the last one.
    """
    questions = [turn.content for turn in before if turn.role == "user"]
    if any(speaks_of_language(question) for question in questions):
        return None
    asked, found = script_of(questions[0] if role == "user" else questions[-1]), script_of(content)
    if not asked or not found or asked == found or {asked, found} == _RELATED:
        return None
    return Verdict("language-mismatch", role, found, asked, excerpt(content))


def script_of(content: str) -> str:
    """The script of a turn's prose; "" if it has too few letters to tell."""
    text = prose(content)[:ENOUGH]
    return script(text) if letters(text) >= LEAST_LETTERS else ""
