"""`instgen respond`, as its users run it."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from instgen.running.options import Asking, Writing
from instgen.running.teachers import Teachers, open_teachers
from instgen.teachers.scripted import Scripted
from instgen.teachers.teacher import Settings
from tests.cli.conftest import COMMAND, Program, calls, rows, settings
from tests.teachers.beside import answering
from tests.teachers.server import chat

ROWS = [
    {"id": "a", "instruction": "Name a colour.", "source": "mine"},
    {"id": "b", "instruction": "Name a river.", "output": "The Nile."},
    {"id": "c", "instruction": "Say it in French.", "input": "Good day", "output": ""},
]


def text(given: Sequence[Mapping[str, object]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in given)


def test_missing_outputs_are_filled_and_the_rest_passes_through(instgen: Program) -> None:
    done = instgen("respond", input=text(ROWS))
    a, b, c = rows(done.stdout)
    assert done.returncode == 0
    assert a["output"].startswith("An answer")
    assert a["source"] == "mine"
    assert (b["output"], "origin" in b) == ("The Nile.", False)
    assert c["origin"][-1]["command"] == "respond"
    assert [row["id"] for row in (a, b, c)] == ["a", "b", "c"]
    assert "respond: 1 row had an answer and passed through; --replace answers it again" in done.stderr


def test_replace_answers_everything_again(instgen: Program) -> None:
    assert all(
        row["output"].startswith("An answer") for row in rows(instgen("respond", "--replace", input=text(ROWS)).stdout)
    )


def test_samples_become_candidates(instgen: Program) -> None:
    a, b, _ = rows(instgen("respond", "--samples", "3", input=text(ROWS)).stdout)
    assert len({each["output"] for each in a["candidates"]}) == 3
    assert a["output"] == a["candidates"][0]["output"]
    assert "candidates" not in b


def test_one_row_more_changes_no_other(instgen: Program) -> None:
    few = instgen("respond", input=text(ROWS)).stdout
    more = instgen("respond", input=text([{"instruction": "Name a tree."}, *ROWS])).stdout
    assert more.endswith(few)


def test_equal_rows_are_asked_once(instgen: Program, folder: Path) -> None:
    done = instgen("respond", input=text([{"instruction": "Name a tree."}] * 20))
    assert len(rows(done.stdout)) == 20
    assert len(calls(folder)) == 1


def test_a_conversation_is_answered_at_its_end(instgen: Program) -> None:
    given = {"messages": [{"role": "user", "content": "Hello"}]}
    (row,) = rows(instgen("respond", input=text([given])).stdout)
    assert [message["role"] for message in row["messages"]] == ["user", "assistant"]
    assert row["messages"][1]["content"] == row["output"]


def test_a_teacher_that_fails_costs_the_row_and_exit_3(instgen: Program, folder: Path) -> None:
    failing = [{"when": "colour", "error": "overloaded"}, {"reply": "Yes, gladly so."}]
    (folder / "failing.jsonl").write_text(text(failing))
    line = ("respond", "-t", "scripted/failing.jsonl", "--rejects", "no.jsonl")
    done = instgen(*line, input=text(ROWS))
    assert done.returncode == 3
    assert len(rows(done.stdout)) == 2
    (rejected,) = rows((folder / "no.jsonl").read_text())
    assert rejected["rejected"]["reason"] == "teacher-failed"
    assert "overloaded" in rejected["rejected"]["evidence"]
    assert instgen(*line, "--max-failures", "50%", input=text(ROWS)).returncode == 0


def test_a_teacher_that_refuses_us_ends_with_5_and_the_line_to_continue(instgen: Program, folder: Path) -> None:
    (folder / "closed.jsonl").write_text(
        text([{"when": "French", "fatal": "no more money"}, {"reply": "Yes, gladly so."}])
    )
    done = instgen("respond", "-t", "scripted/closed.jsonl", "--concurrency", "1", input=text(ROWS))
    assert done.returncode == 5
    assert "no more money" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("to continue: ")
    assert len(rows(done.stdout)) == 2


def test_a_cut_answer_is_not_taken_for_a_whole_one(instgen: Program, folder: Path) -> None:
    (folder / "cut.jsonl").write_text(text([{"reply": "A long answer that never ends", "cut": 9}]))
    done = instgen("respond", "-t", "scripted/cut.jsonl", "--rejects", "no.jsonl", input=text(ROWS[:1]))
    assert (done.returncode, done.stdout) == (0, "")
    assert rows((folder / "no.jsonl").read_text())[0]["rejected"]["reason"] == "truncated"


def test_records_stream_through_while_stdin_is_still_open(folder: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "respond", "-q"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder, env=settings()
    )
    assert process.stdin
    assert process.stdout
    process.stdin.write(text(ROWS[:1]).encode())
    process.stdin.flush()
    first = json.loads(process.stdout.readline())
    process.stdin.write(text(ROWS[1:2]).encode())
    process.stdin.close()
    rest = process.stdout.read()
    process.stdout.close()
    assert first["id"] == "a"
    assert json.loads(rest)["id"] == "b"
    assert process.wait(30) == 0


def test_an_empty_stdin_is_no_error_in_a_pipeline(instgen: Program) -> None:
    done = instgen("respond")
    assert (done.returncode, done.stdout) == (0, "")


def test_rows_before_a_broken_line_are_answered(instgen: Program) -> None:
    done = instgen("respond", input=text(ROWS) + "{broken\n" + text(ROWS))
    assert done.returncode == 4
    assert len(rows(done.stdout)) == 3
    assert "stdin:4" in done.stderr or "-:4" in done.stderr


def test_a_system_text_is_for_records_that_have_none(instgen: Program) -> None:
    given = [{"instruction": "Name a tree."}, {"instruction": "Name a bird.", "system": "Be brief."}]
    done = instgen("respond", "--system", "Speak as a pirate.", input=text(given))
    assert [row["system"] for row in rows(done.stdout)] == ["Speak as a pirate.", "Be brief."]


def test_refusals_are_kept_where_they_are_wanted(instgen: Program, folder: Path) -> None:
    (folder / "rules.jsonl").write_text('{"reply": "I am sorry, but I cannot help with that."}\n')
    given = text([{"instruction": "Name a tree."}])
    assert instgen("respond", input=given).stdout == ""
    [row] = rows(instgen("respond", "--refusals", "keep", input=given).stdout)
    assert row["output"].startswith("I am sorry")


def test_thinking_is_kept_or_dropped(instgen: Program, folder: Path) -> None:
    (folder / "rules.jsonl").write_text('{"reply": "An oak.", "reasoning": "Trees are tall."}\n')
    given = text([{"instruction": "Name a tree."}])
    assert rows(instgen("respond", input=given).stdout)[0]["reasoning"] == "Trees are tall."
    assert "reasoning" not in rows(instgen("respond", "--reasoning", "drop", input=given).stdout)[0]


TREES = [{"id": str(number), "instruction": f"Name tree {number}."} for number in range(12)]
TWO = ("respond", "--with", "scripted/second.jsonl", "--with", "third", "--config", "mine.toml")


@pytest.fixture
def several(folder: Path) -> Path:
    """Two more teachers beside the scripted one: a file, and a name of the user's settings."""
    for name in ("second", "third"):
        head = {"traits": {"concurrency": 8}, "log": f"{name}.log"}
        rule = {"reply": f"The {name} says {{{{words 6}}}}."}
        (folder / f"{name}.jsonl").write_text(text([head, rule]))
    (folder / "mine.toml").write_text('[teachers.third]\nteacher = "scripted/third.jsonl"\n')
    return folder


