"""The checks that eliminate an evolution without a judge: they cost no call, and each has its own reason.

The four conditions are those of the paper (Xu et al. 2024, section 3.3), the response patterns those of Auto
Evol-Instruct (Zeng et al. 2024, section 3); the other checks cover failures seen in practice. All words are in tables
by language, and limits count words so that one number serves all scripts (`instgen.text.tokens.words`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from unicodedata import category

from rapidfuzz.distance import LCSseq

from instgen.filters.phrases import opens, plain
from instgen.recipes.evolve_ops import Operation
from instgen.records import Near, Record, Verdict
from instgen.text.rouge import more_similar, rouge_l
from instgen.text.tokens import tokens, words

COPY = 0.9
"""The ROUGE-L F above which a child may be a copy of its parent. Our choice, like all values below without a source."""
LEAST_NEW = 3
"""The fewest tokens that a child must add not to be such a copy."""
NOVELTY = 0.7
"""The highest ROUGE-L F that a task evolved in breadth may have with an ancestor (Wang et al. 2023, section 2.2)."""
GROWTH = 60
"""The most words that a child may have beyond its parent; the prompts and the paper (section 3.2) ask for 10 to 20."""
QUOTED = 0.8
"""The share of an input's tokens, in order, that an instruction must contain to count as quoting the input."""
SHORT_ANSWER = 80
"""The number of words below which an answer that says "sorry" is a refusal (Xu et al. 2024, section 3.3)."""
OPENING = 400
"""Characters at the start of a text that are examined first; for refusals of a task, only these."""
LEAST_LEAK = 6
"""The fewest tokens of an answer whose occurrence in an instruction, as one run, cannot be a coincidence."""
LEAST_TOPIC = 3
"""The fewest meaningful words by which the subject of a task can be recognized."""
STEM = 4
"""Letters at the start of a word by which two of its forms count as the same. With this and `LEAST_TOPIC`, none of
2,146 paraphrases in English and German was found off topic, and 85 % of 2,000 pairs of unrelated tasks were."""

_SCAFFOLD = {
    "en": """
        given prompt / rewritten prompt / created prompt / original task / rewritten task / harder instruction
        rewritten instruction / original instruction / easier instruction / <instruction / </instruction> / </input>
        what the task is / given task / one more requirement / one more constraint / constraint or requirement
        constraints or requirements / constraint/requirement / constraints/requirements / more complex version""",
    "zh": """
        给定的提示 / 改写后的提示 / 原任务 / 改写后的任务 / 更难的指令 / 更容易的指令 / 改写后的指令
        给定的任务 / 原指令 / 增加一项要求 / 增加一项限制 / 约束或要求""",
}
"""What our prompts and the published ones call the things they show and ask for; separated by ` / `."""
_PREAMBLE = {
    "en": r"(?:sure|certainly|of course|okay|ok)[,!.]|here(?:'s| is) .{0,40}(?:task|instruction|version)\b.{0,20}:",
    "zh": r"好的[，,。!！]|当然[，,。!！]|以下是.{0,20}(?:任务|指令|版本).{0,8}[:：]",
}
_REFUSAL = {
    "en": r"(?:i'm|i am|we're|we are) (?:very |so |really )?sorry|sorry,? but|as an ai\b|i (?:can't|cannot|won't) ",
    "zh": r"(?:非常|很|十分)?(?:抱歉|对不起)|作为一?个?(?:ai|人工智能|语言模型)|我(?:无法|不能)",
}
_SORRY = {"en": r"\bsorry\b", "zh": "抱歉|对不起"}
_APOLOGY = {"en": r"\bsorry\b|\bapolog|\bregret|\brefus|\bdeclin", "zh": "抱歉|对不起|道歉|致歉|拒绝|婉拒"}
_STAGNANT = {
    "en": r"(?:understood|thank you|what|that is correct|great)\b",
    "zh": "明白|了解|谢谢|感谢|什么|没错|正确|很好|太好了|太棒了",
}
_INSUFFICIENT = {"en": r"sure\b", "zh": "好的|当然|没问题"}
_LOST = {"en": r"\bplease provide\b", "zh": "请(?:您)?(?:先)?提供"}
_ANSWER_IS = {
    "en": "answer is / answers are / correct answer / right answer / final answer",
    "zh": "答 案 / 答 案 是 / 答 案 为 / 答 案 应 为",
}
_CALCULATED = frozenset("=+*/^?×÷√＝＋？")
_EITHER = frozenset(["yes", "no", "true", "false", "是", "否", "对", "错", "有", "无"])
_STOP_WORDS = """
    a an the of to in on at by for from with as and or but if so that this these those there here it its is are was
    were be been being am do does did have has had will would can could shall should may might must i me my we us our
    you your he him his she her they them their who whom which what when where why how than then too very just also
    un una el la los las de del y o en que es por para con se su lo le les des du et ou dans est pour par avec sur ce
    cette der die das den dem ein eine einer und oder von zu mit im ist auf für
    的 了 在 和 与 及 也 都 就 而 着 地 得 之 其 所 以 于 被 把 吗 呢 吧 啊 嘛 呀 哦 嗯 这 那 个 我 你 他 她 它 们"""
