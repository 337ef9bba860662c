"""Classifies tasks into InstructGPT's ten use cases (Ouyang et al. 2022, table 1) by keyword, as a rough guide.

The rule: the first matching row of the table decides. A task that matches none is "other"; a task in a language without
keywords here is not guessed at, but counted as unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from instgen.report.numbers import UNKNOWN
from instgen.text.scripts import HAN
from instgen.text.tokens import words

PAPER_SHARES = {
    "generation": 0.456,
    "open QA": 0.124,
    "brainstorming": 0.112,
    "chat": 0.084,
    "rewrite": 0.066,
    "summarization": 0.042,
    "classification": 0.035,
    "other": 0.035,
    "closed QA": 0.026,
    "extract": 0.019,
}
"""The share of each use case among the prompts of InstructGPT's customers (Ouyang et al. 2022, table 1)."""

_LONG_INPUT = 12
"""Minimum words of an input to count as a text that the instruction is about."""
_HEAD, _TAIL = 300, 100
"""Characters examined at the start and end of a longer text, where it says what it asks for."""
_FOREIGN = 0.1
"""The maximum share of non-ASCII letters in an English text, for names and loanwords."""
_ENGLISH = re.compile(r"\b(?:the|a|an|of|to|and|is|in|for|what|how|write|give|this)\b", re.IGNORECASE)
_HAN = re.compile(f"[{HAN}]")


@dataclass(frozen=True, slots=True)
class _Keywords:
    category: str
    pattern: re.Pattern[str]
    with_input: bool = False
    """Whether it applies only to tasks with an input of `_LONG_INPUT` words or more."""


def _keywords(category: str, pattern: str, *, with_input: bool = False) -> _Keywords:
    return _Keywords(category, re.compile(pattern, re.IGNORECASE), with_input)


_TABLE = (
    _keywords(
        "summarization",
        r"\bsummar|\btl;?dr\b|\bcondense\b|\bmain (?:points?|ideas?)\b|\bgist\b|摘要|总结|概括|概述|归纳",
    ),
    _keywords(
        "classification",
        r"\bclassif|\bcategori[sz]|\bsentiment\b|\bwhether\b|\btrue or false\b|\byes or no\b|\bdetect if\b"
        r"|\bidentify (?:if|which)|\blabel\b|分类|归类|判断|是否|情感",
    ),
    _keywords(
        "extract",
        r"\bextract|\bfind (?:all|the|every)\b|\bidentify (?:all|the)\b|\blist (?:all|every|the)\b.*\b(?:in|from) the\b"
        r"|\bpull out\b|提取|抽取|找出",
        with_input=True,
    ),
    _keywords(
        "rewrite",
        r"\bre-?writ|\brephras|\breword|\bparaphras|\btranslat|\bedit\b|\bproofread|\bcorrect (?:the|any|all)"
        r"|\bconvert\b|\bsimplif|\bmake .* more (?:formal|polite|concise)|\bfix\b|\btransform"
        r"|改写|重写|翻译|润色|修改|改成|改为|转换|纠正|校对|改正",
    ),
    _keywords(
        "brainstorming",
        r"\bbrainstorm|\bideas?\b|\bsuggest|\brecommend|\bcome up with\b|\bnames? for\b"
        r"|\blist (?:some|\d+|two|three|four|five|six|seven|eight|ten)\b"
        r"|\bgive (?:me )?(?:some|\d+|two|three|four|five|ten) |建议|推荐|想出|列出|点子|主意|创意",
    ),
    _keywords("chat", r"\b(?:pretend|act as|role-?play|you are (?:a|an|my)\b|chat with|imagine you)|扮演|假装|你是一"),
    _keywords("generation", r"^(?:please |kindly )?(?:write|compose|generate|create|draft|design|invent)\b"),
    _keywords(
        "closed QA",
        r"\?\s*$|\b(?:answer|according to|based on) (?:the|this|these)\b|^(?:what|who|when|where|which|why|how)\b"
        r"|回答|根据|？",
        with_input=True,
    ),
    _keywords(
        "open QA",
        r"^(?:what|who|whom|whose|when|where|which|why|how|is|are|was|were|do|does|did|can|could|should|would|will)\b"
        r"|\bexplain\b|\bdefine\b|\bdescribe how\b|\btell me (?:about|why|how|what)|\banswer\b|\bwhat is\b"
        r"|\bdifference between\b"
        r"|什么|为什么|如何|怎么|怎样|谁|哪|解释|说明|介绍|吗[？?]?",
    ),
    _keywords(
        "generation",
        r"\b(?:write|generate|create|compose|draft|make|design|develop|produce|construct|craft|tell|build|plan|invent"
        r"|code|implement|program|outline|prepare|describe|provide|give)\b"
        r"|写|编|生成|创作|设计|制作|撰|起草|规划|制定|讲|给出|提供|描述|创建|想象",
    ),
)


def category_of(instruction: str, given: str = "") -> str:
    """The use case that the keywords of a task suggest."""
    if len(instruction) > _HEAD + _TAIL:
        instruction = f"{instruction[:_HEAD]} ... {instruction[-_TAIL:]}"
    is_han = bool(_HAN.search(instruction))
    if not is_han and not _is_english(instruction):
        return UNKNOWN
    has_input = words(given[:_HEAD]) >= _LONG_INPUT
    for keywords in _TABLE:
        if (has_input or not keywords.with_input) and keywords.pattern.search(instruction):
            return keywords.category
    return "other" if is_han or _ENGLISH.search(instruction) else UNKNOWN


def _is_english(text: str) -> bool:
    """Whether English keywords apply: the text is ASCII, or has English words and few non-ASCII letters."""
    if text.isascii():
        return True
    letters = [char for char in text if char.isalpha()]
    foreign = sum(1 for char in letters if not char.isascii())
    return foreign <= _FOREIGN * len(letters) and len(_ENGLISH.findall(text)) > 1
