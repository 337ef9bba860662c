"""Rules about what came with an instruction: its input and its answer."""

import csv
from pathlib import Path

import pytest

from instgen.filters import absent, echo, ending, placeholder, refusal
from instgen.records import Record

REFUSALS = Path(__file__).parents[2] / ".." / "shared" / "data" / "refusals"
QUESTION = "How do tides work?"

DECLINED = [
    "I'm sorry, but I can't assist with that.",
    "I’m very sorry, but I am unable to help with this request.",
    "Unfortunately, I cannot provide real-time weather data.",
    "I cannot fulfill this request.",
    "As an AI, I am not able to open links.",
    "Sorry, there is no article provided.",
    "I don't have access to your calendar.",
    "I'm sorry, but I don't have access to external articles.",
    "I'm sorry, I cannot retrieve that information without a connection.",
    "很抱歉，但是您没有给我足够的信息。",
    "很抱歉，我无法回答这个问题。",
    "对不起，您没有提供任何文章。",
    "我无法访问您提到的网页。",
    "申し訳ありませんが、そのご質問にはお答えできません。",
    "죄송하지만 그 요청은 도와드릴 수 없습니다.",
    "Lo siento, pero no puedo ayudarte con eso.",
    "Je suis désolé, mais je ne peux pas répondre à cette demande.",
    "Es tut mir leid, aber dabei kann ich dir nicht helfen.",
    "Извините, но я не могу помочь с этим.",
    "عذرًا، لا أستطيع المساعدة في ذلك.",
    "It's important to note that breaking into a house is illegal in every country.",
    "It is not appropriate to make generalizations about a people.",
    "As a writer, I must clarify that it is not ethical to spread such rumours.",
]

NOT_DECLINED = [
    "I am so sorry for your loss! Here are a few things that may help.",
    "Dear Tom, I'm sorry, but I can't come to the party on Friday.",
    "Sorry seems to be the hardest word.",
    "We are sorry that you had to wait. Here is a voucher.",
    "You cannot divide by zero.",
    "It's important to note that sugar melts at 160 degrees.",
    "It is appropriate to share the bill at the end.",
    "It is not right to the left of the church but behind it.",
    "Unfortunately, the harvest failed that year, and prices doubled.",
    "很抱歉让您久等了，我们马上为您换货。",
    "抱歉，我明天不能参加聚会。",
    "すみません、駅はどこですか。",
    "죄송합니다, 배송이 늦었습니다. 쿠폰을 드릴게요.",
    "Lo siento mucho por tu pérdida. Estoy aquí para lo que necesites.",
    "Je suis désolée de ce retard ; votre colis part aujourd'hui.",
    "Leider hat es gestern geregnet, deshalb fiel das Fest aus.",
    "К сожалению, вчера шёл дождь.",
]


@pytest.mark.parametrize("output", DECLINED)
def test_an_answer_that_declines_is_a_refusal(output):
    assert refusal.REFUSAL(Record(QUESTION, output=output)) is not None


@pytest.mark.parametrize("output", NOT_DECLINED)
def test_regret_alone_is_no_refusal(output):
    assert refusal.REFUSAL(Record(QUESTION, output=output)) is None


def test_a_long_answer_that_begins_by_declining_goes_on_to_answer():
    assert (
        refusal.REFUSAL(Record(QUESTION, output="I'm sorry, but I can't assist with that. " + "But look: " * 60))
        is None
    )