"""Words without a meaning of their own, except those that can answer a question (yes, no, all, both, 是, 不)."""


@dataclass(frozen=True, slots=True)
class Evolution:
    """A child with everything it is compared with."""

    ancestors: tuple[Record, ...]
    """From the root to the parent."""
    child: Record
    operation: Operation
    growth: int = GROWTH
    """The most words that the child may have beyond its parent."""

    @property
    def parent(self) -> Record:
        """The record that the child was evolved from."""
        return self.ancestors[-1]


def failing_task(evolution: Evolution) -> Verdict | None:
    """The first check that the evolved task fails, before it is judged or answered; None if it passes all."""
    return next((verdict for check in TASK_CHECKS if (verdict := check(evolution))), None)


def failing_answer(child: Record) -> Verdict | None:
    """The first check that the answer to an evolved task fails; None if it passes all."""
    return next((verdict for check in ANSWER_CHECKS if (verdict := check(child))), None)


def whole(record: Record) -> str:
    """The task as one text: the instruction, with the input, if any, on the next line."""
    return f"{record.instruction}\n{record.input}" if record.input else record.instruction


def copies(parent: Record, child: Record) -> float | None:
    """The ROUGE-L F of the two if the child only repeats the parent, else None.

    A child with at least `LEAST_NEW` more tokens, such as a long parent with one clause added, is no copy.
    """
    first, second = _tokens(whole(parent)), _tokens(whole(child))
    if len(second) >= len(first) + LEAST_NEW:
        return None
    total, shared = len(first) + len(second), LCSseq.similarity(first, second)
    similarity = 2 * shared / total if total else 1.0
    return similarity if similarity > COPY and len(second) - shared < LEAST_NEW else None


def _asks_nothing(evolution: Evolution) -> Verdict | None:
    """An instruction without a letter asks for nothing, unless there is something to calculate."""
    instruction = evolution.child.instruction
    if _tokens(instruction) and any(char.isalpha() or char in _CALCULATED for char in instruction):
        return None
    return Verdict("empty-instruction", "elimination", evidence=evolution.child.instruction[:80])


def _leaks_scaffold(evolution: Evolution) -> Verdict | None:
    text, parent = plain(whole(evolution.child)).lstrip(), plain(whole(evolution.parent)).lstrip()
    for phrases in _SCAFFOLD.values():
        for phrase in _items(phrases):
            if phrase in text and phrase not in parent:
                return Verdict("prompt-scaffold", "elimination", evidence=phrase)
    opened = "" if _at_start(_PREAMBLE, parent) else _at_start(_PREAMBLE, text)
    return Verdict("prompt-scaffold", "elimination", evidence=opened) if opened else None


def _refuses(evolution: Evolution) -> Verdict | None:
    opened = _declines(evolution.child.instruction)
    if not opened or _declines(evolution.parent.instruction):
        return None
    return Verdict("refusal", "elimination", evidence=opened)


def _declines(text: str) -> str:
    """The words with which a text declines, in any language that the filters know; "" if it does not."""
    start = plain(text[:OPENING]).lstrip()
    return found[0] if (found := opens("refusal", start)) else _at_start(_REFUSAL, start)


def _resembles(ancestor: Record, child: Record) -> float | None:
    one, other = ancestor.instruction, child.instruction
    return rouge_l(one, other) if more_similar(one, other, NOVELTY) else None


def _loses_input(evolution: Evolution) -> Verdict | None:
    given = evolution.parent.input
    if not given or evolution.child.input or not evolution.operation.in_depth:
        return None
    wanted = _tokens(given)
    if wanted and LCSseq.similarity(wanted, _tokens(evolution.child.instruction)) >= QUOTED * len(wanted):
        return None
    return Verdict("input-lost", "elimination", evidence=given[:80])


def _copies_parent(evolution: Evolution) -> Verdict | None:
    similarity = copies(evolution.parent, evolution.child)
    if similarity is None:
        return None
    near = Near(evolution.parent.id, similarity, evolution.parent.instruction)
    return Verdict("lexical-copy", "elimination", similarity, COPY, near=near)


def _resembles_ancestor(evolution: Evolution) -> Verdict | None:
    """In depth, a child may resemble its ancestors but must not copy one; in breadth, it must be novel."""
    similarity_of, limit = (copies, COPY) if evolution.operation.in_depth else (_resembles, NOVELTY)
    for ancestor in evolution.ancestors:
        similarity = similarity_of(ancestor, evolution.child)
        if similarity is not None:
            near = Near(ancestor.id, similarity, ancestor.instruction)
            return Verdict("not-novel", "elimination", similarity, limit, near=near)
    return None


def _leaves_topic(evolution: Evolution) -> Verdict | None:
    """In depth, a child keeps its parent's subject, so it must share a meaningful word with it, in some form."""
    if not evolution.operation.in_depth:
        return None
    before, after = _stems(whole(evolution.parent)), _stems(whole(evolution.child))
    if before & after or words(" ".join(before)) < LEAST_TOPIC:
        return None
    return Verdict("off-topic", "elimination", evidence=evolution.child.instruction[:80])


