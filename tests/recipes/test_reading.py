import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.recipes.labels import is_no_input
from instgen.recipes.parts import Leftover, ReadTask
from instgen.recipes.reading import read_tasks, read_yes_no

DATA = Path(__file__).parents[2] / ".." / "shared" / "data"


def task(instruction, given="", output="done"):
    return ReadTask(instruction, given, output)


def tasks_in(reply, **how):
    return read_tasks(reply, **({"whole": True} | how)).tasks


def reasons(reply, **how):
    return [left.reason for left in read_tasks(reply, **({"whole": True} | how)).leftovers]


# Renderers: one list of tasks, in the shapes that teachers write.


def numbered(tasks):
    """The Alpaca way."""
    return "\n###\n".join(
        f"{n}. Instruction: {t.instruction}\n{n}. Input:\n{t.input or '<noinput>'}\n{n}. Output:\n{t.output}"
        for n, t in enumerate(tasks, 4)
    )


def misnumbered(tasks):
    return "Sure! Here are the tasks.\n\n" + "\n\n".join(
        f"{7 * n % 5}) Instruction: {t.instruction}\nInput: {t.input or 'N/A'}\nOutput: {t.output}"
        for n, t in enumerate(tasks)
    )


def unseparated(tasks):
    return "\n".join(f"Instruction: {t.instruction}\nInput: {t.input}\nOutput: {t.output}" for t in tasks)


def headings(tasks):
    return "\n\n".join(
        f"### Instruction\n{t.instruction}\n\n### Input\n{t.input or 'None'}\n\n### Output\n{t.output}" for t in tasks
    )


def bold(tasks):
    return "\n\n---\n\n".join(
        f"**Instruction:** {t.instruction}\n\n**Input:** {t.input or '*(none)*'}\n\n**Output:**\n\n{t.output}"
        for t in tasks
    )


def titled(tasks):
    return "Here you are:\n\n" + "\n\n".join(
        f"### Task {n}: A title\n\n**Instruction**: {t.instruction}\n**Input**: {t.input}\n**Output**:\n{t.output}"
        for n, t in enumerate(tasks, 1)
    )


def wholly_bold(tasks):
    return "\n\n".join(
        f"**{n}. Instruction: {t.instruction}**\nInput: {t.input or 'No input.'}\nOutput:\n{t.output}"
        for n, t in enumerate(tasks, 1)
    )


def fenced(tasks):
    return f"```text\n{unseparated(tasks)}\n```"


def fenced_each(tasks):
    return "\n\n".join(f"```\n{unseparated([t])}\n```" for t in tasks)


def after_number_lines(tasks):
    return "\n\n\n".join(
        f"{n}\nInstruction: {t.instruction}\nInput: {t.input or '<noinput>'}\nOutput: {t.output}"
        for n, t in enumerate(tasks, 1)
    )


def without_empty_inputs(tasks):
    return "\n###\n".join(
        f"Instruction: {t.instruction}\n" + (f"Input: {t.input}\n" if t.input else "") + f"Output: {t.output}"
        for t in tasks
    )


def chinese(tasks):
    return "\n\n".join(
        f"{n}. 指令：{t.instruction}\n输入：{t.input or '无'}\n输出：{t.output}" for n, t in enumerate(tasks, 1)
    )


def rows(tasks):
    return [{"instruction": t.instruction, "input": t.input, "output": t.output} for t in tasks]


def json_array(tasks):
    return json.dumps(rows(tasks), ensure_ascii=False, indent=2)


def json_lines(tasks):
    return "\n".join(json.dumps(row) for row in rows(tasks))


def json_in_talk(tasks):
    return f"Here is the JSON:\n\n```json\n{json.dumps({'tasks': rows(tasks)})}\n```"


LABELLED = [
    numbered,
    misnumbered,
    unseparated,
    headings,
    bold,
    titled,
    wholly_bold,
    fenced,
    fenced_each,
    after_number_lines,
    without_empty_inputs,
    chinese,
]
SHAPES = [*LABELLED, json_array, json_lines, json_in_talk]

