"""Labels: the words that teachers write before the parts of a task, in many languages, and where they occur in a text.

The rule: a label is one of these words at the start of a line, whatever marks surround it ("3. **Input:**",
"### Output", "指令："); a word in the middle of a line is never a label. Case, accents and the width of letters do not
matter. All words are data, in the tables below.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from unicodedata import combining, normalize

from instgen.filters.phrases import spellings
from instgen.filters.placeholder import bare
from instgen.text.tokens import fold

Kind = Literal["instruction", "input", "output", "class", "example"]

_FIRM: dict[Kind, str] = {
    "instruction": """
        Instruction | 指令 指示 | 지시 지시문 지시사항 명령어 | Chỉ_thị | Инструкция
        Instrucción | Instrução | Istruzione | Instruktion Anweisung | Instruks Instruksjon | Instructie""",
    "input": """
        Input | 输入 輸入 | 入力 | 입력 | Đầu_vào | Входные_данные
        Entrada | Entrée | Eingabe | Inddata Indata Inndata | Invoer""",
    "output": """
        Output | 输出 輸出 | 出力 | 출력 | Đầu_ra | Выходные_данные
        Salida | Saída | Sortie | Ausgabe | Uddata Utdata | Uitvoer""",
    "class": """
        Class_label | 类别标签 分类标签 類別標籤 | クラスラベル | 클래스_레이블 클래스_라벨 | Nhãn_lớp | Метка_класса
        Etiqueta_de_clase | Étiquette_de_classe | Klassenlabel Klassenbezeichnung | Klasselabel Klasseetiket""",
    "example": """
        Example | 例 例子 示例 样例 範例 | 예 예시 예제 | Ví_dụ | Пример
        Ejemplo | Exemplo | Esempio | Exemple | Beispiel | Eksempel Exempel""",
}
"""Firm words: as a label, they always mean a part of a task. "_" stands for a space."""

_LOOSE: dict[Kind, str] = {
    "instruction": """
        Task Prompt | 任务 任務 题目 題目 命令 | タスク 課題 | 과제 작업 명령 | Nhiệm_vụ Hướng_dẫn | Задание Задача
        Tarea Consigna | Tarefa | Consigne Tâche | Compito Consegna | Aufgabe Aufgabenstellung | Opgave Oppgave Uppgift
        Opdracht""",
    "input": """
        Task_input Given_input | 输入内容 | Вход Ввод""",
    "output": """
        Response Answer Reply Expected_output Task_output | 输出内容 回答 答案 响应 | 応答 解答 | 답변 응답 정답
        Trả_lời | Выход Вывод Ответ | Respuesta | Resposta | Réponse | Risposta | Antwort | Svar | Antwoord""",
    "class": """
        Label Class Category | 标签 类别 標籤 類別 | ラベル クラス | 레이블 라벨 | Nhãn | Метка Класс
        Etiqueta | Étiquette | Klasse | Etiket""",
    "example": """
        Sample Instance | 样本 实例""",
}
"""Loose words: they also mean other things, and count only if the firm word is missing."""

_NO_INPUT = """
    - / – / — / nenhum / nenhuma / sem entrada / não se aplica / nessuno / nessun input
    geen / geen invoer / ingen / intet / ingen input / intet input / ingen indata / ikke relevant / không / không có
    không có đầu vào / нет"""
"""Spellings of "no input" besides those that the filters know, mostly in languages that have no filter rules yet."""

_YES = """
    yes / yeah / yep / true / 是 / 是的 / 对 / 對 / はい / 예 / 네 / 그렇습니다 / có / vâng / sí / sim / oui
    ja / jo / sì / да"""
_NO = """
    no / nope / not / false / 否 / 不是 / 不 / 不对 / 非 / いいえ / 아니요 / 아니오 / 아닙니다 / không / não / non
    nein / nej / nei / nee / нет"""

_HEAD = re.compile(r"([\s\ufeff#>*_`~<\[【「『(（•·‣–—+\d.)）\]、．-]*+)([^\W\d_]+)")
_LABEL = re.compile(
    r"([^\W\d_]+(?:[ \xa0][^\W\d_]+){0,2}?)"  # the words
    r"(?:[ \t]{0,3}[#№]?[ \t]{0,3}(\d{1,4})|[ \t]{0,3}[(（]([^()（）]{1,40})[)）])?"  # "Input 2", "Output (short)"
    r"([ \t\xa0\u202f*_`~>\]】」』)）#]{0,12})"  # closing marks
    r"(?:([:：﹕]|(?<=[】」』\]])(?!\())|$)"
)
_NO_STYLE = {ord(mark): None for mark in "0123456789 \t\xa0\u3000\ufeff.)(（）、．"}
_WORD = re.compile(r"[^\W\d_]+")
_ANSWER_IN_HAN = re.compile("(是(?!否))|(不是|否(?!则))")
_LONG_WORD = 20
"""Characters from which a first word is too long to be a label. Our choice."""
_LONG_SPELLING = 40
"""Characters beyond which a text is too long to be a spelling of "no input". Our choice."""
_TO_FULL_WIDTH = 0xFEE0  # from "A" to "Ａ"
_BRACKETS = frozenset("[【「『<`")
_CLOSING = ("**", "__", "*", "_", "`")


@dataclass(frozen=True, slots=True)
class Label:
    """A label in a text. Offsets are from the beginning of the text."""

    kind: Kind
    word: str
    """Its words, normalized for case, accents and width."""
    firm: bool
    """Whether the words have no other meaning."""
    line: int
    """Where its line begins."""
    end: int
    """Where the content after the label begins."""
    indent: int
    style: str
    """The marks before its word, without numbering: "", "###", "**", "-" …"""
    numbered: bool
    qualifier: str
    """What follows its word: "2" in "Input 2:", "short" in "Output (short):"."""
    colon: bool
    """Whether it ends with a colon or a bracket; otherwise it ends with its line."""
    unclosed: str
    """Emphasis that opens before its word and closes in the content: "**" in "**Input: x**"."""

    @property
    def emphatic(self) -> bool:
        """Whether its style is so marked that content hardly ever looks like it."""
        return len(self.style) > 1 or self.style in _BRACKETS

    def strangeness(self, base: Label) -> int:
        """How unlike the label `base` it is: 0 written the same way, 1 like a label, 2 like an item or a comment."""
        if self.indent > base.indent:
            return 2
        if self.style == base.style:
            return 0
        return 1 if self.emphatic or not self.style else 2


def _key(words: str) -> str:
    """The words normalized for case, accents, width and spaces."""
    if words.isascii():
        return " ".join(words.lower().split())
    folded = normalize("NFD", fold(words))
    return " ".join("".join(letter for letter in folded if not combining(letter)).split())


def _table() -> dict[str, tuple[Kind, bool]]:
    table: dict[str, tuple[Kind, bool]] = {}
    for firm, words in ((False, _LOOSE), (True, _FIRM)):
        for kind, names in words.items():
            table.update({_key(name.replace("_", " ")): (kind, firm) for name in names.split() if name != "|"})
    return table


def _first_letters() -> frozenset[str]:
    names = [name for words in (*_FIRM.values(), *_LOOSE.values()) for name in words.split() if name != "|"]
    letters = {letter for name in names for letter in (name[0], _key(name)[0])}
    both = letters | {letter.swapcase() for letter in letters}
    return frozenset(both | {chr(ord(letter) + _TO_FULL_WIDTH) for letter in both if letter.isascii()})


_WORDS = _table()
_FIRST_WORDS = frozenset(word.split()[0] for word in _WORDS)
_FIRST_LETTERS = _first_letters()


def _spellings(table: str) -> frozenset[str]:
    return frozenset(_key(spelling) for line in table.split("\n") for spelling in line.split(" / ") if spelling.strip())


_EMPTY = _spellings(_NO_INPUT) | {""}
_ANSWERS = {spelling: answer for table, answer in ((_YES, True), (_NO, False)) for spelling in _spellings(table)}


def kind_of(words: str) -> tuple[Kind, bool] | None:
    """The part that the words label, and whether they have no other meaning; None if they are no label."""
    return _WORDS.get(_key(words))


def is_no_input(text: str) -> bool:
    """Whether the text says that there is no input: "", "<noinput>", "N/A", "(none)", "无" and similar."""
    if len(text) > _LONG_SPELLING:
        return False
    word = bare(text.replace("_", " "))
    return word in spellings("no-input") or _key(word or text) in _EMPTY


def yes_or_no(line: str) -> bool | None:
    """The answer in a line's first word, or in the first one after its last colon; None for no answer, or for both."""
    for text in (line, re.split("[:：]", line)[-1]):
        words = _WORD.findall(text)[:3]
        answers = [_answer(word) for word in words]
        if words and answers[0] is not None:
            return None if (not answers[0]) in answers else answers[0]
    return None


