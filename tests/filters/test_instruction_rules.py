"""Rules about an instruction alone: its length, its beginning, and what it asks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.filters import lengths, merged, modality, start
from instgen.records import Record
from instgen.text.tokens import words

GOOD_STARTS = [
    "Write.",
    "élan",
    "写诗",
    "3 apples",
    "“Quote”",
    "«Mot»",
    "¿Qué?",
    "「引用」は",
    "《红楼梦》的作者",
    "'tis",
    "$18 is",
    "١٢",
    "हिन्दी",
    "(CNN) -- Cuba will pardon prisoners",
    "[Question] Given this sentence, can we say so?",
]
BAD_STARTS = [
    "- a list",
    "* item",
    ". dot",
    ", comma",
    "# title",
    ")",
    "。句",
    "， 逗",
    "→ arrow",
    "… and",
    "(",
    "[x]",
    "[ ] open",
]


@pytest.mark.parametrize("instruction", ["Define osmosis", "定义渗透", "정의를 쓰세요", "Напиши стих", "Traduce: hola"])
def test_two_words_are_enough(instruction):
    assert lengths.SHORTEST(Record(instruction)) is None


@pytest.mark.parametrize("instruction", ["", "Hello", "写诗", "안녕?", "!!!"])
def test_less_is_too_short(instruction):
    verdict = lengths.SHORTEST(Record(instruction))
    assert verdict is not None
    assert verdict.reason == "instruction-too-short"


def test_the_value_of_a_length_is_in_words():
    verdict = lengths.LONGEST(Record("word " * 1001))
    assert verdict is not None
    assert (verdict.value, verdict.threshold) == (1001, 1000)


def test_1000_words_are_not_too_long():
    assert lengths.LONGEST(Record("word " * 1000)) is None


def test_2000_chinese_letters_are_not_too_long():
    assert lengths.LONGEST(Record("字" * 2000)) is None


@given(st.text(alphabet="ab1 -_é字,", max_size=30), st.integers(0, 6))
def test_the_least_number_of_words_is_counted_as_words_are(instruction, least):
    verdict = lengths.SHORTEST.with_limit(least)(Record(instruction))
    assert (verdict is not None) == (words(instruction) < least)


@pytest.mark.parametrize("instruction", GOOD_STARTS)
def test_sentences_of_any_script_begin_well(instruction):
    assert start.RULE(Record(instruction)) is None


@pytest.mark.parametrize("instruction", BAD_STARTS)
def test_marks_begin_no_sentence(instruction):
    assert start.RULE(Record(instruction)) is not None


@pytest.mark.parametrize(
    "instruction", ["Task 3: Write a poem.", "Task #12: Sum.", "任务3：写诗", "Tâche 2 : écris", "**Aufgabe 4:** Nenne"]
)
def test_a_numbered_task_is_a_leftover(instruction):
    assert merged.NUMBERED(Record(instruction)) is not None


@pytest.mark.parametrize(
    "instruction", ["Task: write a poem.", "Explain Task 3: it is hard.", "The task 3 people share"]
)
def test_a_task_without_number_or_elsewhere_is_not(instruction):
    assert merged.NUMBERED(Record(instruction)) is None


OTHER_MODALITIES = [
    "Draw a cat on a roof.",
    "Create a flowchart for brewing tea.",
    "Make a scatter plot of height and weight.",
    "Erstelle ein Balkendiagramm.",
    "Create a pie chart that shows the share of each continent.",
    "Please design a logo for a bakery called Crumb.",
    "Describe what happens in the following picture.",
    "Given an image, write a caption for it.",
    "Watch this video and summarize it.",
    "Compose a piece of music for two violins.",
    "Identify the bird in the photo provided.",
    "Generate a realistic image of a red fox.",
    "Write a paragraph describing an image.",
    "Write a witty caption for this cute cat picture.",
    "画一只正在睡觉的猫。",
    "请制作一张关于节约用水的海报。",
    "根据以下图片描述场景。",
    "绘制一张显示月平均气温的条形图",
    "Dibuja un gato en un tejado.",
    "Crea un gráfico de barras con las ventas.",
    "Dessine un mouton.",
    "Créez une affiche pour la fête de l'école.",
    "Zeichne einen Hund.",
    "Erstelle ein Diagramm mit den Umsätzen.",
    "Beschreibe das folgende Bild.",
    "猫の絵を描いてください。",
    "この画像を説明してください。",
    "고양이 그림을 그려 주세요.",
    "다음 사진을 설명하세요.",
    "Нарисуй кота на крыше.",
    "Опиши, что изображено на следующей картинке.",
    "ارسم قطة على السطح.",
    "صف الصورة التالية.",
]

TEXT_TASKS = [
    "Write a profile of a famous photographer.",
    "Map the causes of the war to their consequences.",
    "How do I file a complaint about a parcel?",
    "Summarize the plot of Hamlet.",
    "Draw conclusions from the survey results.",
    "Draw up a contract for renting a flat.",
    "Write Python code that plots a sine curve.",
    "Create a simple HTML page with an image.",
    "Draw a tree in ASCII art.",
    "Write Kotlin that draws a circle, then show the picture.",
    "Suggest a title for a photo album.",
    "Write a caption for a picture of a cat that sleeps on a chair.",
    "Write a script for a video about bees.",
    "How did photography change painting?",
    "Explain what a graph is in mathematics.",
    "Write the lyrics of a song about rain.",
    "Recommend music for a long drive.",
    "Explain how to draw a horse.",
    "Create a mind map of the water cycle.",
    "Generate a map from city to country as JSON code.",
    "写一篇关于图书馆的短文。",
    "如何提高绘画水平？",
    "推荐几部适合孩子看的动画片。",
    "写一个视频脚本。",
    "用Python绘制折线图。",
    "画蛇添足这个成语是什么意思？",
    "Escribe la letra de una canción.",
    "Crea un mapa conceptual sobre el agua.",
    "Explique comment dessiner un cheval.",
    "Résume l'intrigue du film.",
    "Schreibe eine Bildunterschrift über den Winter.",
    "映画のあらすじを書いてください。",
    "그림자에 대한 시를 쓰세요.",
    "Составь график работы на неделю.",
    "ما هي الصورة البلاغية؟",
]


@pytest.mark.parametrize("instruction", OTHER_MODALITIES)
def test_a_request_for_more_than_text_is_found(instruction):
    verdict = modality.RULE(Record(instruction))
    assert verdict is not None
    assert verdict.reason == "not-a-text-task"


@pytest.mark.parametrize("instruction", TEXT_TASKS)
def test_a_text_task_that_uses_such_words_is_not(instruction):
    assert modality.RULE(Record(instruction)) is None