LINES = st.sampled_from(
    [
        "The cat sat on the mat.",
        "def area(r):\n    return 3.14 * r  # Output: 3.14\n# Output: 12.56",
        "## Results\n\n### First\n\nNone so far",
        "- Input: 5\n- Output: 7",
        "    Input: deep\n    Output: deeper",
        "```python\nInstruction: no task\nOutput: none\n```",
        "1. Mix\n2. Bake\n\n3. Eat",
        "Instructions:\n1. Stir",
        "| a | b |\n|---|---|\n| 1 | 2 |",
        "他说：“你好。”",
        "In this instruction: nothing.",
        '{"a": [1, 2]}',
        "100%",
    ]
)
TEXTS = st.lists(LINES, min_size=1, max_size=3).map("\n".join).map(str.strip)
INSTRUCTIONS = st.sampled_from(
    ["Name USA's capital.", "Write it.\nThen\tsort  it:", "写一首诗", "Fix `x = 1`", "¿Qué es?"]
)
TASKS = st.lists(st.builds(ReadTask, INSTRUCTIONS, st.just("") | TEXTS, TEXTS), min_size=1, max_size=4)


@given(TASKS, st.sampled_from(SHAPES))
def test_tasks_come_back_exactly_from_every_shape(tasks, shape):
    assert read_tasks(shape(tasks), whole=True).tasks == tuple(tasks)


@given(TASKS, st.sampled_from(SHAPES))
def test_nothing_is_left_over_from_a_well_formed_reply(tasks, shape):
    assert read_tasks(shape(tasks), whole=True).leftovers == ()


@given(TASKS, st.sampled_from(SHAPES), st.integers(min_value=0, max_value=1500))
def test_a_reply_cut_anywhere_gives_a_prefix_of_its_tasks(tasks, shape, cut):
    found = tasks_in(shape(tasks)[:cut], whole=False)
    assert found == tuple(tasks[: len(found)])


@given(TASKS, st.sampled_from(LABELLED))
def test_the_last_task_of_a_cut_reply_is_truncated(tasks, shape):
    read = read_tasks(shape(tasks), whole=False)
    assert read.tasks == tuple(tasks[:-1])
    assert read.leftovers[-1].reason == "truncated"


SOUP = st.lists(
    st.sampled_from(
        [
            "Instruction: {}",
            "2. Instruction: {}",
            "Input: {}",
            "Output: {}",
            "## Output",
            "{}",
            "- {}:",
            "",
            "###",
            "---",
            "```",
            "5",
        ]
    ),
    max_size=25,
)


@given(SOUP, st.booleans())
def test_nothing_vanishes_behind_the_first_instruction_label(lines, whole):
    reply = "Instruction: begin\n" + "\n".join(line.format(f"word{n}x") for n, line in enumerate(lines))
    read = read_tasks(reply, whole=whole)
    kept = "\n".join(
        [part for t in read.tasks for part in (t.instruction, t.input, t.output)]
        + [left.text for left in read.leftovers]
    )
    assert [word for word in reply.split() if word.startswith("word") and word.strip(":") not in kept] == []


# Labels, in the words and the marks of teachers.


