"""From Python: the same recipes, options and purchases as on the command line; no thread outlives its reader."""

from __future__ import annotations

import asyncio
import inspect
import json
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import pytest

import instgen
from instgen.api.keywords import Options
from instgen.api.threaded import ROOM
from instgen.cli.options import ASKING, WRITING
from instgen.errors import BudgetReached, InputError, InstgenError, OutputDiffers, Shortfall, UsageError
from instgen.formats import to_row
from instgen.records import Message, Record
from tests.cli.conftest import calls, settings, write_rules
from tests.cli.test_embedding import COUNT, MEANINGS, TREE, meanings
from tests.commands import commands
from tests.forked import Server
from tests.teachers.server import serving

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "api.md").read_text("utf-8")
TEACHER = "scripted/rules.jsonl"
Program = Callable[..., str]
CALLS: dict[str, Callable[..., instgen.Result]] = {
    "self-instruct": instgen.self_instruct,
    "evolve": instgen.evolve,
    "respond": instgen.respond,
    "converse": instgen.converse,
    "score": instgen.score,
    "rank": instgen.rank,
    "filter": instgen.filter_records,
}
SHARED = ASKING.keys() | WRITING.keys()
FOR_FILES = {"files", "seeds", "records", "options", "dry_run", "list_rubrics", "explain", "on_bad_line"}
TASKS = [{"instruction": f"Name tree number {n}.", "output": ""} for n in range(6)]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_rules(tmp_path / "rules.jsonl")
    return tmp_path


@pytest.fixture
def program(server: Server) -> Program:
    """Runs the program as the command line does, to the end that all went well; gives what it wrote."""

    def run(*arguments: str, input: str = "") -> str:
        done = server.run(arguments, input.encode(), settings())
        assert done.returncode == 0, done.stderr
        return done.stdout.decode()

    return run


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def lines(given: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in given)


def at_work() -> list[str]:
    """Threads of ours, after those that only have to notice that they are done have had the time to."""
    for _ in range(2000):
        ours = [each.name for each in threading.enumerate() if re.match("instgen|pump|journal|writer", each.name)]
        if not ours:
            break
        time.sleep(0.005)
    return ours


def declared(command: str) -> dict[str, Any]:
    return {option.name: option for option in commands()[command].params}


@pytest.mark.parametrize("command", CALLS)
def test_a_call_takes_what_its_command_takes(command: str) -> None:
    taken = set(inspect.signature(CALLS[command]).parameters)
    own = set(declared(command)) - (SHARED - {"journal", "no_journal", "seed"} if command == "filter" else SHARED)
    assert taken - FOR_FILES - {"config", "quiet"} == own - FOR_FILES


@pytest.mark.parametrize("command", CALLS)
def test_its_defaults_are_the_commands(command: str) -> None:
    options = declared(command)
    for name, given in inspect.signature(CALLS[command]).parameters.items():
        if name in options and given.default is not inspect.Parameter.empty:
            default = options[name].default
            default = default.value if isinstance(default, Enum) else default
            assert (given.default or None) == (default or None), name


@pytest.mark.parametrize("command", CALLS)
def test_its_choices_are_the_commands(command: str) -> None:
    options = declared(command)
    for name, kind in get_type_hints(CALLS[command]).items():
        choices = getattr(getattr(options.get(name), "type", None), "choices", None)
        if choices:
            said = [str(word) for word in words_of(kind)]
            assert said == [getattr(choice, "value", choice) for choice in choices], name


def words_of(kind: Any) -> list[Any]:
    """The words of a Literal, wherever it stands in a type; each once."""
    found = [word for part in get_args(kind) for word in ([part] if isinstance(part, str) else words_of(part))]
    return list(dict.fromkeys(found)) if get_origin(kind) else []


def test_what_every_call_takes_is_what_every_command_takes() -> None:
    assert set(Options.__annotations__) == ASKING.keys() - {"dry_run"} | {"config", "quiet"}


