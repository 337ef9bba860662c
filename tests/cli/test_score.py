"""`instgen score`, as its users run it."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from instgen.cli import measuring
from instgen.cli.progress import Progress
from instgen.running.options import Asking, Explicit, Writing
from instgen.running.teachers import judge_alone
from instgen.scores.find import built_in
from instgen.scores.free import MEASURES, Measuring
from tests.cli.conftest import COMMAND, Program, calls, rows, settings
from tests.commands import options_of

ROWS = [
    {"id": "a", "instruction": "Name a colour.", "output": "Blue is a colour.", "source": "mine"},
    {"id": "b", "instruction": "Name a river.", "output": "The Nile is a river."},
    {"id": "c", "instruction": "Say it in French.", "input": "Good day", "output": "Bonjour, mes amis."},
]
JUDGE: list[dict[str, object]] = [
    {"traits": {"concurrency": 8}, "log": "calls.log"},
    {"when": "variant-a", "reply": '{"reasoning": "b is harder", "variant-a": 1, "variant-b": 5}'},
    {"when": "task-valid", "reply": '{"task-valid": 1, "input-appropriate": 1, "output-correct": {{number 0 1}}}'},
    {"when": "Blue", "reply": "Helpfulness: 4/5\nAccuracy: 5/5\nOverall: 4"},
    {"when": "Nile", "reply": '{"helpfulness": 1, "accuracy": 1, "quality": 5}'},
    {"when": "Bonjour", "reply": "Very nice."},
    {"reply": "[[3]]"},
]
PAGE = (Path(__file__).parents[2] / "docs" / "score.md").read_text("utf-8")


def text(given: Sequence[Mapping[str, object]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in given)


@pytest.fixture
def judge(folder: Path) -> None:
    (folder / "rules.jsonl").write_text(text(JUDGE))


@pytest.mark.usefixtures("judge")
class TestWithAJudge:
    def test_scores_are_added_and_bad_verdicts_are_rejected_with_the_reply(
        self, instgen: Program, folder: Path
    ) -> None:
        done = instgen("score", "--rubric", "quality", "--rejects", "no.jsonl", input=text(ROWS))
        (scored,) = rows(done.stdout)
        assert done.returncode == 0
        assert scored["scores"] == {"quality": 4, "quality.helpfulness": 4, "quality.accuracy": 5}
        assert scored["source"] == "mine"
        rejected = [row["rejected"] for row in rows((folder / "no.jsonl").read_text())]
        assert [each["reason"] for each in rejected] == ["inconsistent-verdict", "unparseable-verdict"]
        assert rejected[1]["evidence"] == "Very nice."

    def test_what_was_scored_passes_and_is_not_asked_again(self, instgen: Program, folder: Path) -> None:
        once = instgen("score", "--rubric", "difficulty", "--no-journal", input=text(ROWS[:1] * 2)).stdout
        asked = len(calls(folder))
        again = instgen("score", "--rubric", "difficulty", "--no-journal", input=once)
        assert (again.stdout, len(calls(folder))) == (once, asked)

    def test_a_run_that_was_cut_short_goes_on_to_the_same_bytes(self, instgen: Program, folder: Path) -> None:
        line = ("score", "--rubric", "difficulty", "-o", "out.jsonl")
        given = text([{"id": str(n), "instruction": f"Name tree number {n}."} for n in range(20)])
        assert instgen(*line, input=given).returncode == 0
        whole, asked = (folder / "out.jsonl").read_bytes(), len(calls(folder))
        (folder / "out.jsonl").write_bytes(whole[: len(whole) // 2])
        assert instgen(*line, input=given).returncode == 0
        assert (folder / "out.jsonl").read_bytes() == whole
        assert len(calls(folder)) == asked

    def test_siblings_are_compared_by_one_call(self, instgen: Program, folder: Path) -> None:
        child = {"id": "d", "instruction": "Name a rare colour.", "origin": [{"command": "evolve", "root": "a"}]}
        done = instgen("score", "--rubric", "complexity", input=text([ROWS[0], child, ROWS[1]]))
        first, second, alone = [row["scores"]["complexity"] for row in rows(done.stdout)]
        assert ({first, second}, alone) == ({1, 5}, 3)
        assert len(calls(folder)) == 2

    def test_an_audit_of_a_sample_ends_with_a_table(self, instgen: Program, folder: Path) -> None:
        given = [{"id": str(n), "instruction": f"Name tree number {n}.", "output": f"Oak {n}."} for n in range(50)]
        line = ("score", "--rubric", "audit", "--sample", "20")
        done = instgen(*line, "--summary", "run.jsonl", input=text(given))
        out = rows(done.stdout)
        drawn = {row["id"] for row in out if "scores" in row}
        assert [row["id"] for row in out] == [row["id"] for row in given]
        assert len(drawn) == len(calls(folder)) == 20
        assert re.search(r"audit\.output-correct +\d+\.\d% +\(\d.*% to .*%\) +paper +58%", done.stderr)
        assert re.search(r"^  audit +\d.* paper +54%$", done.stderr, re.MULTILINE)
        summary = rows((folder / "run.jsonl").read_text())[-1]
        assert summary["rates"]["audit"]["judged"] == 20
        backwards = rows(instgen(*line, input=text(given[::-1])).stdout)
        assert {row["id"] for row in backwards if "scores" in row} == drawn

    def test_a_rubric_of_ones_own_is_named_by_its_path(self, instgen: Program, folder: Path) -> None:
        (folder / "rhyme.toml").write_text(
            'about = "r"\nof = "answer"\nquestion = "Does it rhyme?"\n'
            '[scores.rhyme]\nfrom = 1\nto = 4\nmeans = "4: yes"\n'
        )
        (folder / "own.jsonl").write_text('{"when": "Does it rhyme?", "reply": "[[4]]"}\n')
        done = instgen("score", "--rubric", "./rhyme.toml", "-t", "scripted/own.jsonl", input=text(ROWS[:1]))
        (row,) = rows(done.stdout)
        assert row["scores"] == {"rhyme": 4}
        assert row["origin"][-1]["prompts"][0].startswith("rubric/rhyme@")

    def test_the_judge_alone_is_needed(self, instgen: Program) -> None:
        line = ("score", "--rubric", "difficulty", "-t", "local/no-such.gguf", "--judge", "scripted/rules.jsonl")
        done = instgen(*line, input=text(ROWS[:1]))
        assert (done.returncode, rows(done.stdout)[0]["scores"]) == (0, {"difficulty": 3})

    def test_a_judge_of_the_writers_family_is_told_of_once(self, instgen: Program) -> None:
        written = [{**row, "origin": [{"command": "respond", "teacher": "scripted/rules.jsonl"}]} for row in ROWS]
        done = instgen("score", "--rubric", "difficulty", input=text(written))
        assert done.stderr.count("judges prefer their own model family") == 1
        scored = instgen(
            "score", "--rubric", "safety", input=instgen("score", "--rubric", "difficulty", input=text(ROWS)).stdout
        )
        assert "family" not in scored.stderr

    def test_free_scores_come_along(self, instgen: Program) -> None:
        done = instgen("score", "--rubric", "difficulty", "--rubric", "length", input=text(ROWS[:1]))
        assert rows(done.stdout)[0]["scores"] == {"length": 4, "length.task": 3, "difficulty": 3}

    def test_a_dry_run_asks_nothing(self, instgen: Program, folder: Path) -> None:
        done = instgen("score", "--rubric", "quality", "--votes", "3", "--dry-run", input=text(ROWS))
        assert (done.returncode, done.stdout, calls(folder)) == (0, "", [])
        assert "about 9 calls" in done.stderr


def test_the_address_and_the_key_of_one_provider_never_go_to_a_judge_of_another() -> None:
    flags = Explicit(frozenset({"base_url", "seed"}))
    asking = Asking(teacher="openai/a", base_url=["http://127.0.0.1:1"], api_key_env="KEY", explicit=flags)
    kin = judge_alone(replace(asking, judge="openai/b"))
    assert (kin.teacher, kin.judge, kin.api_key_env) == ("openai/b", None, "KEY")
    other = judge_alone(replace(asking, judge="anthropic/c"))
    assert (other.teacher, other.base_url, other.api_key_env, other.api_key_file) == ("anthropic/c", None, None, None)
    assert other.explicit == Explicit(frozenset({"seed"}))


class TestWithoutAJudge:
    LINE = ("score", "--rubric", "rules", "--rubric", "length", "-t", "no-such-teacher/at-all")

    def test_no_teacher_is_opened(self, instgen: Program, folder: Path) -> None:
        done = instgen(*self.LINE, input=text(ROWS))
        assert done.returncode == 0
        assert [list(row["scores"]) for row in rows(done.stdout)] == [["rules", "length", "length.task"]] * 3
        assert calls(folder) == []

    def test_a_packed_file_in_and_a_packed_file_out(self, instgen: Program, folder: Path) -> None:
        (folder / "in.jsonl.gz").write_bytes(gzip.compress(text(ROWS).encode()))
        assert instgen(*self.LINE, "in.jsonl.gz", "-o", "out.jsonl.gz", "--summary", "run.jsonl").returncode == 0
        assert (
            gzip.decompress((folder / "out.jsonl.gz").read_bytes()).decode()
            == instgen(*self.LINE, input=text(ROWS)).stdout
        )
        (summary,) = rows((folder / "run.jsonl").read_text())
        assert (summary["read"], summary["kept"], summary["exit_code"]) == (3, 3, 0)

    def test_a_torn_output_is_completed_and_another_one_is_left_alone(self, instgen: Program, folder: Path) -> None:
        whole = instgen(*self.LINE, input=text(ROWS)).stdout
        (folder / "out.jsonl").write_text(whole[:-30])
        assert instgen(*self.LINE, "-o", "out.jsonl", input=text(ROWS)).returncode == 0
        assert (folder / "out.jsonl").read_text() == whole
        assert instgen(*self.LINE, "-o", "out.jsonl", input=text(ROWS[1:])).returncode == 2
        assert (folder / "out.jsonl").read_text() == whole

    def test_records_stream_through_while_stdin_is_still_open(self, folder: Path) -> None:
        process = subprocess.Popen(
            [*COMMAND, *self.LINE, "-q"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder, env=settings()
        )
        assert process.stdin
        assert process.stdout
        process.stdin.write(text(ROWS[:1]).encode())
        process.stdin.flush()
        first = json.loads(process.stdout.readline())
        process.stdin.close()
        assert process.stdout.read() == b""
        process.stdout.close()
        assert first["id"] == "a"
        assert process.wait(30) == 0

    def test_rows_before_a_broken_line_are_written(self, instgen: Program) -> None:
        done = instgen(*self.LINE, input=text(ROWS) + "{broken\n" + text(ROWS))
        assert (done.returncode, len(rows(done.stdout))) == (4, 3)

    def test_a_dry_run_writes_nothing(self, instgen: Program) -> None:
        done = instgen(*self.LINE, "--dry-run", input=text(ROWS))
        assert (done.returncode, done.stdout) == (0, "")
        assert "make no calls" in done.stderr

    def test_an_empty_stdin_is_no_error(self, instgen: Program) -> None:
        assert (instgen(*self.LINE).returncode, instgen(*self.LINE).stdout) == (0, "")

    def test_a_missing_file_leaves_no_output_behind(self, instgen: Program, folder: Path) -> None:
        assert instgen(*self.LINE, "none.jsonl", "-o", "out.jsonl").returncode == 4
        assert not (folder / "out.jsonl").exists()


@pytest.mark.parametrize(
    ("line", "code", "told"),
    [
        ((), 2, "no --rubric is given"),
        (("--rubric", "qualty"), 2, "did you mean quality?"),
        (("--rubric", "./none.toml"), 4, "none.toml: cannot be read"),
        (("--rubric", "./bad.toml"), 4, "to must be greater than from"),
        (("--rubric", "quality", "--rubric", "./quality.toml"), 2, "two rubrics are named quality"),
        (
            ("--rubric", "ifd"),
            2,
            "ifd needs the log-probabilities of a given text, which scripted/rules.jsonl cannot give",
        ),
        (("--rubric", "length", "--votes", "3"), 2, "--votes is for a judge"),
        (("--rubric", "length", "--sample", "3"), 2, "--sample saves calls"),
        (("--rubric", "length", "--reference-key", "x"), 2, "--reference-key is for a judge"),
    ],
)
def test_what_cannot_be_scored_is_told_in_one_line(
    instgen: Program, folder: Path, line: tuple[str, ...], code: int, told: str
) -> None:
    content = 'about = "b"\nof = "answer"\nquestion = "?"\n[scores.bad]\nfrom = 5\nto = 1\nmeans = "?"\n'
    (folder / "bad.toml").write_text(content)
    (folder / "quality.toml").write_text(content.replace("from = 5", "from = 0"))
    done = instgen("score", *line, input=text(ROWS))
    assert (done.returncode, done.stdout) == (code, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_every_rubric_is_listed(instgen: Program) -> None:
    listed = [line.split()[:2] for line in instgen("score", "--list").stdout.splitlines()]
    assert listed == [
        *([name, "judge"] for name in built_in()),
        ["ifd", "model"],
        *([name, "free"] for name in MEASURES),
    ]


def test_every_rubric_option_and_reason_is_on_the_page() -> None:
    own = {"--rubric", "--list", "--votes", "--replace", "--sample", "--reference-key"}
    assert own <= options_of("score")
    reasons = {"unparseable-verdict", "out-of-scale", "inconsistent-verdict", "no-answer", "too-short"}
    reasons |= {"truncated", "refusal"}
    for name in (*own, *reasons, *built_in(), *MEASURES, "ifd"):
        assert f"`{name}" in PAGE, name


def test_scores_by_rules_alone_show_how_far_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Progress] = []

    @contextlib.contextmanager
    def shown(progress: Callable[[int | None], Progress], *more: object) -> Iterator[None]:
        yield
        told.append(progress(3))

    monkeypatch.setattr(measuring, "shown", shown)
    path = tmp_path / "rows.jsonl"
    path.write_text('{"instruction": "Name a tree.", "output": "An oak."}\n' * 2)
    measuring.measure(Measuring([MEASURES["length"]]), [path], Writing(output=tmp_path / "out.jsonl", quiet=True))
    assert [(each.done, each.total, each.made) for each in told] == [(2, 3, "2 scored")]