@pytest.mark.parametrize(
    ("instruction", "given_input", "output"),
    [
        ("INSTRUCTION:", "INPUT:", "OUTPUT:"),
        ("instruction :", "input :", "output :"),
        ("Instruction：", "Input：", "Output："),
        ("Ｉｎｓｔｒｕｃｔｉｏｎ：", "Ｉｎｐｕｔ：", "Ｏｕｔｐｕｔ："),
        ("[Instruction]", "[Input]", "[Output]"),
        ("<Instruction>:", "<Input>:", "<Output>:"),
        ("【指令】", "【输入】", "【输出】"),
        ("- **Instruction:**", "- **Input:**", "- **Output:**"),
        ("## Instruction 3:", "## Input 3:", "## Output 3:"),
        ("(3) Instruction:", "(3) Input:", "(3) Output:"),
        ("Instruction 1:", "Input 1:", "Output 1:"),
        ("__Instruction__:", "__Input__:", "__Output__:"),
        ("指令：", "输入：", "输出："),
        ("Instrucción:", "Entrada:", "Salida:"),
        ("Instruccion:", "Entrada:", "Salida:"),
        ("Instruction :", "Entrée :", "Sortie :"),
        ("Consigne :", "Entrée :", "Réponse :"),
        ("Anweisung:", "Eingabe:", "Ausgabe:"),
        ("Инструкция:", "Входные данные:", "Выходные данные:"),
        ("Задание:", "Ввод:", "Вывод:"),
        ("指示：", "入力：", "出力："),
        ("지시:", "입력:", "출력:"),
        ("Instruktion:", "Input:", "Output:"),
        ("Instrução:", "Entrada:", "Saída:"),
        ("Task 3:", "Input:", "Response:"),
    ],
)
def test_labels_are_known_in_many_words_and_marks(instruction, given_input, output):
    reply = (
        f"{instruction} Do X.\n{given_input} this\n{output} that\n\n{instruction} Do Y.\n{given_input} a\n{output} b"
    )
    assert tasks_in(reply) == (task("Do X.", "this", "that"), task("Do Y.", "a", "b"))


@pytest.mark.parametrize(
    "spelling",
    ["<noinput>", "No input", "noinput.", "N/A", "n/a", "None", "(none)", "*None*", "No input required.", "-", "无",
     "（无）", "なし", "없음", "Нет", "aucune", "Keine", "Ingen", "ninguna", "NO_INPUT", ""],
)  # fmt: skip
def test_spellings_of_no_input_become_empty(spelling):
    assert tasks_in(f"Instruction: Do X.\nInput: {spelling}\nOutput: y") == (task("Do X.", "", "y"),)


@pytest.mark.parametrize("given_input", ["[]", "()", "none of them", "0", "No input was given by Ann.", "?", "{}"])
def test_an_input_that_only_looks_empty_is_kept(given_input):
    assert not is_no_input(given_input)


# What begins a task, and what does not.


def test_a_heading_with_an_instruction_behind_an_output_begins_a_task():
    assert tasks_in("17. Instruction: A\nInput: x\nOutput: y\n## 18. Instruction: B\nOutput: z") == (
        task("A", "x", "y"),
        task("B", "", "z"),
    )


def test_the_plural_of_a_label_is_content():
    assert (
        tasks_in("Instruction: A recipe\nOutput: Soup.\nInstructions: Boil.")[0].output == "Soup.\nInstructions: Boil."
    )


def test_an_instruction_in_the_middle_of_a_line_is_content():
    assert len(tasks_in("Instruction: Say what Instruction: means\nOutput: An Input: no.")) == 1


def test_a_commented_label_in_code_is_content():
    code = "x = 3\n# Instruction: run it\n# Output: 3"
    assert tasks_in(f"Instruction: A\nInput: {code}\nOutput: {code}") == (task("A", code, code),)


def test_an_indented_example_in_an_instruction_is_content():
    asked = "Double it. Example:\n  Input: 5\n  Output: 10"
    assert tasks_in(f"Instruction: {asked}\nInput: 4\nOutput: 8") == (task(asked, "4", "8"),)


def test_a_nested_list_of_labels_is_a_task():
    reply = "1. **Instruction:** A\n   - **Input:** x\n   - **Output:** y\n2. **Instruction:** B\n   - **Output:** z"
    assert tasks_in(reply) == (task("A", "x", "y"), task("B", "", "z"))


def test_a_later_pair_written_alike_is_the_next_instance():
    reply = "Instruction: Is it good?\nInput: I love it\nOutput: yes\nInput: I hate it\nOutput: no"
    assert tasks_in(reply) == (task("Is it good?", "I love it", "yes"), task("Is it good?", "I hate it", "no"))


@pytest.mark.parametrize(
    ("given_input", "output"),
    [
        ("<noinput>", "Two tests.\nInput: 5\nOutput: 10"),
        ("f(x)", "Two tests:\nInput: 5\nOutput: 10"),
        ("f(x)", "```\nInput: 5\nOutput: 10\n```"),
    ],
)
def test_a_later_pair_that_the_output_gives_is_content(given_input, output):
    (found,) = tasks_in(f"Instruction: Write tests.\nInput: {given_input}\nOutput: {output}")
    assert found.output == output


