"""Rules about text as such: characters, labels, scaffolds and loops, in any field."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.filters import characters, looped, merged, scaffold
from instgen.records import Record


@pytest.mark.parametrize("text", ["a\0b", "bell\a", "\x1b[31mred", "del\x7f", "nel\x85", "half \ud83d"])
def test_a_control_character_is_found(text):
    assert characters.CONTROL.find(text) is not None


@pytest.mark.parametrize(
    "text", ["tab\tnew\nline\r\n", "no\xa0break", "全角\u3000空格", "zero\u200bwidth", "👩\u200d🚀", "a\u00adb"]
)
def test_white_space_and_invisible_joiners_are_fine(text):
    assert characters.CONTROL.find(text) is None


def test_a_control_character_is_named():
    hit = characters.CONTROL.find("a\x1bb")
    assert hit is not None
    assert hit.value == "U+001B"


SENTENCES = [
    "L'été à la mer, déjà",
    "Größe — „gut“",
    "Привет, мир",
    "今天天气很好",
    "emoji 🙂 here",
    "naïve façade",
    "ÂME, ÃO",
]


@pytest.mark.parametrize("text", SENTENCES)
def test_good_text_is_no_mojibake(text):
    assert characters.MOJIBAKE.find(text) is None


@pytest.mark.parametrize("text", ["déjà vu", "it’s “so”", "Привет, мир", "今天天气很好", "ok 🙂"])
@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_utf_8_read_as_latin_1_or_windows_is_mojibake(text, encoding):
    broken = text.encode().decode(encoding, errors="replace")
    assert characters.MOJIBAKE.find(broken) is not None


def test_a_replacement_character_is_mojibake():
    assert characters.MOJIBAKE.find("caf\ufffd") is not None


@pytest.mark.parametrize(
    "text",
    [
        "<|im_start|>user",
        "end<|endoftext|>",
        "[INST] hi [/INST]",
        "<s> Hello",
        "bye</s>",
        "<<SYS>>",
        "<start_of_turn>",
        "<eos>",
        "<｜User｜>",
    ],
)
def test_a_special_token_is_found(text):
    assert characters.SPECIAL.find(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "Fill in the <mask> token.",
        "f <| x |> g",
        "a < b | c > d",
        "<p>text</p>",
        "an [instance]",
        "old <s>price</s>",
        "x[INSTALL]",
    ],
)
def test_other_brackets_are_fine(text):
    assert characters.SPECIAL.find(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "A poem.\nInstruction: Write another.",
        "Answer\n## 18. Instruction: List three.",
        "**Instruction:** Sum the numbers.",
        "### Response:\nYes.",
        "The end.\n4. Input: a\n4. Output: b",
        "春天。\n指令：写诗",
        "Fin.\nInstrucción: escribe",
        "Fin.\nConsigne : écris",
        "### 指示：\n書く",
    ],
)
def test_a_label_of_another_task_is_found(text):
    assert merged.MERGED.find(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "Ingredients: flour\nInstructions: mix it.",
        "def f(x):\n    # Input: a list\n    # Output: a number",
        "Input: 3\nOutput: 9",
        "1. Input: the user types\n2. Processing: the sum\n3. Output: the screen",
        "The labels Instruction: and Input: mark the parts.",
        "### Input\nA list of numbers.",
        "Question: who?\nAnswer: me.",
        "User: hello\nAssistant: hi",
        "菜谱：蔬菜\n指示：切块",
    ],
)
def test_labels_that_belong_to_the_text_are_fine(text):
    assert merged.MERGED.find(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "#Rewritten Prompt#: Sum them.",
        "#The Given Prompt#",
        "Here is the rewritten prompt: …",
        "#重写后的提示#",
        "# Created Prompt #",
    ],
)
def test_words_of_a_rewriting_prompt_are_found(text):
    assert scaffold.RULE.find(text) is not None


@pytest.mark.parametrize(
    "text", ["Write a story from the given prompt.", "Be prompt.", "# Prompt engineering", "A created prompted need"]
)
def test_prompts_as_a_subject_are_fine(text):
    assert scaffold.RULE.find(text) is None


def test_a_looped_text_is_found_with_the_share_that_repeats():
    hit = looped.RULE.find("The tide turns twice a day. " * 12)
    assert hit is not None
    assert isinstance(hit.value, float)
    assert hit.value > 0.8


@given(st.text())
def test_rules_about_text_take_any_text(text):
    for rule in (
        characters.CONTROL,
        characters.MOJIBAKE,
        characters.SPECIAL,
        merged.MERGED,
        scaffold.RULE,
        looped.RULE,
    ):
        rule.on("instruction", "input", "output")(Record(text, text, text))
