"""`instgen rank`, as its users run it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.cli.conftest import Program, calls, rows

PARIS, LYON = "It is Paris.", "It is Lyon."
JUDGE = (
    {"when": "4 answers", "reply": '{"reasoning": "", "ranking": [["B"], ["A"], ["C"], ["D"]], "margins": []}'},
    {"when": "nobody can tell", "reply": "[[A]] or [[B]]"},
    {
        "match": f"(?s)answer A\n{PARIS}",
        "reply": '{"reasoning": "A is right.", "verdict": "A", "margin": "significantly"}',
    },
    {"match": f"(?s)answer B\n{PARIS}", "reply": "A is wrong.\n\nTherefore, Answer B is slightly better."},
    {"reply": "[[A]]"},
)


def candidate_row(name: str, *outputs: str, **more: Any) -> dict[str, Any]:
    candidates = [{"output": output, "teacher": "t"} for output in outputs]
    return {"id": name, "instruction": "Capital of France?", "candidates": candidates, "output": outputs[0], **more}


ROWS = [
    candidate_row("a", LYON, PARIS),
    {"id": "b", "instruction": "Name a river.", "output": "The Nile."},
    candidate_row("c", "So", "Or so", instruction="What nobody can tell?"),
    candidate_row("d", "So", "Or so"),
]


def text(given: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in given)


def judged(folder: Path) -> tuple[str, ...]:
    (folder / "judge.jsonl").write_text(text([{"log": "calls.log"}, *JUDGE]))
    return ("rank", "-t", "scripted/judge.jsonl", "--rejects", "no.jsonl")


def test_candidates_come_out_in_order(instgen: Program, folder: Path) -> None:
    done = instgen(*judged(folder), input=text(ROWS))
    a, b, d = rows(done.stdout)
    assert done.returncode == 0
    assert (a["output"], [each["output"] for each in a["candidates"]]) == (PARIS, [PARIS, LYON])
    assert [each["rank"] for each in a["candidates"]] == [1, 2]
    assert [each["scores"] for each in a["candidates"]] == [{"wins": 1.0, "margin": 0.0}, {"wins": 0.0, "margin": 1.0}]
    assert (a["origin"][-1]["command"], a["origin"][-1]["op"]) == ("rank", "pairs")
    assert b == ROWS[1] | {"input": ""}
    assert [each["rank"] for each in d["candidates"]] == [1, 1]
    assert "1 row had no two different candidates" in done.stderr


def test_an_unreadable_verdict_is_left_out_with_the_reply(instgen: Program, folder: Path) -> None:
    instgen(*judged(folder), input=text(ROWS))
    found = rows((folder / "no.jsonl").read_text())
    assert [each["rejected"]["reason"] for each in found] == ["unparseable-verdict", "unparseable-verdict", "unranked"]
    assert found[0]["text"] == "[[A]] or [[B]]"
    assert found[2]["id"] == "c"


def test_the_winner_alone_may_be_kept_and_ties_dropped(instgen: Program, folder: Path) -> None:
    a, b = rows(instgen(*judged(folder), "--best", "--ties", "drop", input=text(ROWS)).stdout)
    assert (a["output"], "candidates" in a, b["id"]) == (PARIS, False, "b")
    assert rows((folder / "no.jsonl").read_text())[-1]["rejected"]["reason"] == "tied"


def test_one_row_more_changes_no_other_and_nothing_is_asked_twice(instgen: Program, folder: Path) -> None:
    line = judged(folder)
    many = candidate_row("m", "a", "b", "c", "d")
    few = instgen(*line, input=text(ROWS)).stdout
    asked = len(calls(folder))
    more = instgen(*line, "--force", input=text([many, *ROWS])).stdout
    assert more.endswith(few)
    assert (asked, len(calls(folder))) == (6, 8)


def test_a_preference_set_comes_out_of_a_pipeline(instgen: Program, folder: Path) -> None:
    answered = instgen("respond", "--samples", "4", input=text([{"id": "x", "instruction": "Name a tree."}])).stdout
    (row,) = rows(instgen(*judged(folder), input=answered).stdout)
    assert row["origin"][-1]["op"] == "list"
    assert len(row["candidates"]) == 4
    assert row["output"] == row["candidates"][0]["output"]
    again = instgen(*judged(folder), "--by", "pairs", "--force", input=answered)
    assert rows(again.stdout)[0]["origin"][-1]["op"] == "pairs"


def test_a_judge_of_its_own_answers_is_told(instgen: Program, folder: Path) -> None:
    given = candidate_row("a", LYON, PARIS)
    given["candidates"][0]["teacher"] = "scripted/judge.jsonl"
    assert "answers of its own model family" in instgen(*judged(folder), input=text([given])).stderr
    assert (
        "answers of its own model family" not in instgen(*judged(folder), "-q", "--force", input=text([given])).stderr
    )


def test_nobody_is_asked_or_opened_but_the_judge(instgen: Program, folder: Path) -> None:
    judged(folder)
    done = instgen("rank", "-t", "local/none.gguf", "--judge", "scripted/judge.jsonl", input=text(ROWS[:1]))
    assert rows(done.stdout)[0]["origin"][-1]["teacher"] == "scripted/judge.jsonl"


def test_a_criterion_of_ones_own_is_a_part_of_a_prompt_file(instgen: Program, folder: Path) -> None:
    wrong = instgen("rank", "--criteria", "wit", input=text(ROWS))
    assert wrong.returncode == 2
    assert "--criteria wit" in wrong.stderr
    assert instgen("prompts", "export", "mine").returncode == 0
    for file in (folder / "mine").glob("*/rank-*.txt"):
        file.write_text(file.read_text() + "[[criterion wit]]\nCompare only how witty each is.\n")
    done = instgen(*judged(folder), "--criteria", "wit", "--prompts", "mine", input=text(ROWS[:1]))
    assert rows(done.stdout)[0]["candidates"][0]["scores"]["wit.wins"] == 1.0


def test_wrong_input_is_told_in_a_line(instgen: Program) -> None:
    bad = instgen("rank", input='{"instruction": "x", "candidates": [{"rank": 1}]}\n')
    assert bad.returncode == 4
    assert "no output" in bad.stderr
    assert "Traceback" not in bad.stderr
    assert instgen("rank", "--by", "hand", input=text(ROWS)).returncode == 2
    assert (instgen("rank").returncode, instgen("rank").stdout) == (0, "")


def test_a_criterion_of_ones_own_is_needed_in_english_only(instgen: Program, folder: Path) -> None:
    assert instgen("prompts", "export", "mine").returncode == 0
    for name in ("rank-pair", "rank-list"):
        with (folder / "mine" / "en" / f"{name}.txt").open("a") as file:
            file.write("[[criterion wit]]\nCompare their wit alone.\n")
    row = candidate_row("z", LYON, PARIS, instruction="法国的首都是哪里？")
    done = instgen(*judged(folder), "--prompts", "mine", "--criteria", "wit", input=text([ROWS[0], row]))
    assert (done.returncode, len(rows(done.stdout))) == (0, 2), done.stderr
    assert rows(done.stdout)[1]["origin"][-1]["prompts"][0].startswith("en/rank-pair@")


def test_a_judge_that_scored_before_is_not_taken_for_the_writer(instgen: Program, folder: Path) -> None:
    before = {"command": "score", "teacher": "scripted/judge.jsonl"}
    done = instgen(*judged(folder), input=text([candidate_row("a", LYON, PARIS, origin=[before])]))
    assert done.returncode == 0
    assert "its own model family" not in done.stderr


def test_a_dry_run_counts_every_pair_in_both_orders(instgen: Program, folder: Path) -> None:
    given = text([candidate_row("m", "a", "b", "c", "d")])
    assert "about 12 calls" in instgen(*judged(folder), "--by", "pairs", "--dry-run", input=given).stderr


def test_where_every_record_is_rejected_the_reasons_are_pointed_to(instgen: Program, folder: Path) -> None:
    line, given = judged(folder)[:3], text([ROWS[2]])
    (folder / "judge.jsonl").write_text(text([{"reply": "I would rather not say."}]))
    hint = "rank: nothing was kept; see --rejects FILE for the reasons"
    done = instgen(*line, "--ties", "drop", input=given)
    assert (done.stdout, hint in done.stderr) == ("", True)
    assert hint not in instgen(*line, "--ties", "drop", "--rejects", "no.jsonl", input=given).stderr