def test_numbered_outputs_stay_together_with_their_labels():
    (found,) = tasks_in("Instruction: Split.\nInput: A. B.\nOutput 1: A.\nOutput 2: B.")
    assert found.output == "Output 1: A.\nOutput 2: B."


def test_each_title_belongs_to_the_task_below_it():
    reply = "## 1. Rain\n**Instruction:** A\n**Output:** y\n\n## 2. Snow\n**Instruction:** B\n**Output:** z"
    assert tasks_in(reply) == (task("A", "", "y"), task("B", "", "z"))


def test_a_number_that_is_the_output_stays():
    assert [
        found.output for found in tasks_in("1. Instruction: 2+3\nOutput:\n5\n\n2. Instruction: 3+3\nOutput:\n6")
    ] == ["5", "6"]


def test_the_ends_are_stripped_and_nothing_else():
    (found,) = tasks_in("Instruction:   Print NASA.  \nOutput:\n\n  if  USA:\n\n\n      go()\t\n  else: stop  \n\n")
    assert found == task("Print NASA.", "", "if  USA:\n\n\n    go()\t\nelse: stop")


def test_windows_line_ends_are_read():
    assert tasks_in("Instruction: A\r\nInput: x\r\nOutput: y\r\nz") == (task("A", "x", "y\nz"),)


# What the prompt had begun.


def test_the_beginning_is_put_in_front():
    assert tasks_in(" A\nOutput: y", begun="4. Instruction:") == (task("A", "", "y"),)


@pytest.mark.parametrize(
    "reply",
    ["Instruction: A\nOutput: y", "\n**4. Instruction:** A\n**Output:** y", '{"instruction": "A", "output": "y"}'],
)
def test_a_reply_that_begins_anew_stands_alone(reply):
    assert read_tasks(reply, whole=True, begun="4. Instruction:").tasks == (task("A", "", "y"),)
    assert reasons(reply, begun="4. Instruction:") == []


def test_a_json_reply_is_continued_from_its_beginning():
    assert tasks_in('A", "output": "y"}]', begun='[{"instruction": "') == (task("A", "", "y"),)


# Leftovers.


def test_text_without_tasks_is_unparsed():
    assert read_tasks("I'd rather not.", whole=True).leftovers == (Leftover("unparsed", "I'd rather not."),)


def test_a_task_without_an_output_is_left_over_whole():
    reply = "1. Instruction: A\n1. Input: x\n\n###\n2. Instruction: B\n2. Output: z"
    read = read_tasks(reply, whole=True)
    assert read.tasks == (task("B", "", "z"),)
    assert read.leftovers == (Leftover("missing-output", "1. Instruction: A\n1. Input: x"),)


def test_an_empty_output_is_missing():
    assert reasons("Instruction: A\nInput: x\nOutput:\n") == ["missing-output"]


@pytest.mark.parametrize(
    "reply", ["Input: x\nOutput: y\n\nInstruction: B\nOutput: z", "Instruction:\nOutput: y\nInstruction: B\nOutput: z"]
)
def test_a_task_without_an_instruction_is_left_over(reply):
    assert tasks_in(reply) == (task("B", "", "z"),)
    assert reasons(reply) == ["missing-instruction"]


def test_a_preamble_is_let_go_beside_tasks():
    assert reasons("Sure! Here you are:\n\nInstruction: A\nOutput: y") == []


def test_a_preamble_is_kept_where_no_task_follows():
    assert read_tasks("Sure!\n\nInstruction: A", whole=True).leftovers == (
        Leftover("unparsed", "Sure!"),
        Leftover("missing-output", "Instruction: A"),
    )


@pytest.mark.parametrize("separator", ["###", "---"])
def test_talk_behind_the_last_separator_is_no_output(separator):
    reply = f"Instruction: A\nOutput: y\n{separator}\nInstruction: B\nOutput: z\n{separator}\nLet me know!"
    assert tasks_in(reply) == (task("A", "", "y"), task("B", "", "z"))
    assert read_tasks(reply, whole=True).leftovers == (Leftover("unparsed", "Let me know!"),)


