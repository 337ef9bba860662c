"""What makes a turn of a grown conversation bad: checks on each turn before the next one is asked for.

The rule: a bad turn is never written. An answer must also pass the rules that answers pass everywhere and those of the
`conversations` preset, so that what comes out of here passes `filter --preset conversations`.
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
"""ROUGE-L F with an earlier turn above which a turn says the same again; this number and those below are ours."""
LEAST_REPEATED = 10
"""Tokens from which on likeness counts; shorter turns repeat one another only where they are the same."""
LEAST_SAME = 4
"""Tokens of an answer from which on it may not come twice; "Yes, it is." may."""
LEAST_LETTERS = 10
"""Letters from which on a turn is in a script; one of Han, kana or Hangul counts as three."""
ENOUGH = 1000
"""Characters of a turn by which its script is told."""

_FINISHES: Mapping[str, str] = MappingProxyType({"length": "truncated", "refusal": "refusal"})
_ABOUT_THE_WHOLE = frozenset({"no-exchange", "turn-order", "short-conversation"})
_WHOLE = tuple(rule for rule in CONVERSATION_RULES if rule.name not in _ABOUT_THE_WHOLE)
_ANSWER = tuple(rule for rule in ANSWER_RULES if rule.name not in STANDING_ALONE)
_QUESTION = tuple(rule for rule in INSTRUCTION_RULES if rule.name not in STANDING_ALONE)
_KIN = frozenset({"han", "kana"})

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
"""How messages begin with which nobody asks for anything."""
_SPEAKS_AS_ASSISTANT = re.compile("|".join(way for ways in _AS_ASSISTANT.values() for way in ways))


def bad_question(said: str, reply: Completion, before: Sequence[Message]) -> Verdict | None:
    """What is wrong with a simulated user's turn."""
    if verdict := _bad_turn(said, reply, before, "user"):
        return verdict
    opening = plain(said[:200].lstrip())
    if found := _SPEAKS_AS_ASSISTANT.match(opening):
        return Verdict("role-swap", "user", evidence=excerpt(opening, 0, found.end()))
    spoken = Record("", output=said)
    return first_failing(spoken, (REFUSAL, SELF_IDENTIFICATION)) or first_failing(Record(said), _QUESTION)


def bad_answer(said: str, reply: Completion, before: Sequence[Message]) -> Verdict | None:
    """What is wrong with the assistant's turn; the last turn before it is the question."""
    if verdict := _bad_turn(said, reply, before, "assistant"):
        return verdict
    question = before[-1]
    exchange = Record(question.content, output=said, messages=(question, Message("assistant", said)))
    return first_failing(exchange, _WHOLE) or first_failing(exchange, _ANSWER)


def _bad_turn(said: str, reply: Completion, before: Sequence[Message], role: str) -> Verdict | None:
    if reason := _FINISHES.get(reply.finish):
        return Verdict(reason, "finish", role, evidence=excerpt(said))
    if not any(map(str.isalnum, said)):
        return Verdict("empty-turn", role, evidence=excerpt(said))
    return _leaked(said, before, role) or _repeated(said, before, role) or _other_script(said, before, role)


def _leaked(said: str, before: Sequence[Message], role: str) -> Verdict | None:
    """A speaker's name at the head of a line, unless somebody has written such a line before: then it is the topic."""
    found = _LEAK.search(said)
    if found is None or any(_LEAK.search(turn.content) for turn in before):
        return None
    return Verdict("role-leak", role, evidence=excerpt(said, found.start(), found.end()))


def _repeated(said: str, before: Sequence[Message], role: str) -> Verdict | None:
    mine = tokens(said)
    for number, turn in enumerate(before, 1):
        if turn.role == "system":
            continue
        if mine == tokens(turn.content):
            if role == "user" or len(mine) >= LEAST_SAME:
                return Verdict("repeated-turn", role, 1.0, REPEATED, f"turn {number}: {excerpt(said)}")
        elif len(mine) >= LEAST_REPEATED and (likeness := rouge_l(said, turn.content)) > REPEATED:
            return Verdict("repeated-turn", role, round(likeness, 3), REPEATED, f"turn {number}: {excerpt(said)}")
    return None


def _other_script(said: str, before: Sequence[Message], role: str) -> Verdict | None:
    """A turn in another script than what it replies to, where nobody spoke of languages."""
    questions = [turn.content for turn in before if turn.role == "user"]
    if any(speaks_of_language(question) for question in questions):
        return None
    asked, found = script_of(questions[0] if role == "user" else questions[-1]), script_of(said)
    if not asked or not found or asked == found or {asked, found} == _KIN:
        return None
    return Verdict("language-mismatch", role, found, asked, excerpt(said))


def script_of(said: str) -> str:
    """The script of a turn's prose; "" where it has too few letters to tell."""
    text = prose(said)[:ENOUGH]
    return script(text) if letters(text) >= LEAST_LETTERS else ""
