"""The words that teachers write before the parts of a task, in the languages they write them, and where they stand.

All words are data, in the tables below. A label is one of them at the head of a line, whatever marks stand around it
("3. **Input:**", "### Output", "指令："): what is in the middle of a line is never one. Case, accents and width of the
letters do not matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from unicodedata import combining, normalize

from instgen.text.tokens import fold

Kind = Literal["instruction", "input", "output", "class", "example"]

_FIRM: dict[Kind, str] = {
    "instruction": "Instruction | 指令 指示 | Instrucción | Instrução | Istruzione | Instruktion Anweisung | Instruks "
    "Instruksjon | Instructie | Инструкция | 지시 지시문 지시사항 명령어 | Chỉ_thị",
    "input": "Input | 输入 輸入 | Entrada | Entrée | Eingabe | Inddata Indata Inndata | Invoer | Входные_данные | 入力 | "
    "입력 | Đầu_vào",
    "output": "Output | 输出 輸出 | Salida | Saída | Sortie | Ausgabe | Uddata Utdata | Uitvoer | Выходные_данные | "
    "出力 | 출력 | Đầu_ra",
    "class": "Class_label | 类别标签 分类标签 類別標籤 | クラスラベル | 클래스_레이블 클래스_라벨 | Etiqueta_de_clase | "
    "Étiquette_de_classe | Klassenlabel Klassenbezeichnung | Klasselabel Klasseetiket | Метка_класса | Nhãn_lớp",
    "example": "Example | 例 例子 示例 样例 範例 | Ejemplo | Exemplo | Esempio | Exemple | Beispiel | Eksempel | "
    "Exempel | Пример | 예 예시 예제 | Ví_dụ",
}
"""Words that mean a part of a task wherever they stand as a label; "_" stands for a space."""

_LOOSE: dict[Kind, str] = {
    "instruction": "Task Prompt | 任务 任務 题目 題目 命令 | タスク 課題 | Consigne Tâche | Tarea Consigna | Tarefa | "
    "Compito Consegna | Aufgabe Aufgabenstellung | Opgave Oppgave Uppgift | Opdracht | Задание Задача | 과제 작업 명령 | "
    "Nhiệm_vụ Hướng_dẫn",
    "input": "Task_input Given_input | 输入内容 | Contexte Contexto | Вход Ввод",
    "output": "Response Answer Expected_output Task_output Reply | 输出内容 回答 答案 响应 | 応答 解答 | Réponse | "
    "Respuesta | Resposta | Risposta | Antwort | Svar | Antwoord | Выход Вывод Ответ | 답변 응답 정답 | Trả_lời",
    "class": "Label Class Category | 标签 类别 標籤 類別 | ラベル クラス | 레이블 라벨 | Etiqueta | Étiquette | Klasse | "
    "Etiket | Метка Класс | Nhãn",
    "example": "Sample Instance | 样本 实例",
}
"""Words that also mean other things: they count only where the firm word is wanting."""

_NO_INPUT = (
    "noinput / no input / no input needed / no input required / no input necessary / no input provided / not needed / "
    "n/a / na / none / nil / null / empty / not applicable / not required / no additional input / - / – / — / "
    "无 / 無 / 空 / 没有 / 无输入 / 無輸入 / 没有输入 / 不需要输入 / 无需输入 / 不适用 / なし / 無し / 入力なし / 入力無し / "
    "該当なし / 없음 / 입력 없음 / 해당 없음 / 없습니다 / ninguna / ninguno / sin entrada / no aplica / no hay entrada / "
    "nenhum / nenhuma / sem entrada / não se aplica / nessuno / nessun input / aucun / aucune / aucune entrée / "
    "sans entrée / pas d'entrée / sans objet / keine / kein input / keine eingabe / keine eingabe erforderlich / "
    "entfällt / ingen / intet / intet input / ingen input / ingen indata / ikke relevant / geen / geen invoer / нет / "
    "нет входных данных / без ввода / отсутствует / пусто / không / không có / không có đầu vào"
)

_INDENT = re.compile(r"[\s\ufeff]*+")
_HEAD = re.compile(r"([\s\ufeff#>*_`~<\[【「『(（•·‣–—+\d.)）\]、．-]*+)([^\W\d_]+)")
_LABEL = re.compile(
    r"([^\W\d_]+(?:[ \xa0][^\W\d_]+){0,2}?)"  # the words
    r"(?:[ \t]*[#№]?[ \t]*(\d{1,4})|[ \t]*[(（]([^()（）]{1,40})[)）])?"  # "Input 2", "Output (short)"
    r"([ \t\xa0\u202f*_`~>\]】」』)）#]*)"  # closing marks
    r"(?:([:：﹕])|$)"
)
_NO_STYLE = {ord(mark): None for mark in "0123456789 \t\xa0\u3000\ufeff.)(（）、．"}
_EMPHASIS = frozenset("*_`[【「『<")
_LOOSE_STYLES = frozenset("#->+*•·‣–—")


@dataclass(frozen=True, slots=True)
class Label:
    """A label in a text. Offsets count from the beginning of the text."""

    kind: Kind
    firm: bool
    """Whether its word means nothing else."""
    line: int
    """Where its line begins."""
    name: int
    """Where its word begins."""
    end: int
    """Where its line's own content begins."""
    indent: int
    style: str
    """The marks before its word, without numbering: "", "###", "**", "-" …"""
    numbered: bool
    qualifier: str
    """What follows its word: "2" of "Input 2:", "short" of "Output (short):"."""
    colon: bool

    @property
    def emphatic(self) -> bool:
        """Whether it stands out so much that hardly any content looks like it."""
        return "##" in self.style or "**" in self.style or not _EMPHASIS.isdisjoint(self.style.replace("*", ""))

    def resembles(self, other: Label) -> bool:
        """Whether both can belong to one way of writing: not a list item, a quotation or a comment beside a label."""
        return self.style == other.style or self.emphatic or self.style not in _LOOSE_STYLES

    @property
    def bare(self) -> bool:
        """Whether no mark stands before it."""
        return not self.style