def test_a_separator_of_one_hash_ends_an_output():  # seen of a model of 135 million parameters
    assert tasks_in("Instruction: A\nOutput: y\n\n#\n") == (task("A", "", "y"),)


def test_one_hash_within_the_last_output_is_a_comment():
    code = "#\n# Adds.\n#\nx = 1 + 1"
    assert tasks_in(f"Instruction: A\nOutput: {code}") == (task("A", "", code),)


def test_a_rule_in_the_last_output_stays_where_rules_divide_nothing():
    assert tasks_in("Instruction: A\nOutput: y\n---\nz") == (task("A", "", "y\n---\nz"),)


def test_talk_behind_a_fence_around_the_tasks_is_no_output():
    reply = "```\nInstruction: A\nOutput: y\n```\nEnjoy!"
    assert tasks_in(reply) == (task("A", "", "y"),)
    assert reasons(reply) == ["unparsed"]


def test_the_number_of_a_task_that_never_came_is_no_leftover():
    assert reasons("19. Instruction: A\n19. Output: y\n\n###\n20") == []


def test_a_fence_that_never_closes_hides_no_tasks_of_a_whole_reply():
    reply = "Instruction: A\nOutput:\n```python\nx = 1\n\nInstruction: B\nOutput: z"
    assert [found.instruction for found in tasks_in(reply)] == ["A", "B"]


def test_an_open_fence_hides_the_labels_of_a_cut_reply():
    assert (
        tasks_in("Instruction: A\nOutput:\n```\nInstruction: in code\nOutput: z\nInstruction: more", whole=False) == ()
    )


# JSON.


def test_a_cut_json_reply_gives_its_whole_objects():
    read = read_tasks('[{"instruction": "A", "output": "y"}, {"instruction": "B", "outp', whole=False)
    assert read.tasks == (task("A", "", "y"),)
    assert read.leftovers == (Leftover("truncated", '{"instruction": "B", "outp'),)


def test_json_keys_are_read_in_any_case_and_language():
    assert tasks_in('{"Instruction": "A", "INPUT": "x", "Output": "y"}\n{"指令": "B", "输入": "无", "输出": "z"}') == (
        task("A", "x", "y"),
        task("B", "", "z"),
    )


def test_json_values_that_are_no_text_stay_json():
    assert tasks_in('{"instruction": "Sort.", "input": [3, "é"], "output": 3}') == (task("Sort.", '[3, "é"]', "3"),)


def test_a_null_input_is_none():
    assert tasks_in('{"instruction": "A", "input": null, "output": "y"}') == (task("A", "", "y"),)


def test_line_breaks_in_json_strings_are_forgiven():
    assert tasks_in('{"instruction": "A", "output": "y\nz"}') == (task("A", "", "y\nz"),)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ('[{"instruction": "A", "input": "x"}]', "missing-output"),
        ('[{"input": "x", "output": "y"}]', "missing-instruction"),
        ('[{"instruction": "A", "output": "y"}, {"note": "x"}]', "unparsed"),
        ('{"instruction": "A", "output": "y"} Enjoy!', "unparsed"),
        ('{"instruction": "A" "output": "y"}\n{"instruction": "B", "output": "z"}\n{"instruction": }', "unparsed"),
    ],
)
def test_json_that_makes_no_task_is_left_over(reply, reason):
    assert reason in reasons(reply)


def test_a_broken_object_spoils_no_other():
    assert tasks_in('{"instruction": "A" "output": "y"}\n{"instruction": "B", "output": "z"}') == (task("B", "", "z"),)


def test_json_in_an_output_is_an_output():
    assert (
        tasks_in('Instruction: A\nOutput: {"instruction": "x", "output": "y"}')[0].output
        == '{"instruction": "x", "output": "y"}'
    )


# Hostile replies, and yes or no.