def test_what_the_command_line_bought_is_not_bought_again(folder: Path, program: Program) -> None:
    made = program("self-instruct", "-n", "5")
    bought = len(calls(folder))
    result = instgen.self_instruct(n=5, teacher=TEACHER)
    assert [to_row(record) for record in result] == rows(made)
    assert (result.spending.asked, result.spending.replayed) == (0, result.spending.requests)
    assert len(calls(folder)) == bought


@pytest.mark.parametrize(
    ("line", "call"),
    [
        (["evolve", "--rounds", "1"], lambda: instgen.evolve(TASKS, rounds=1, teacher=TEACHER)),
        (["respond", "--samples", "2"], lambda: instgen.respond(TASKS, samples=2, teacher=TEACHER)),
        (["converse", "--turns", "2-3"], lambda: instgen.converse(TASKS, turns="2-3", teacher=TEACHER)),
    ],
)
def test_what_a_call_bought_is_not_bought_by_the_command_line(
    folder: Path, program: Program, line: list[str], call: Callable[[], instgen.Result]
) -> None:
    result = call()
    made = [to_row(record) for record in result]
    assert result.spending.asked == len(calls(folder)) > 0
    bought = len(calls(folder))
    assert rows(program(*line, input=lines(TASKS))) == made
    assert len(calls(folder)) == bought


def test_judging_is_shared_too(folder: Path, program: Program) -> None:
    rules = [
        {"log": "calls.log"},
        {"when": "accuracy", "reply": "Helpfulness: 4/5\nAccuracy: 5/5\nOverall: 4"},
        {"match": "(?s)answer A\nAn oak", "reply": "[[A]]"},
        {"reply": "[[B]]"},
    ]
    (folder / "judge.jsonl").write_text(lines(rules))
    judge = "scripted/judge.jsonl"
    answers = [{"output": "A stone.", "teacher": "t"}, {"output": "An oak.", "teacher": "t"}]
    given = [{"instruction": "Name a tree.", "output": "A stone.", "candidates": answers}]
    (ranked,) = instgen.rank(given, teacher=judge)
    assert ranked.output == "An oak."
    (scored,) = instgen.score([ranked], ["length", "quality"], teacher=judge)
    bought = len(calls(folder))
    assert bought == 2 + 2
    (row,) = rows(program("rank", "-t", judge, input=lines(given)))
    assert row == to_row(ranked)
    score = ["score", "-t", judge, "--rubric", "length", "--rubric", "quality"]
    assert rows(program(*score, input=lines([row]))) == [to_row(scored)]
    assert len(calls(folder)) == bought


def test_the_judge_alone_is_needed(folder: Path) -> None:
    (folder / "judge.jsonl").write_text(lines([{"reply": "[[A]]"}]))
    answers = [{"output": "A stone."}, {"output": "An oak."}]
    given = [{"instruction": "Name a tree.", "output": "A stone.", "candidates": answers}]
    (ranked,) = instgen.rank(given, teacher="scripted/not-there.jsonl", judge="scripted/judge.jsonl")
    assert [candidate.rank for candidate in ranked.candidates] == [1, 1]