def _key(words: str) -> str:
    """The words without case, accents, width and surplus spaces."""
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


_WORDS = _table()
_FIRST_WORDS = frozenset(word.split()[0] for word in _WORDS)
_EMPTY = frozenset(_key(spelling) for spelling in _NO_INPUT.split(" / "))


def kind_of(words: str) -> tuple[Kind, bool] | None:
    """What the words label, and whether they mean nothing else; None where they label nothing."""
    return _WORDS.get(_key(words))


def is_no_input(text: str) -> bool:
    """Whether the text says that there is no input: "", "<noinput>", "N/A", "(none)", "无" …"""
    if len(text) > 40:
        return False
    key = " ".join(_key(text).replace("_", " ").split())
    return not key or key in _EMPTY or key.strip("<>()[]{}（）【】「」\"'*. 。:") in _EMPTY


def labels_in(text: str) -> Iterator[Label]:
    """Every line that opens with a label, in order."""
    position = 0
    for line in text.split("\n"):
        head = _HEAD.match(line)
        if head and _key(head[2]) in _FIRST_WORDS:
            label = _label(line, head, position)
            if label:
                yield label
        position += len(line) + 1


def _label(line: str, head: re.Match[str], position: int) -> Label | None:
    """The label at the head of a line, if it is one: known words, then a colon or, after marks, nothing."""
    found = _LABEL.match(line, head.start(2))
    meaning = kind_of(found[1]) if found else None
    if not found or not meaning:
        return None
    lead = head[1]
    style = lead.translate(_NO_STYLE)
    numbered = any(letter.isdigit() for letter in lead) or bool(found[2])
    if not found[5] and not (style or numbered):
        return None
    return Label(
        kind=meaning[0],
        firm=meaning[1],
        line=position,
        name=position + head.start(2),
        end=position + _after_marks(line, found.end(), style, found[4]),
        indent=len(lead) - len(lead.lstrip()),
        style=style,
        numbered=numbered,
        qualifier=found[2] or found[3] or "",
        colon=bool(found[5]),
    )


def _after_marks(line: str, end: int, opened: str, closed: str) -> int:
    """Where the content begins: emphasis that was opened before the label and closes behind its colon belongs to it."""
    for mark in ("**", "__", "*", "_", "`", "]", "】"):
        if line.startswith(mark, end) and mark not in closed and (mark in opened or mark in "]】"):
            return end + len(mark)
    return end