@pytest.mark.skipif(not REFUSALS.exists(), reason="the shared data is not here")
def test_refusals_that_people_labelled_are_found_without_a_false_alarm():
    with (REFUSALS / "xstest_gpt4.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["final_label"], Record(row["prompt"], output=row["completion"])) for row in csv.DictReader(file)]
    refused = [record for label, record in rows if label == "2_full_refusal"]
    complied = [record for label, record in rows if label == "1_full_compliance"]
    assert [record.output for record in complied if refusal.REFUSAL(record)] == []
    assert sum(bool(refusal.REFUSAL(record)) for record in refused) > 0.9 * len(refused)


@pytest.mark.parametrize(
    "output",
    [
        "As an AI language model, I do not have opinions. But red is warm.",
        "Red is warm. As an AI, I cannot see it.",
        "I am an AI assistant and have no favourite colour.",
        "作为一个人工智能助手，我没有感受。",
        "由于我是一个语言模型，我没有实体。",
        "Como modelo de lenguaje, no tengo gustos.",
        "En tant qu'IA, je n'ai pas de goûts.",
        "Als KI-Sprachmodell habe ich keine Vorlieben.",
        "Как языковая модель, я не имею мнения.",
        "AIとして、私は感情を持っていません。",
        "저는 AI 언어 모델로서 감정이 없습니다.",
        "بصفتي نموذج لغوي، لا أملك رأيًا.",
    ],
)
def test_boilerplate_about_being_a_model_is_found(output):
    assert refusal.SELF_IDENTIFICATION(Record(QUESTION, output=output)) is not None


@pytest.mark.parametrize(
    "output",
    [
        "I'm ChatGPT, and I can help with that.",
        "My name is Qwen2.5 and I speak Chinese.",
        "I am Claude, an AI made to be helpful.",
        "I was developed by DeepSeek to answer questions.",
        "Soy ChatGPT y puedo ayudarte.",
        "Fui creado por OpenAI para ayudar.",
        "Je suis ChatGPT.",
        "J'ai été développé par Google.",
        "Ich bin ChatGPT.",
        "Ich wurde von OpenAI entwickelt.",
        "Я — ChatGPT.",
        "Меня создала компания OpenAI.",
        "我是ChatGPT，很高兴见到你。",
        "作为一个 AI 助手，我完成各种任务。",
        "我是由阿里云开发的助手。",
        "我叫通义千问。",
        "私はChatGPTです。",
        "저는 ChatGPT입니다.",
        "أنا ChatGPT.",
    ],
)
def test_another_vendors_model_that_names_itself_is_found(output):
    assert refusal.SELF_IDENTIFICATION(Record("Who are you?", output=output)) is not None


@pytest.mark.parametrize(
    "output",
    [
        "ChatGPT was released by OpenAI in 2022.",
        "I am Claude, a baker from Lyon, and I rise at four.",
        "I'm Gemini, and my sister is Leo.",
        "The phone was made by Google.",
        "Llama wool was spun by hand.",
        "通义千问是阿里云的模型。",
        "我是百度的员工。",
        "ChatGPT es un modelo de OpenAI.",
        "Das Handy wurde von Google entwickelt.",
        "ChatGPTはOpenAIのモデルです。",
    ],
)
def test_to_speak_of_a_vendor_or_bear_such_a_name_is_not(output):
    assert refusal.SELF_IDENTIFICATION(Record(QUESTION, output=output)) is None


@pytest.mark.parametrize(
    "output",
    [
        "She works as an AI engineer in Oslo.",
        "Artificial intelligence is a field of computer science.",
        "A language model predicts the next word.",
        "人工智能正在改变医疗行业。",
        "Un modelo de lenguaje predice palabras.",
        "Das Sprachmodell sagt Wörter vorher.",
    ],
)
def test_text_about_models_is_not(output):
    assert refusal.SELF_IDENTIFICATION(Record(QUESTION, output=output)) is None


@pytest.mark.parametrize(
    "output", ["N/A", "<noinput>", "None.", "[TODO]", "...", "暂无", "なし", "해당 없음", "no aplica", "н/д"]
)
def test_a_stand_in_is_no_answer(output):
    assert placeholder.RULE(Record(QUESTION, output=output)) is not None


@pytest.mark.parametrize(
    "output", ["no", "0", "нет", "+", "?", "Nina", "没有", "Non", "-1", "The answer is: none of them fit"]
)
def test_a_short_answer_is_no_stand_in(output):
    assert placeholder.RULE(Record(QUESTION, output=output)) is None


def test_a_stand_in_that_was_asked_for_is_an_answer():
    assert placeholder.RULE(Record("List the errors, or write None.", output="None")) is None


@pytest.mark.parametrize(
    "text", ["Summarize: [insert text here]", "总结：[在此插入文章]", "Résume [insérer le texte ici]"]
)
def test_a_gap_in_the_task_is_found(text):
    assert placeholder.RULE(Record(text, output="A summary.")) is not None


def test_a_name_to_fill_in_in_a_letter_is_no_gap():
    assert placeholder.RULE(Record("Write a letter.", "Dear [name],", "Dear [Your Name],")) is None


@pytest.mark.parametrize("output", ["", " \n"])
def test_an_empty_answer_is_found(output):
    assert ending.EMPTY(Record(QUESTION, output=output)) is not None


@pytest.mark.parametrize(
    "output",
    [
        "The tide follows the moon. It rises twice a day, and on most coasts the second one is a little lower than",
        "The tide follows the moon. It rises twice a day, and after a few hours of still water it turns,",
        "First the moon pulls.\nThen the water follows slowly along the coast until it meets another that came from",
        "潮汐随月亮而变。海水每天涨两次，第二次通常比第一次稍微",
        "Прилив следует за луной. Вода поднимается дважды в день, и на многих берегах второй раз она чуть",
    ],
)
def test_prose_that_stops_in_a_sentence_is_cut_off(output):
    assert ending.CUT_OFF(Record(QUESTION, output=output)) is not None


@pytest.mark.parametrize(
    "output",
    [
        "The tide follows the moon. It rises twice a day, and the second one is lower.",
        "A poem about the tide and the moon that pulls it over the sand at night",
        "There are three kinds. They are:\n- the spring tide, which is high\n- the neap tide, which is low and slow",
        "Dear guests, the beach is closed. Please come back tomorrow. We are sorry for it.\n\nYours, Anna",
        "We hope to see you again on the coast next year. Best wishes from Anna Lind",
        "The tide follows the moon. Read more about it and how it was found at https://example.com/tide",
        "The tide follows the moon.\n```\nprint(tide)\n```\nand that is all that there is to say about it here",
        "ทะเลสวยมาก. น้ำขึ้นวันละสองครั้ง และเราชอบเดินเล่นบนชายหาดในตอนเย็นเสมอ",
        "Spring tide and neap tide",
        "潮汐",
        "",
    ],
)
def test_what_ends_without_a_full_stop_by_right_is_not(output):
    assert ending.CUT_OFF(Record(QUESTION, output=output)) is None


@pytest.mark.parametrize("output", ["The reasons are:", "原因如下："])
def test_an_answer_that_ends_with_a_colon_is_found(output):
    assert ending.COLON(Record(QUESTION, output=output)) is not None


@pytest.mark.parametrize(
    "output",
    ["```python\nprint(1)", "Text\n```\ncode\n```\nmore\n```js\nx", "````\n```\ncode\n```", "- item\n  ```\n  code"],
)
def test_an_open_code_fence_is_found(output):
    assert ending.FENCE(Record(QUESTION, output=output)) is not None


@pytest.mark.parametrize(
    "output",
    [
        "```python\nprint(1)\n```",
        "````\n```\ncode\n```\n````",
        "Use ``` in your text.",
        "```inline```",
        "~~~\ncode\n~~~",
    ],
)
def test_a_closed_code_fence_is_fine(output):
    assert ending.FENCE(Record(QUESTION, output=output)) is None


@pytest.mark.parametrize(
    "record",
    [
        Record("Describe the sea in one line.", output="Describe the sea in one line."),
        Record("Describe the sea in one line.", output="describe the sea in one line. It is blue."),
        Record("Correct it.", "He go home.", "He go home."),
        Record(
            "Rewrite this: The old house stood on a hill by the sea.",
            output="The old house stood on a hill by the sea.",
        ),
        Record(
            "描述一下大海在冬天夜里的样子，不超过五十个字，要有声音。",
            output="描述一下大海在冬天夜里的样子，不超过五十个字，要有声音。",
        ),
    ],
)
def test_an_echo_is_found(record):
    assert echo.RULE(record) is not None


@pytest.mark.parametrize(
    "record",
    [
        Record("Which is bigger, an elephant or a mouse?", output="an elephant"),
        Record("Write it in upper case.", "hello there", "HELLO THERE"),
        Record("Put each on a line.", "one two", "one\ntwo"),
        Record("Say hi", output="Say hi to everyone from me, please."),
        Record("low-maintenance houseplants", output="Low-maintenance houseplants are an addition to any room."),
        Record("Repeat nothing.", "", ""),
    ],
)
def test_a_short_or_changed_repetition_is_no_echo(record):
    assert echo.RULE(record) is None


@pytest.mark.parametrize(
    "instruction",
    [
        "Summarize the following text.",
        "Generate a haiku using the following word:",
        "Rewrite the given paragraph in the active voice.",
        "Translate the sentence below into French.",
        "Find the mistake in this sentence.",
        "总结以下文章。",
        "分析给定的句子，判断语气。",
        "次の文章を要約してください。",
        "다음 문장을 번역하세요.",
        "Resume el siguiente texto.",
        "Corrige le texte suivant.",
        "Fasse den folgenden Text zusammen.",
        "Исправь ошибки в следующем предложении.",
        "لخص النص التالي.",
    ],
)
def test_a_text_that_is_announced_but_not_there_is_missed(instruction):
    assert absent.MISSING_INPUT(Record(instruction, output="Something.")) is not None


@pytest.mark.parametrize(
    "instruction",
    [
        "Summarize the following text: The sun rose over the hills.",
        'Translate the following sentence: "Good morning".',
        "Sort the following numbers in rising order: 3, 1, 2",
        "Write a function that returns all primes up to the given number.",
        "Explain the following term - osmosis",
        "Answer the following question. Who wrote Hamlet?",
        "Rewrite the following sentence.\nHe go home.",
        "Plan the tasks of the following week.",
        "What is the capital of the country with the largest population?",
        "总结以下文章：太阳升起来了。",
        "次の文を訳してください：「おはよう」",
        "Corrige la frase siguiente: «Ayer voy al cine».",
    ],
)
def test_a_text_that_is_there_is_not_missed(instruction):
    assert absent.MISSING_INPUT(Record(instruction, output="Something.")) is None


def test_an_input_is_what_was_announced():
    assert absent.MISSING_INPUT(Record("Summarize the following text.", "The sun rose.", "Dawn.")) is None


@pytest.mark.parametrize(
    "record",
    [
        Record("Summarize the article.", "https://example.com/news/1", "It is about news."),
        Record("Summarize the article.", "Article: https://example.com/news/1", "It is about news."),
        Record("Summarize the article.", "[link to an article]", "It is about news."),
        Record("Read the attached file and list its headings.", "", "One, two."),
        Record("Summarize this link in two sentences.", "", "It is about news."),
        Record("总结附件中的文件。", "", "文件讲了三点。"),
        Record("Resume el documento adjunto.", "", "Trata de tres cosas."),
    ],
)
def test_what_is_behind_a_link_or_attached_is_not_there(record):
    assert absent.MISSING_ATTACHMENT(record) is not None


@pytest.mark.parametrize(
    "record",
    [
        Record("Extract the domain of the URL.", "https://example.com/a", "example.com"),
        Record("Summarize the attached letter.", "Dear Sir, I write to complain.", "A complaint."),
        Record("Explain the link between sleep and memory.", "", "Sleep helps."),
        Record("Summarize the text.", "See https://example.com for more. The sun rose.", "Dawn."),
        Record("How do I attach a file to an email?", "", "Click on the clip."),
    ],
)
def test_a_link_or_file_that_is_the_subject_or_accompanied_is_fine(record):
    assert absent.MISSING_ATTACHMENT(record) is None