def test_what_needs_no_judge_is_scored_at_once(folder: Path) -> None:
    result = instgen.score([Record("Name a tree.", output="An oak.")], "length")
    assert [record.scores["length"] for record in result] == [2]
    assert result.spending == instgen.Spent()


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({}, []),
        ({"preset": "strict", "no_rule": "min-words"}, ["--preset", "strict", "--no-rule", "min-words"]),
        ({"rule": ["min-words=5"], "dedupe": "near"}, ["--rule", "min-words=5", "--dedupe", "near"]),
        ({"min": {"quality": 2}}, ["--min", "quality=2"]),
        ({"top": 2, "by": "quality", "sample": 1}, ["--top", "2", "--by", "quality", "--sample", "1"]),
        ({"pii": "mask"}, ["--pii", "mask"]),
    ],
)
def test_what_passes_is_what_passes_on_the_command_line(
    folder: Path, program: Program, options: dict[str, Any], line: list[str]
) -> None:
    given: list[dict[str, Any]] = [
        {
            "id": str(n),
            "instruction": f"Say what is good about tree number {n % 4} in the garden.",
            "output": "" if n == 2 else f"It gives shade {n}; write to someone{n}@example.org.",
            "scores": {"quality": n},
        }
        for n in range(6)
    ]
    given.append(given[0] | {"id": "again"})
    given.append({"id": "several", "instruction": "Name a good tree for a garden.", "output": "An oak.",
                  "candidates": [{"output": "An oak."}, {"output": ""}], "scores": {"quality": 9}})  # fmt: skip
    result = instgen.filter_records(given, **options)
    kept = [record.id for record in result]
    made = rows(program("filter", *line, "--rejects", "no.jsonl", input=lines(given)))
    assert kept == [row["id"] for row in made]
    rejects = rows((folder / "no.jsonl").read_text("utf-8"))
    told = [(each.record.id if each.record else "", each.verdict.reason) for each in result.rejections]
    assert sorted(told) == sorted((row["id"], row["rejected"]["reason"]) for row in rejects)


def test_it_works_where_a_loop_is_running(folder: Path) -> None:
    async def notebook() -> list[Record]:
        asyncio.get_running_loop()
        return list(instgen.respond(TASKS, teacher=TEACHER))

    assert len(asyncio.run(notebook())) == len(TASKS)


def test_who_stops_iterating_stops_the_spending(folder: Path) -> None:
    result = instgen.self_instruct(n=2_000, teacher=TEACHER)
    for _ in result:
        break
    assert at_work() == []
    asked = len(calls(folder))
    assert 0 < asked == result.spending.asked < 100


def test_who_iterates_slowly_holds_up_the_asking(folder: Path) -> None:
    with instgen.respond(({"instruction": f"Name {n}."} for n in range(5_000)), concurrency=2, teacher=TEACHER) as slow:
        next(kept := iter(slow))
        time.sleep(0.1)
        assert slow.spending.requests <= 1 + ROOM + 4 * 2 + 2
        assert len(list(zip(range(50), kept, strict=False))) == 50
    assert at_work() == []


def test_a_block_ends_its_run_whatever_happens_in_it(folder: Path) -> None:
    held: list[Iterator[Record]] = []

    def use() -> None:
        with instgen.self_instruct(n=2_000, teacher=TEACHER) as result:
            held.append(iter(result))
            next(held[0])
            raise KeyError

    with suppress(KeyError):
        use()
    assert at_work() == []
    assert list(held[0]) == []


def test_the_last_stage_stops_all(folder: Path) -> None:
    first = instgen.self_instruct(n=2_000, teacher=TEACHER)
    second = instgen.evolve(first, rounds=1, teacher=TEACHER)
    for _ in instgen.filter_records(record for record in second if record.instruction):
        break
    del second
    assert at_work() == []
    assert first.spending.asked < 400


def test_stages_give_what_one_after_the_other_gives(folder: Path) -> None:
    together = instgen.evolve(instgen.self_instruct(n=6, teacher=TEACHER), rounds=1, teacher=TEACHER)
    tasks = list(instgen.self_instruct(n=6, teacher=TEACHER))
    assert list(together) == list(instgen.evolve(tasks, rounds=1, teacher=TEACHER))


def test_a_program_that_forgets_a_run_ends_all_the_same(folder: Path) -> None:
    code = f"import instgen; run = iter(instgen.self_instruct(n=9_000, teacher={TEACHER!r})); print(next(run).id)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout) == 33


