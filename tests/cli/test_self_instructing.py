"""`--method classic`, `--profile paper`, topics, and languages, with the real program."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from instgen.lines import records_of
from instgen.running.options import Asking, Profile
from instgen.running.self_instruct import SelfInstructOptions, recipe_of
from instgen.seedlist import seed_file
from instgen.teachers.scripted import Scripted
from tests.cli.conftest import Program, rows

TEXTS = {
    "zh": ("请写出三种常见的中药材，并说明它们的用途。", "当归补血，枸杞明目，陈皮理气。"),
    "ja": ("京都の冬の朝を短い文章で描写してください。", "白い息の向こうに、静かな寺の屋根が光っています。"),
    "ko": ("한국의 전통 명절 세 가지를 설명해 주세요.", "설날, 추석, 단오가 있으며 각각 풍습이 다릅니다."),
    "ru": ("Опишите вкус свежего ржаного хлеба.", "Он кисловатый, плотный и пахнет солодом."),
    "ar": ("اكتب وصفا قصيرا لسوق قديم في الصباح.", "تمتلئ الأزقة برائحة الخبز وأصوات الباعة."),
}


def test_the_classic_method_makes_instances(instgen: Program) -> None:
    done = instgen("self-instruct", "--method", "classic", "-n", "20")
    made = rows(done.stdout)
    assert done.returncode == 0
    assert len(made) == 20
    assert len({row["instruction"] for row in made}) < 20
    assert {row["is_classification"] for row in made} == {True, False}
    assert all(row["origin"][0]["op"] == "classic" for row in made)


def test_the_classic_method_is_the_same_at_any_concurrency(instgen: Program) -> None:
    line = ("self-instruct", "--method", "classic", "-n", "30", "--window", "8", "--no-journal")
    assert instgen(*line, "--concurrency", "1").stdout == instgen(*line, "--concurrency", "32").stdout


def test_checks_can_go_to_another_teacher(instgen: Program, folder: Path) -> None:
    (folder / "judge.jsonl").write_text(json.dumps({"reply": "Yes"}))
    line = ("self-instruct", "--method", "classic", "-n", "20", "--judge", "scripted/judge.jsonl")
    assert {row["is_classification"] for row in rows(instgen(*line).stdout)} == {True}


@pytest.mark.parametrize("method", ["alpaca", "classic"])
def test_the_papers_profile_runs(instgen: Program, method: str) -> None:
    done = instgen("self-instruct", "--method", method, "--profile", "paper", "-n", "6")
    assert (done.returncode, len(rows(done.stdout))) == (0, 6)


def test_the_papers_alpaca_asks_for_twenty_tasks_and_shows_three_human_ones(folder: Path) -> None:
    own = SelfInstructOptions(20, "alpaca", Profile.PAPER, "en", None, None, None, 0.7, 8, 50)
    seeds = list(records_of([seed_file("en")]))
    made = recipe_of(own, seeds, Scripted.from_lines(['{"reply": "x"}'], "rules"), Asking())
    (prompt,) = next(made.recipe.start(0, 0))
    assert made.tasks == 20
    assert "20 new tasks" in prompt.messages[0].content
    assert prompt.messages[0].content.split("exist already", 1)[1].count("Instruction:") == 3
    assert (prompt.temperature, prompt.top_p, prompt.max_tokens) == (1.0, 1.0, 3072)


def test_topics_and_zero_examples(instgen: Program, folder: Path) -> None:
    (folder / "topics.txt").write_text("volcanoes\n\nchess\n")
    done = instgen("self-instruct", "--topics", "topics.txt", "--examples", "0", "-n", "3")
    assert len(rows(done.stdout)) == 3
    assert all("parents" not in row["origin"][0] for row in rows(done.stdout))


def test_a_topics_file_without_topics_is_said_so(instgen: Program, folder: Path) -> None:
    (folder / "topics.txt").write_text("\n")
    assert instgen("self-instruct", "--topics", "topics.txt").returncode == 4
    assert instgen("self-instruct", "--topics", "missing.txt").returncode == 4


@pytest.mark.parametrize("language", TEXTS)
def test_every_script_goes_through_the_same_pipeline(instgen: Program, folder: Path, language: str) -> None:
    instruction, output = TEXTS[language]
    (folder / "seed.jsonl").write_text(
        json.dumps({"instruction": "Say it kindly.", "input": "No.", "output": "I fear not."})
    )
    good = f"Instruction: {instruction}\nOutput: {output}"
    empty = f"Instruction: {output}\nOutput:"
    (folder / "teacher.jsonl").write_text(json.dumps({"reply": f"{good}\n###\n{good}\n###\n{empty}"}))
    line = ("self-instruct", "seed.jsonl", "-n", "1", "--lang", language, "-t", "scripted/teacher.jsonl")
    done = instgen(*line, "--rejects", "no.jsonl")
    (row,) = rows(done.stdout)
    assert (row["instruction"], row["output"]) == (instruction, output)
    reasons = [each["rejected"]["reason"] for each in rows((folder / "no.jsonl").read_text())]
    assert "not-novel" in reasons
    assert len(reasons) == 2


def test_a_cut_reply_loses_only_its_last_task(instgen: Program, folder: Path) -> None:
    reply = "Instruction: {{words 9}}\nOutput: {{words 9}}.\n###\nInstruction: {{words 9}}\nOutput: {{words 40}}."
    (folder / "cut.jsonl").write_text(json.dumps({"reply": reply, "cut": 260}))
    done = instgen("self-instruct", "-n", "3", "-t", "scripted/cut.jsonl", "--rejects", "no.jsonl")
    assert len(rows(done.stdout)) == 3
    assert {each["rejected"]["reason"] for each in rows((folder / "no.jsonl").read_text())} == {"truncated"}
