"""`instgen teachers check`, with a server on loopback and with scripts."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Program, calls
from tests.teachers.beside import answering
from tests.teachers.server import Answer, Request, Server, chat, error

Answers = Callable[[Request], Answer]
Done = subprocess.CompletedProcess[str]
FORMED = '{"colour": "blue", "calm": true}'
KEY = "hush-4711-hush"


def checked(program: Program, answers: Answers, *more: str, **variables: str) -> tuple[Done, Server]:
    """What a check of a server with these answers ends with, and the server."""
    with answering(answers) as server:
        return program("teachers", "check", "openai/m", "--base-url", server.url, *more, **variables), server


def report(done: Done) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def good(request: Request) -> Answer:
    """A server that takes everything: it repeats itself for a seed, and keeps to a schema."""
    return chat(FORMED if "response_format" in request.body else f"word {request.body.get('seed')}")


def test_a_good_server_is_told_in_full(instgen: Program) -> None:
    done, server = checked(instgen, good)
    lines = dict(line.split(":", 1) for line in done.stdout.splitlines())
    assert done.returncode == 0
    assert lines["teacher"].strip() == "openai/m"
    assert lines["host"].strip() == f"127.0.0.1:{server.port}"
    assert lines["tokens"].strip() == "28 read, 12 written, 4 calls; as the server counts"
    assert lines["cost"].strip() == "price unknown"
    assert lines["seed"].strip() == "the same seed gives the same answer"
    assert lines["JSON schema"].strip().startswith("enforced")
    assert "four short questions" in done.stderr
    assert len(server.requests) == 4


def test_for_machines_it_is_one_object(instgen: Program, folder: Path) -> None:
    (folder / "mine.toml").write_text('[prices]\n"openai/m" = {prompt = 1000000, completion = 0}\n')
    done, server = checked(instgen, good, "--json", "--config", "mine.toml")
    told = report(done)
    assert told.pop("seconds") > 0
    assert told == {
        "teacher": "openai/m",
        "host": f"127.0.0.1:{server.port}",
        "finish": "stop",
        "calls": 4,
        "prompt_tokens": 28,
        "completion_tokens": 12,
        "estimated": False,
        "cost": 28.0,
        "seed": "repeats",
        "schema": "enforced",
        "told": [],
    }


def test_a_server_that_ignores_what_it_is_asked_is_found_out(instgen: Program) -> None:
    answers = iter(range(9))
    done, _ = checked(instgen, lambda _: chat(f"Word {next(answers)}"), "--json")
    assert (report(done)["seed"], report(done)["schema"]) == ("varies", "ignored")


@pytest.mark.parametrize("text", ['{"colour": "blue"}', '{"colour": "blue", "calm": 1}', '["blue", true]'])
def test_json_of_another_form_is_not_enforced(instgen: Program, text: str) -> None:
    done, _ = checked(instgen, lambda _: chat(text), "--json")
    assert report(done)["schema"] == "ignored"


def test_settings_that_are_declined_are_told(instgen: Program) -> None:
    def picky(request: Request) -> Answer:
        for name in ("temperature", "seed", "response_format"):
            if name in request.body:
                return error(400, f"Unsupported parameter: {name}", param=name, code="unsupported_parameter")
        return chat("Words")

    done, _ = checked(instgen, picky, "--json")
    told = report(done)
    assert (told["seed"], told["schema"]) == ("declined", "declined")
    assert [next(name for name in ("temperature", "seed", "response_format") if name in line) for line in told["told"]]
    assert len(told["told"]) == 3


def test_a_probe_that_fails_does_not_fail_the_check(instgen: Program) -> None:
    def strict(request: Request) -> Answer:
        return error(400, "bad schema") if "response_format" in request.body else chat("Words")

    done, _ = checked(instgen, strict, "--json")
    assert (report(done)["schema"], report(done)["calls"]) == ("declined", 3)


def test_a_server_without_figures_is_counted_here(instgen: Program) -> None:
    bare = Answer(body={"choices": [{"message": {"content": "Words"}, "finish_reason": "stop"}]})
    done, _ = checked(instgen, lambda _: bare)
    assert "counted here" in done.stdout


@pytest.mark.parametrize("flags", [(), ("--json",)])
def test_a_teacher_that_refuses_us_is_exit_5_and_the_key_is_in_no_word(
    instgen: Program, flags: tuple[str, ...]
) -> None:
    done, server = checked(instgen, lambda _: error(401, f"wrong key {KEY}"), "--api-key-env", "MINE", *flags, MINE=KEY)
    assert done.returncode == 5
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert "wrong key" in done.stderr
    assert KEY not in done.stderr + done.stdout
    assert "to continue" not in done.stderr
    assert [json.loads(line)["teacher"] for line in done.stdout.splitlines()] == ["openai/m"] * len(flags)


def test_nobody_there_is_exit_5(instgen: Program) -> None:
    done = instgen("teachers", "check", "openai/m", "--base-url", "http://127.0.0.1:1/v1")
    assert (done.returncode, done.stdout) == (5, "")
    assert "is it running" in done.stderr


@pytest.mark.parametrize(
    "answer", [chat("  "), error(500), chat("I cannot.", "content_filter"), Answer(body={"choices": []})]
)
def test_nothing_usable_is_exit_3(instgen: Program, answer: Answer) -> None:
    done, server = checked(instgen, lambda _: answer)
    assert (done.returncode, done.stdout) == (3, "")
    assert len(server.requests) == 1


def test_a_teacher_that_was_cut_while_thinking_has_answered(instgen: Program) -> None:
    done, _ = checked(instgen, lambda _: chat("", "length", reasoning_content="Let me see"), "--json")
    assert report(done)["finish"] == "length"


def test_tries_are_as_many_as_asked_for(instgen: Program) -> None:
    again = error(503, headers={"retry-after-ms": "1"})
    done, server = checked(instgen, lambda _: again, "--tries", "3")
    assert (done.returncode, len(server.requests)) == (3, 3)


def test_a_script_can_be_checked_by_the_name_it_has_in_the_settings(instgen: Program, folder: Path) -> None:
    (folder / "mine.toml").write_text('[teachers.fake]\nteacher = "scripted/rules.jsonl"\n')
    done = instgen("teachers", "check", "fake", "--config", "mine.toml", "--json")
    told = report(done)
    assert (told["teacher"], told["host"], told["cost"]) == ("scripted/rules.jsonl", "", 0.0)
    assert (told["seed"], told["schema"]) == ("repeats", "ignored")
    assert len(calls(folder)) == 4


def test_a_check_leaves_no_journal(instgen: Program, folder: Path) -> None:
    instgen("teachers", "check", "scripted/rules.jsonl")
    assert not list((folder / "xdg_state_home").rglob("*"))


def test_a_schema_that_is_ignored_is_said_so(instgen: Program) -> None:
    done, _ = checked(instgen, lambda request: chat("The sea is calm."))
    assert "JSON schema:  not enforced (the answer had a different form)" in done.stdout