def test_an_interrupt_stops_the_spending_and_leaves_no_thread(folder: Path) -> None:
    write_rules(folder / "slow.jsonl", latency=[60.0, 60.0])
    code = (
        "import instgen, threading\n"
        "run = instgen.self_instruct(n=9_000, teacher='scripted/slow.jsonl', grace=0)\n"
        "try:\n"
        "    print('begun', flush=True)\n"
        "    list(run)\n"
        "except KeyboardInterrupt:\n"
        "    print(run.spending.asked > 0, threading.active_count())\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "begun\n"
        try:
            while not calls(folder):
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            assert process.communicate(timeout=60)[0] == "True 1\n"
        finally:
            process.kill()
    assert process.returncode == 0


def test_what_ended_a_run_is_raised_after_its_last_record(folder: Path) -> None:
    kept: list[Record] = []
    with pytest.raises(BudgetReached):
        kept.extend(instgen.respond(TASKS, max_requests=4, teacher=TEACHER))
    assert len(kept) == 4
    (folder / "none.jsonl").write_text('{"when": "number 3", "error": "no"}\n{"reply": "A tall one of them."}\n')
    failing = instgen.respond(TASKS, teacher="scripted/none.jsonl")
    with pytest.raises(Shortfall, match="1 of 6"):
        list(failing)
    assert [each.verdict.reason for each in failing.rejections] == ["teacher-failed"]
    assert len(list(instgen.respond(TASKS, teacher="scripted/none.jsonl", max_failures="1"))) == 5


def test_a_bug_in_the_rows_is_raised_as_it_is(folder: Path) -> None:
    def broken() -> Iterator[Record]:
        yield Record("Name a tree.")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(instgen.respond(broken(), teacher=TEACHER))
    assert at_work() == []


@pytest.mark.parametrize(
    "call",
    [
        lambda: instgen.respond(TASKS, smaples=2, teacher=TEACHER),  # type: ignore[call-arg]
        lambda: instgen.respond(TASKS, samples=0, teacher=TEACHER),
        lambda: instgen.respond(TASKS, reasoning="maybe"),  # type: ignore[arg-type]
        lambda: instgen.respond(TASKS, temperature=9, teacher=TEACHER),
        lambda: instgen.respond(TASKS, max_cost=1, teacher="openai/nobody-knows", api_key_env="HOME"),
        lambda: instgen.self_instruct(lang="xx", teacher=TEACHER),
        lambda: instgen.score(TASKS, "nothing"),
        lambda: instgen.filter_records(TASKS, rule="nothing"),
        lambda: instgen.converse(TASKS, turns="many", teacher=TEACHER),
        lambda: instgen.evolve(TASKS, auto_steps=3, teacher=TEACHER),
    ],
)
def test_what_cannot_be_is_told_by_the_call(folder: Path, call: Callable[[], instgen.Result]) -> None:
    with pytest.raises(UsageError):
        call()
    assert calls(folder) == []


def test_a_keyword_beats_a_variable_and_a_variable_a_default(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INSTGEN_TEACHER", TEACHER)
    monkeypatch.setenv("INSTGEN_SEED", "7")
    monkeypatch.setenv("INSTGEN_NO_JOURNAL", "1")
    (folder / "instgen.toml").write_text("[self-instruct]\nexamples = 2\n")
    (first,) = instgen.self_instruct(n=1)
    assert (first.origin[0].seed, len(first.origin[0].parents)) == (7, 2)
    (second,) = instgen.self_instruct(n=1, seed=3, no_journal=False)
    assert second.origin[0].seed == 3
    assert instgen.self_instruct(n=1, seed=3).spending.requests == 0
    again = instgen.self_instruct(n=1, seed=3, no_journal=False)
    assert list(again) == [second]
    assert again.spending.asked == 0


def test_a_result_is_iterated_once(folder: Path) -> None:
    result = instgen.respond(TASKS, teacher=TEACHER)
    list(result)
    with pytest.raises(UsageError, match="already"):
        list(result)
    assert repr(result).startswith("<respond: 6 records so far, 0 rejected; 6 requests, ")


def test_records_are_read_from_whatever_has_them(folder: Path) -> None:
    (folder / "a.jsonl").write_text('{"question": "Name a tree."}\n')
    asked = {"messages": [{"role": "user", "content": "Hello."}]}
    found = instgen.read("a.jsonl", [asked, Record("Count.")])
    assert [record.instruction for record in found] == ["Name a tree.", "Hello.", "Count."]
    assert found[1].messages == (Message("user", "Hello."),)
    assert all(record.id for record in found)
    for wrong in ([{"x": 1}], [3], ["a.jsonl"]):
        with pytest.raises(InputError, match="row 1"):
            instgen.read(wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no such file"):
        instgen.respond("b.jsonl", teacher=TEACHER)


def test_writing_goes_on_with_what_is_there(folder: Path) -> None:
    records = instgen.read(TASKS)
    assert instgen.write(records[:2], "out.jsonl") == 2
    assert instgen.write(records, "out.jsonl") == 6
    with pytest.raises(OutputDiffers):
        instgen.write(records[1:], "out.jsonl")
    assert instgen.read("out.jsonl") == records
    assert instgen.write(records[1:], "out.jsonl", force=True) == 5
    assert instgen.write(records, "out.jsonl.gz") == 6
    assert instgen.read("out.jsonl.gz") == records


def test_to_import_it_costs_nothing() -> None:
    code = "import sys; before = set(sys.modules); import instgen; print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not re.search(r"'(instgen\.|typing|typer|asyncio|importlib\.metadata)", done.stdout)


def test_every_name_is_there_and_on_the_page() -> None:
    assert all(getattr(instgen, name) is not None for name in instgen.__all__)
    assert set(instgen.__all__) <= set(dir(instgen))
    assert [name for name in instgen.__all__ if name not in PAGE and name not in ("Message", "Spent")] == []
    with pytest.raises(AttributeError):
        getattr(instgen, "no" + "thing")


BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("is_notebook", [False, True])
def test_the_page_runs(folder: Path, is_notebook: bool, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "my-seeds.jsonl").write_bytes((ROOT / "seeds" / "en.jsonl").read_bytes())
    namespace: dict[str, Any] = {}

    def run() -> None:
        for block in BLOCKS:
            exec(block, namespace)

    async def notebook() -> int:
        run()
        found: int = await namespace["main"]()
        return found

    if is_notebook:
        assert asyncio.run(notebook()) == 20
    else:
        run()
        assert asyncio.run(namespace["main"]()) == 20
    said = capsys.readouterr().out
    assert "<respond: 20 records so far" in said
    assert "the budget is reached" in said
    assert "3 records so far" in said
    assert at_work() == []


def test_the_notebook_runs(folder: Path) -> None:
    script = [sys.executable, str(ROOT / "examples" / "notebook.py")]
    done = subprocess.run(script, capture_output=True, text=True, check=False, env=settings())
    assert done.returncode == 0, done.stderr
    assert "written" in done.stdout
    assert InstgenError.__name__ not in done.stderr


def test_tasks_are_compared_by_meaning_where_a_loop_is_running(folder: Path) -> None:
    said = [{"instruction": text, "output": "So."} for text in MEANINGS]

    async def notebook() -> list[str]:
        async with serving(meanings) as server:
            options: dict[str, Any] = {
                "preset": "off",
                "embed": "openai/m",
                "embed_url": server.url,
                "semantic": 0.99,
                "quiet": True,
            }

            def kept() -> list[str]:
                return [record.instruction for record in instgen.filter_records(said, **options)]

            first = await asyncio.to_thread(kept)
            asked = len(server.requests)
            assert kept() == first  # in the loop's own thread, all from the journal
            assert len(server.requests) == asked
            return first

    assert asyncio.run(notebook()) == [TREE, COUNT]
    assert at_work() == []


def test_a_named_teacher_has_its_own_address(folder: Path) -> None:
    (folder / "mine.toml").write_text(f'[teachers.big]\nteacher = "{TEACHER}"\n')
    assert len(list(instgen.respond(TASKS, teacher="big", config=folder / "mine.toml"))) == len(TASKS)
    with pytest.raises(UsageError, match="--base-url does not go with big"):
        instgen.respond(TASKS, teacher="big", base_url="http://127.0.0.1:1", config="mine.toml")