def _grows_too_fast(evolution: Evolution) -> Verdict | None:
    before, after = evolution.parent, evolution.child
    if evolution.operation.adds_input:
        grown = words(after.instruction) - words(before.instruction)
    else:
        grown = words(whole(after)) - words(whole(before))
    return Verdict("grew-too-fast", "elimination", grown, evolution.growth) if grown > evolution.growth else None


def _leaks_parents_answer(evolution: Evolution) -> Verdict | None:
    parent = evolution.parent
    if not leaks(parent.output, evolution.child.instruction) or leaks(parent.output, whole(parent)):
        return None
    return Verdict("answer-leaked", "elimination", evidence=parent.output[:80])


def leaks(answer: str, text: str) -> bool:
    """Whether a text contains the answer: a long one anywhere, a short one only after words such as "answer is"."""
    if len(answer) > 2 * len(text):
        return False
    wanted = " ".join(_tokens(answer))
    given = f" {' '.join(_tokens(text))} "
    if not wanted or f" {wanted} " not in given or wanted in _EITHER:
        return False
    leads = (lead for line in _ANSWER_IS.values() for lead in _items(line))
    return len(_tokens(answer)) >= LEAST_LEAK or any(f" {lead} {wanted} " in given for lead in leads)


TASK_CHECKS: tuple[Callable[[Evolution], Verdict | None], ...] = (
    _asks_nothing,
    _leaks_scaffold,
    _refuses,
    _copies_parent,
    _resembles_ancestor,
    _loses_input,
    _leaves_topic,
    _grows_too_fast,
    _leaks_parents_answer,
)


def _is_empty(child: Record) -> Verdict | None:
    """The answer has only punctuation or only stop words (the paper's third condition)."""
    answer = child.output
    if _has_content(answer[:OPENING]) or _has_content(answer):
        return None
    return Verdict("empty-answer", "elimination", evidence=answer[:80])


def _has_content(text: str) -> bool:
    found = _tokens(text)
    return not _stop_words().issuperset(found) if found else any(category(char)[0] not in "PZC" for char in text)


def _is_sorry(child: Record) -> Verdict | None:
    """The answer says sorry and little else (the paper's second condition), and the task is not about apologies."""
    apology = _anywhere(_SORRY, plain(child.output))
    if not apology or words(child.output) >= SHORT_ANSWER or _anywhere(_APOLOGY, plain(whole(child))):
        return None
    return Verdict("refusal", "elimination", words(child.output), SHORT_ANSWER, apology)


def _is_chat_reply(child: Record) -> Verdict | None:
    """The answer has one of three patterns which show that the evolved text is no longer a task (Zeng et al. 2024)."""
    answer = plain(child.output).strip()
    asks = answer.endswith(("?", "？"))
    if asks and (phrase := _at_start(_STAGNANT, answer)):
        return Verdict("stagnant", "elimination", evidence=phrase)
    if asks and (phrase := _at_start(_INSUFFICIENT, answer)):
        return Verdict("insufficient", "elimination", evidence=phrase)
    if (phrase := _anywhere(_LOST, answer)) and words(child.output) < SHORT_ANSWER:
        return Verdict("asks-for-more", "elimination", evidence=phrase)
    return None


def _is_leaked_by_task(child: Record) -> Verdict | None:
    if not leaks(child.output, child.instruction):
        return None
    return Verdict("answer-leaked", "elimination", evidence=child.output[:80])


ANSWER_CHECKS: tuple[Callable[[Record], Verdict | None], ...] = (
    _is_empty,
    _is_sorry,
    _is_chat_reply,
    _is_leaked_by_task,
)


@lru_cache(maxsize=1024)
def _tokens(text: str) -> tuple[str, ...]:
    """The tokens of a text, cached as several checks and rounds examine the same text."""
    return tuple(tokens(text))


@lru_cache(maxsize=1024)
def _stems(text: str) -> frozenset[str]:
    """The stems of a text's words, without stop words."""
    return frozenset(_stem(token) for token in _tokens(text) if token not in _stop_words())


def _stem(token: str) -> str:
    """The first letters of a word: `STEM` of them, or one in a script without capitals, where words are shorter."""
    if token.isdigit():
        return token
    return token.removesuffix("s")[:STEM] if token[0] != token[0].upper() else token[0]


@cache
def _stop_words() -> frozenset[str]:
    return frozenset(_STOP_WORDS.split())


@cache
def _items(line: str) -> tuple[str, ...]:
    return tuple(item.strip() for row in line.split("\n") for item in row.split(" / ") if item.strip())


def _at_start(table: dict[str, str], text: str) -> str:
    """The start of a plain text that matches the table in any of its languages; "" if none does."""
    return found[0] if (found := _pattern(tuple(table.values())).match(text)) else ""


def _anywhere(table: dict[str, str], text: str) -> str:
    return found[0] if (found := _pattern(tuple(table.values())).search(text)) else ""


@cache
def _pattern(expressions: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{expression})" for expression in expressions))
