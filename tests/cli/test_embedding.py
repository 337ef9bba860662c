"""`instgen filter` by meaning, as its users run it: with a model in a folder, and with one behind an address."""

from __future__ import annotations

import importlib.util
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from instgen.filters.semantic import SEMANTIC
from tests.cli.conftest import Program, rows
from tests.teachers.beside import answering
from tests.teachers.server import Answer, Request, Server, error
from tests.teachers.test_static_embed import write_model

needs_tokenizers = pytest.mark.skipif(
    importlib.util.find_spec("tokenizers") is None, reason="tokenizers is not installed: pip install 'instgen[embed]'"
)
TREE, AGAIN, COUNT = "Name a tall tree.", "A tall tree: name it.", "Count to ten."
MEANINGS = {TREE: [1, 0, 0.2], AGAIN: [1, 0, 0.3], COUNT: [0, 1, 0]}
OFF = ("filter", "--preset", "off")


def lines(*instructions: str) -> str:
    given = [{"id": f"r{at}", "instruction": each, "output": f"{at}"} for at, each in enumerate(instructions)]
    return "".join(json.dumps(row) + "\n" for row in given)


def meanings(request: Request) -> Answer:
    data = [{"index": at, "embedding": MEANINGS[text]} for at, text in enumerate(request.body["input"])]
    return Answer(body={"data": data, "usage": {"prompt_tokens": 12}})


def beside(answers: Callable[[Request], Answer], run: Callable[[str], object]) -> Server:
    """What a server was asked while something ran with its address."""
    with answering(answers) as server:
        run(server.url)
    return server


@needs_tokenizers
def test_a_row_that_means_what_an_earlier_one_means_goes(instgen: Program, folder: Path) -> None:
    words = ("[UNK]", "Name", "Cite", "a", "tree", "river", ".", "to")
    write_model(folder / "m", words)
    given = lines("Name a tree.", "a tree. Name", "Name a river.", "Tell oak")
    done = instgen(*OFF, "--embed", "static/m", "--semantic", "0.999", "--rejects", "no.jsonl", input=given)
    assert done.returncode == 0
    assert [row["id"] for row in rows(done.stdout)] == ["r0", "r2", "r3"]
    assert "filter: static/m cannot read 1 of 4 texts" in done.stderr
    (row,) = rows((folder / "no.jsonl").read_text())
    said = row["rejected"]
    assert (said["reason"], said["rule"], said["threshold"]) == ("semantic-duplicate", "semantic", 0.999)
    assert said["near"] == {"id": "r0", "similarity": 1.0, "text": "Name a tree."}


@needs_tokenizers
def test_the_order_of_words_means_nothing_to_a_static_model(instgen: Program, folder: Path) -> None:
    write_model(folder / "m")
    done = instgen(*OFF, "--embed", "static/m", "--semantic", "1", input=lines("a tall tree", "tree tall a"))
    assert len(rows(done.stdout)) == 1


def test_vectors_that_were_paid_for_are_not_bought_again(instgen: Program, folder: Path) -> None:
    told: list[CompletedProcess[str]] = []

    def twice(url: str) -> None:
        given = (lines(TREE, COUNT), lines(TREE, COUNT, AGAIN), lines(TREE, COUNT, AGAIN))
        options = ("--embed", "openai/m", "--embed-url", url, "--journal", "j.sqlite")
        told.extend(instgen(*OFF, *options, input=each) for each in given)

    server = beside(meanings, twice)
    assert [request.body["input"] for request in server.requests] == [[TREE, COUNT], [AGAIN]]
    assert [[row["id"] for row in rows(done.stdout)] for done in told] == [["r0", "r1"]] * 3
    assert "openai/m: 1 texts sent (12 tokens), 2 from the journal" in told[1].stderr
    assert "openai/m: 0 texts sent (0 tokens), 3 from the journal" in told[2].stderr