def _answer(word: str) -> bool | None:
    han = _ANSWER_IN_HAN.match(word)
    return _ANSWERS.get(_key(word), bool(han[1]) if han else None)


def labels_in(text: str) -> Iterator[Label]:
    """The labels at the start of lines, in order."""
    position = 0
    for line in text.split("\n"):
        head = _HEAD.match(line)
        if head and head[2][0] in _FIRST_LETTERS and len(head[2]) < _LONG_WORD and _key(head[2]) in _FIRST_WORDS:
            label = _label(line, head, position)
            if label:
                yield label
        position += len(line) + 1


def _label(line: str, head: re.Match[str], position: int) -> Label | None:
    """The label at the start of a line, if any: known words, then a colon, or nothing if marks precede them."""
    found = _LABEL.match(line, head.start(2))
    meaning = kind_of(found[1]) if found else None
    if not found or not meaning:
        return None
    lead = head[1]
    style = lead.translate(_NO_STYLE)
    numbered = bool(found[2]) or any(letter.isdigit() for letter in lead)
    colon = found[5] is not None
    if not colon and not (style or numbered):
        return None
    opened = next((mark for mark in _CLOSING if style.endswith(mark) and mark not in found[4]), "")
    closed = bool(opened) and line.startswith(opened, found.end())
    return Label(
        kind=meaning[0],
        word=_key(found[1]),
        firm=meaning[1],
        line=position,
        end=position + found.end() + (len(opened) if closed else 0),
        indent=len(lead) - len(lead.lstrip()),
        style=style,
        numbered=numbered,
        qualifier=found[2] or found[3] or "",
        colon=colon,
        unclosed="" if closed else opened,
    )