def teachers_of(output: str) -> dict[str, str]:
    return {row["id"]: row["origin"][-1]["teacher"] for row in rows(output)}


def test_each_record_is_answered_by_one_of_the_teachers(instgen: Program, several: Path) -> None:
    done = instgen(*TWO, input=text(TREES))
    assert done.returncode == 0
    assert set(teachers_of(done.stdout).values()) == {f"scripted/{name}.jsonl" for name in ("rules", "second", "third")}
    for row in rows(done.stdout):
        name = row["origin"][-1]["teacher"].removeprefix("scripted/").removesuffix(".jsonl")
        assert row["output"].startswith("An answer" if name == "rules" else f"The {name} says")


def test_who_answers_a_row_does_not_depend_on_other_rows_or_concurrency(instgen: Program, several: Path) -> None:
    whole = instgen(*TWO, input=text(TREES)).stdout
    assert instgen(*TWO, input=text([{"instruction": "One more."}, *TREES])).stdout.endswith(whole)
    assert instgen(*TWO, "--concurrency", "1", "--no-journal", input=text(TREES)).stdout == whole
    assert teachers_of(instgen(*TWO, "--seed", "1", input=text(TREES)).stdout) != teachers_of(whole)


def test_samples_go_round_and_each_candidate_names_its_teacher(instgen: Program, several: Path) -> None:
    made = rows(instgen(*TWO, "--samples", "3", input=text(TREES)).stdout)
    names = [[each["teacher"] for each in row["candidates"]] for row in made]
    assert all(len(set(row)) == 3 for row in names)
    assert len({row[0] for row in names}) == 3
    assert all(row["output"] == row["candidates"][0]["output"] for row in made)
    assert all(row["origin"][-1]["teacher"] == row["candidates"][0]["teacher"] for row in made)


def test_more_samples_of_several_teachers_ask_only_for_what_is_new(instgen: Program, several: Path) -> None:
    instgen(*TWO, "--samples", "2", input=text(TREES))
    done = instgen(*TWO, "--samples", "4", input=text(TREES))
    assert "24 asked, 24 replayed" in done.stderr
    logs = [several / f"{name}.log" for name in ("calls", "second", "third")]
    assert sum(len(log.read_text().splitlines()) for log in logs) == 48


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--with", "scripted/second.jsonl"], "scripted/second.jsonl is named twice"),
        (["--with", "scripted/third.jsonl"], "third and scripted/third.jsonl are the same teacher"),
        (["--with", "scripted/rules.jsonl"], "scripted/rules.jsonl is named twice"),
        (["--with", "scripted/none.jsonl"], "none.jsonl"),
        (["--with", "nobody"], "no teacher provider is named 'nobody'"),
    ],
)
def test_teachers_that_are_one_or_none_are_told(instgen: Program, several: Path, more: list[str], said: str) -> None:
    done = instgen(*TWO, *more, input=text(TREES))
    assert done.returncode in {2, 4}
    assert (done.stdout, done.stderr.count("\n")) == ("", 2)
    assert said in done.stderr