def test_a_key_goes_to_its_server_and_nowhere_else(instgen: Program, folder: Path) -> None:
    def run(url: str) -> None:
        told = instgen(
            *OFF, "--embed", "openai/m", "--embed-url", url, "--embed-key-env", "MINE", "--journal", "j.sqlite",
            input=lines(TREE), MINE="sk-mine-0123456789", OPENAI_API_KEY="sk-other-0123456789",
        )  # fmt: skip
        assert "sk-" not in told.stdout + told.stderr

    server = beside(meanings, run)
    assert [request.headers["authorization"] for request in server.requests] == ["Bearer sk-mine-0123456789"]
    assert sqlite3.connect(folder / "j.sqlite").execute("SELECT count(*) FROM completions").fetchone() == (1,)
    assert b"sk-mine" not in (folder / "j.sqlite").read_bytes()


def test_without_a_journal_every_run_asks_anew(instgen: Program, folder: Path) -> None:
    def twice(url: str) -> None:
        for _ in range(2):
            instgen(*OFF, "--embed", "openai/m", "--embed-url", url, "--no-journal", input=lines(TREE))

    assert len(beside(meanings, twice).requests) == 2


def test_a_refusal_ends_with_five_and_a_line_to_go_on_with(instgen: Program) -> None:
    def run(url: str) -> None:
        done = instgen(*OFF, "--embed", "openai/m", "--embed-url", url, input=lines(TREE, COUNT))
        assert (done.returncode, done.stdout) == (5, "")
        assert "status 401: bad key" in done.stderr
        assert "to continue: instgen filter" in done.stderr

    beside(lambda _: error(401, "bad key"), run)


def test_a_text_that_is_declined_ends_with_three_and_is_named(instgen: Program) -> None:
    def run(url: str) -> None:
        done = instgen(*OFF, "--embed", "openai/m", "--embed-url", url, input=lines(TREE))
        assert done.returncode == 3
        assert f"status 400: too long (asked for '{TREE}')" in done.stderr

    beside(lambda _: error(400, "too long"), run)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--dedupe", "semantic"], "needs a model"),
        (["--semantic", "0.8"], "needs a model"),
        (["--embed", "strange/m"], "--embed strange/m: unknown model"),
        (["--embed", "openai"], "needs a model"),
        (["--embed-url", "http://127.0.0.1:1/v1"], "--embed-url applies only to a model with an address"),
        (["--embed", "static/m", "--no-journal"], "--no-journal applies only to a model with an address"),
        (["--embed", "openai/m", "--embed-url", "http://example.com"], "unencrypted"),
        (["--embed", "openai/m", "--embed-key-env", "NOT_SET"], "no variable of this name"),
        (["--embed", "openai/m", "--dedupe", "off"], "--dedupe off cannot be combined with a method"),
    ],
)
def test_what_does_not_go_together_is_said_in_one_line(instgen: Program, options: list[str], words: str) -> None:
    done = instgen("filter", *options, input=lines(TREE))
    assert done.returncode == 2
    assert words in done.stderr.splitlines()[0]


def test_a_folder_that_is_not_there_is_named(instgen: Program) -> None:
    done = instgen("filter", "--embed", "static/nowhere", input=lines(TREE))
    assert done.returncode == 4
    assert "nowhere: there is no model.safetensors here" in done.stderr


def test_explaining_opens_no_model(instgen: Program) -> None:
    done = instgen("filter", "--embed", "static/nowhere", "--explain")
    assert done.returncode == 0
    assert done.stdout.endswith("duplicates: exact, semantic\n")


@needs_tokenizers
def test_instances_of_one_task_are_no_duplicates_of_each_other(instgen: Program, folder: Path) -> None:
    write_model(folder / "m")
    task = {
        "instruction": "name a tall tree",
        "instances": [{"input": "", "output": "x"}, {"input": "", "output": "y"}],
    }
    done = instgen(*OFF, "--embed", "static/m", input=json.dumps(task) + "\n")
    assert json.loads(done.stdout) == task


PAGE = (Path(__file__).parents[2] / "docs" / "semantic.md").read_text("utf-8")


def test_the_default_threshold_and_the_reason_are_on_the_page() -> None:
    assert f"`--semantic` ({SEMANTIC:g})" in PAGE
    assert "`semantic-duplicate`" in PAGE
