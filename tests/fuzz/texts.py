"""Texts as teachers and judges write them, and as nobody should: pieces of real shapes, mixed, cut and run together.

The rule: an input is one string that is drawn, in which private letters stand for pieces: to draw piece by
piece takes longer than what is tested.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tests.fuzz import inputs

FIRST_LETTER = 0xF0000
"""Of those that stand for pieces: the first private plane beyond the basic one, which no test text needs."""

LONG = 20_000
"""Characters of the longest runs: what takes its square in steps is noticed there."""

MARKS = (
    "1. ", "2) ", "9.", "（3）", "⑨ ", "第4、", "- ", "* ", "• ", "Task 5: ", "Task (²): ", "12：", "٣. ", "### ",
    "##", "###", "---", "***", "* * *", "===", "___", "```", "```json", "~~~", "> ", "**", "__", "`", "|", "\t", " ",
    "　", "\n", "\n\n", "\r\n", "\r", "\x0b", "\x85", "\u2028", "\ufeff", "\0", "\x1b[31m", "\ud83d", "\udc00", "é",
    "e\u0301", "İ", "ı", "ſ", "ß", "🙂", "👩‍👩‍👧", "\u200b", "\u202e", "𝟙", "½", "²", "①", "〇",
)  # fmt: skip
LABELS = (
    "Instruction:", "Input:", "Output:", "### Instruction", "### Output:", "**Input:** ", "**Output: x**",
    "- Output:", "Instruction 2:", "Output (short):", "Input 1:", "Input 2:", "Output 2:", "指令：", "输入：",
    "输出：", "【输出】", "Example 1", "Example 2:", "示例 1", "Class label: ", "类别标签：", "Text: ", "Question: ",
    "Response:", "Answer：", "답변:", "Инструкция:", "Sortie :", "INPUT:", "Ｏｕｔｐｕｔ：", "Task: ",
    "Prompt", "<noinput>", "N/A", "None", "无", "<instruction>", "</instruction>", "<input>", "</input>", "<method>",
    "</method>", "User: ", "Assistant (AI): ", "用户：", "[END]", "【结束】", "<think>", "</think>", "<|im_end|>",
    "[[method]]\n",
)  # fmt: skip
WORDS = (
    "Write a poem.", "Yes", "No", "yes or no", "是", "否", "不是", "对", "x", "word", "Here are the tasks:",
    "以下是任务：", "42", "0", "10", "４", "-1", "3.5", "1,000", "1/2", "4/5", "out of", "to", "or", "%", "点", "分",
    "points", "is", "of", "は", ":", "：", "=", ".", ",", "，", "(", ")", "（", "）", "[", "]", "[[", "]]", "{", "}",
    "「", "」", "“", "”", '"', "'", "\\", "\\n", "\\u00e9", "\\ud83d", "A", "B", "C", "a", "(a)", "Output (a)",
    "Assistant B", "answer", "回答", "[[A]]", "[[B>>A]]", "[[tie]]", "[[7]]", "A > B = C", "B≻A", ">", ">>", "≥",
    "tie", "both are equally good", "平局", "is better", "更好", "much", "clearly", "not", "never", "n't", "if",
    "whether", "Therefore,", "Overall", "综上", "I prefer", "The winner is", "my verdict is", "verdict", "Score",
    "score:", "评分：", "スコア：", "Final score", "rating", "overall", "quality", "accuracy", "equal", "not equal",
    "contradiction", "no contradiction", "consistent", "矛盾", "没有", "n/a", "null", "true", "false",
)  # fmt: skip
JSON = (
    '{"instruction": "', '"input": "', '"output": "', '{"instruction": "i", "input": "", "output": "o"}',
    '{"tasks": [', '{"', '{"a":', '":', '"}', '", "', "[{", "}]", "{}", "[]", '{"score": 4}', '{"score": {"score": ',
    '{"score": "4/5"}', '{"score": 1e999}', '{"score": NaN}', '{"verdict": "A", "margin": "much"}', '{"verdict": "',
    '{"ranking": ["A", "B", ["C"]]}', '{"ranking": "B > A"', '"margins": [1, 2]', '{"better": "B", "margin": 3}',
    '{"reasoning": "', "null", "1e400", "-0", "12345678901234567890123", '{"instruction": null, "output": 1}',
    '{"指令": "', '"输出": "', '\\"', "\\ud800", "{'a': 1}", "NaN", "-Infinity",
)  # fmt: skip
PIECES = (*MARKS, *LABELS, *WORDS, *JSON)


def spelled(pieces: Sequence[str], most: int = 14, others: str = " aé文\n") -> inputs.Inputs:
    """Texts of up to so many pieces and other letters in any order."""
    letters = {FIRST_LETTER + number: piece for number, piece in enumerate(pieces)}
    return inputs.text(others + "".join(map(chr, letters)), max_size=most).map(lambda text: text.translate(letters))


_EMPTY: tuple[Any, ...] = ({}, [])


def values(scalars: Sequence[Any], keys: Sequence[str], most: int = 24) -> inputs.Inputs:
    """Objects of these scalars under these keys, nested in any way."""
    pairs = [(key, scalar) for key in keys for scalar in scalars]
    opening: list[tuple[str, Any]] = [(key, empty) for key in keys for empty in _EMPTY] * max(1, len(scalars) // 6)
    tokens: list[tuple[str, Any] | None] = [*pairs, *opening, *[None] * len(opening)]
    alphabet = "".join(chr(FIRST_LETTER + number) for number in range(len(tokens)))

    def built(text: str) -> dict[str, Any]:
        root: dict[str, Any] = {}
        stack: list[Any] = [root]
        for letter in text:
            token = tokens[ord(letter) - FIRST_LETTER]
            if token is None:
                stack = stack[:-1] or [root]
                continue
            key, value = token
            value = type(value)() if isinstance(value, dict | list) else value
            if isinstance(stack[-1], dict):
                stack[-1][key] = value
            else:
                stack[-1].append(value)
            stack += [value] if isinstance(value, dict | list) else []
        return root

    return inputs.text(alphabet, max_size=most).map(built)


soup = spelled(PIECES)
"""Pieces in any order, with other text between them."""

lines = spelled([f"\n{mark}{label} x" for mark in ("", *MARKS[:30]) for label in ("", *LABELS)], 9, "\n a文")
"""Lines as in a list, or with labels at their heads."""

_SAID = (
    "instruction", "input", "output", "tasks", "score", "quality", "verdict", "ranking", "margin", "margins", "指令",
)  # fmt: skip
_SCALARS = (
    None, True, 0, 4, -1, 1e308, 10**30, "", "A", "4", "4/5", "yes", "A > B", "N/A", "\ud800", "x\ny", "```", '"',
)  # fmt: skip


def _written(said: tuple[dict[str, Any], int, str]) -> str:
    value, how, around = said
    text = json.dumps(value, ensure_ascii=bool(how & 1), indent=1 if how & 2 else None)
    text = f"```json\n{text}\n```" if how & 4 else text
    before, _, behind = around.partition(" ")
    return before + (text[: -(how >> 4)] if how & 8 else text) + behind


objects = inputs.tuples(values(_SCALARS, _SAID), inputs.integers(0, 1023), soup).map(_written)
"""JSON among talk, fenced or bare, whole or cut."""

replies = soup | lines | objects | inputs.text(max_size=60)


def _run(said: tuple[list[str], int]) -> str:
    pieces, length = said
    third = len(pieces) // 3
    again = "".join(pieces[third : 2 * third + 1]) or "x"
    return "".join(pieces[:third]) + again * max(1, length // len(again)) + "".join(pieces[2 * third + 1 :])


_letters = {chr(FIRST_LETTER + number): piece for number, piece in enumerate(PIECES)}
runs = inputs.tuples(
    inputs.text("".join(_letters), max_size=7).map(lambda text: [_letters[letter] for letter in text]),
    inputs.sampled_from((200, 2_000, LONG)),
).map(_run)
"""One piece, or a few, over and over."""