def test_a_limit_on_the_cost_needs_the_price_of_each_teacher(instgen: Program) -> None:
    line = ("respond", "--with", "openai/some", "--base-url", "http://127.0.0.1:9/v1", "--max-cost", "1")
    done = instgen(*line, input=text(TREES))
    assert done.returncode == 2
    assert "the price of openai/some is not known" in done.stderr


def test_a_dry_run_names_all_teachers_and_takes_the_dearest(instgen: Program, folder: Path) -> None:
    prices = (f'"openai/{name}" = {{prompt = {cost}, completion = {cost}}}\n' for name, cost in (("a", 1), ("b", 3)))
    (folder / "mine.toml").write_text("[prices]\n" + "".join(prices))
    line = ("respond", "-t", "openai/a", "--config", "mine.toml", "--dry-run")
    one = instgen(*line, input=text(TREES)).stderr
    two = instgen(*line, "--with", "openai/b", input=text(TREES)).stderr
    assert "12 calls to openai/a and openai/b" in " ".join(two.split())
    assert float(two.rpartition("$")[2]) == pytest.approx(3 * float(one.rpartition("$")[2]), rel=0.01)


def test_samples_are_separate_purchases_with_seeds_of_their_own(instgen: Program) -> None:
    with answering(lambda request: chat(f"Tree {request.body['seed']}.")) as server:
        line = ("respond", "-t", "openai/m", "--with", "openai/n", "--base-url", server.url, "--samples", "6")
        done = instgen(*line, input=text(TREES[:1]))
    assert len(rows(done.stdout)[0]["candidates"]) == 6
    assert Counter(request.body["model"] for request in server.requests) == {"m": 3, "n": 3}
    assert len({request.body["seed"] for request in server.requests}) == 6


def test_equal_answers_are_one_candidate_and_told(instgen: Program, folder: Path) -> None:
    (folder / "same.jsonl").write_text(text([{"reply": ["An oak tree.", "A pine tree."]}]))
    line = ("respond", "-t", "scripted/same.jsonl", "--samples", "8", "--rejects", "no.jsonl")
    done = instgen(*line, input=text(TREES[:1]))
    (row,) = rows(done.stdout)
    assert sorted(each["output"] for each in row["candidates"]) == ["A pine tree.", "An oak tree."]
    assert [each["rejected"]["reason"] for each in rows((folder / "no.jsonl").read_text())] == [
        "duplicate-candidate"
    ] * 6
    assert "duplicate-candidate 6" in done.stderr


def test_at_temperature_0_equal_samples_are_foretold_once(instgen: Program, several: Path) -> None:
    cold = ("--temperature", "0", "--samples")
    assert instgen("respond", *cold, "3", input=text(TREES)).stderr.count("at temperature 0") == 1
    assert instgen("respond", *cold, "3", "-q", input=text(TREES)).stderr == ""
    assert "at temperature 0" not in instgen("respond", *cold, "1", input=text(TREES)).stderr
    assert "at temperature 0" not in instgen(*TWO, *cold, "3", input=text(TREES)).stderr


def test_an_address_and_a_key_are_for_teachers_of_the_same_provider_only(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[tuple[str, tuple[str, ...], str | None]] = []

    def note(spec: str, settings: Settings) -> Scripted:
        opened.append((spec, settings.base_urls, settings.api_key))
        return Scripted([{"reply": spec}])

    monkeypatch.setattr("instgen.teachers.find.find_teacher", note)
    monkeypatch.setenv("MINE", "hush")
    (folder / "mine.toml").write_text('[teachers.big]\nteacher = "openai/b"\nbase_url = "http://127.0.0.1:2/v1"\n')
    asking = Asking(teacher="openai/a", base_url=["http://127.0.0.1:1/v1"], api_key_env="MINE")
    open_teachers(asking, Writing(config=folder / "mine.toml"), ["openai/c", "anthropic/d", "big"])
    assert opened == [
        ("openai/a", ("http://127.0.0.1:1/v1",), "hush"),
        ("openai/c", ("http://127.0.0.1:1/v1",), "hush"),
        ("anthropic/d", (), None),
        ("openai/b", ("http://127.0.0.1:2/v1",), None),
    ]


@pytest.mark.parametrize(("paid", "waits"), [([False, False], False), ([True, False], True), ([False, True], True)])
def test_where_any_teacher_is_paid_its_calls_get_time_to_arrive(paid: list[bool], waits: bool) -> None:
    heads: list[dict[str, object]] = [{"traits": {"paid": each}} for each in paid]
    one, other = (Scripted([head, {"reply": "Yes, gladly."}]) for head in heads)
    assert Teachers(one, one, (other,)).paid is waits