@pytest.mark.parametrize(
    "piece",
    ["#", "\n", "Instruction" + " " * 50, "Instruction: a\nInput: b\nOutput: c\n", "```\n", "---\n", '{"a":[',
     '{"instruction":', '{"instruction": "a" }', "**", "Input (", "\n5\n", ":", "指令", "~~~x\n"],
)  # fmt: skip
@pytest.mark.parametrize("whole", [True, False])
def test_two_hundred_kilobytes_of_anything_are_read(piece, whole):
    read = read_tasks("Instruction: a\nOutput: b\n" + piece * (200_000 // len(piece)), whole=whole)
    assert read.tasks or read.leftovers


@pytest.mark.parametrize(
    "reply",
    ["Yes", " yes.", "**Yes**", "YES, it is.", "Answer: Yes", "是", "是的。", "是分类任务", "はい", "네", "Да", "Oui",
     "Sí", "It has a few labels.\n\nAnswer: yes", '{"answer": "yes"}', "True"],
)  # fmt: skip
def test_a_yes_is_understood(reply):
    assert read_yes_no(reply) is True


@pytest.mark.parametrize(
    "reply",
    [
        "No",
        "no, it is not",
        "- No.",
        "Classification task: No",
        "否",
        "不是",
        "いいえ",
        "아니요",
        "Нет",
        "Nein",
        "Not at all",
    ],
)
def test_a_no_is_understood(reply):
    assert read_yes_no(reply) is False


@pytest.mark.parametrize("reply", ["", "\n", "Maybe", "Yes or no", "There are no labels", "是否", "否则", "42"])
def test_what_is_neither_or_both_is_no_answer(reply):
    assert read_yes_no(reply) is None


# Real replies.


@pytest.mark.parametrize("shape", [numbered, headings, bold, chinese, fenced, json_in_talk])
def test_real_tasks_come_back_from_every_shape(shape):
    """All but a few of 2,800: the lost ones have lines such as "Output: 6" in their inputs, or a fence left open."""
    tasks = real_tasks()
    tens = [tasks[n : n + 10] for n in range(0, len(tasks), 10)]
    lost = [
        t
        for ten in tens
        if (found := read_tasks(shape(ten), whole=True).tasks) != tuple(ten)
        for t in ten
        if t not in found
    ]
    assert len(lost) <= 0.001 * len(tasks)


def real_tasks():
    folder = DATA / "alpaca_libre"
    if not folder.exists():
        pytest.skip("the shared data is not here")
    texts = [(folder / "alpaca_libre_tasks_v1.jsonl").read_text(encoding="utf-8").splitlines()]
    found = [json.loads(line) for lines in texts for line in lines]
    for path in sorted((DATA / "alpaca_regen_runs").glob("*.json")):
        found += json.loads(path.read_text(encoding="utf-8"))
    parts = [
        [row[key].strip() for key in ("instruction", "input", "output")]
        for row in found
        if row["instruction"] != "ERROR"
    ]
    return [task(i, "" if is_no_input(n) else n, o) for i, n, o in parts if i and o]


def test_real_replies_that_a_reference_parser_gave_up_are_read():
    """201 chunks that the alpaca-libre run kept as errors; in 10 of them the teacher wrote no output."""
    path = DATA / "alpaca_libre" / "alpaca_libre_tasks_v1.jsonl"
    if not path.exists():
        pytest.skip("the shared data is not here")
    rows_read = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    chunks = [row["input"].strip() for row in rows_read if row["instruction"] == "ERROR"]
    read = read_tasks("\n\n###\n".join(chunks), whole=True)
    assert len(read.tasks) == 191
    assert [left.reason for left in read.leftovers] == ["missing-output"] * 10


@pytest.mark.parametrize("key", ["output", "comment"])
def test_half_a_character_in_json_can_be_written_to_a_file(key: str) -> None:
    reply = '[{"instruction": "Draw a face in words.", "KEY": "Half: \\ud83d."}]'.replace("KEY", key)
    read = read_tasks(reply, whole=True)
    parts = [task.output for task in read.tasks] + [left.text for left in read.leftovers]
    assert ["\ufffd" in part for part in parts] == [True]
    assert all(part.encode() for part in parts)
