"""The key is in one header of a request: wherever a server repeats it, no file, stream or message of ours holds it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.cli.conftest import Program
from tests.teachers.beside import answering
from tests.teachers.server import Answer, Request, Server, chat, error

CANARY = "sk-CANARY-0123456789abcdef"
SPELT = "".join(f"\\u{ord(character):04x}" for character in CANARY)
"""The key as JSON may have it, too."""
LOCATION = {"location": f"http://127.0.0.1:9/v1?key={CANARY}"}


def whole(**more: object) -> Answer:
    """A reply with the key in the parts of it that are no answer."""
    message = {"role": "assistant", "content": "An oak.", "tool_calls": [{"id": CANARY, "name": CANARY}]}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": CANARY}
    return Answer(body={"choices": [choice], "id": CANARY, "model": CANARY, "system_fingerprint": CANARY, **more})


ECHOES: tuple[Callable[[], Answer], ...] = (
    lambda: chat(f"Your key is {CANARY}, is it not?"),
    lambda: chat("An oak.", reasoning_content=f"The key {CANARY} is odd."),
    lambda: chat(None, refusal=f"I refuse {CANARY}"),
    lambda: chat("An oak.", CANARY),
    whole,
    lambda: whole(usage={"prompt_tokens": CANARY}),
    lambda: Answer(200, chat("An oak.").body, {"x-request-id": CANARY, "set-cookie": f"key={CANARY}"}),
    lambda: Answer(200, f'{{"choices": [{{"message": {{"content": "{SPELT}"}}}}]}}'.encode()),
    lambda: Answer(200, f"<html>{CANARY}".encode()),
    lambda: Answer(200, {"error": {"message": CANARY}}),
    lambda: error(400, f"prompt refused for {CANARY}"),
    lambda: error(400, "no", code=CANARY, param=CANARY, type=CANARY),
    lambda: Answer(400, f'{{"detail": "{SPELT}"}}'.encode()),
    lambda: Answer(422, [{"loc": [CANARY], "msg": f"Unsupported {CANARY}"}]),
    lambda: error(429, "slow", {"retry-after-ms": "1", "x-note": CANARY}),
    lambda: error(429, "slow", {"retry-after": CANARY, "x-ratelimit-reset-requests": CANARY, "retry-after-ms": "1"}),
    lambda: Answer(500, f"<pre>Authorization: Bearer {CANARY}</pre>".encode(), {"retry-after-ms": "1"}),
    lambda: Answer(wire=f"{CANARY} is no HTTP\r\n\r\n".encode()),
    lambda: Answer(wire=f"HTTP/1.1 200 {CANARY}\r\ncontent-length: 3\r\n\r\n{{}}\n".encode()),
)
"""What lets a run go on."""
ENDS: tuple[Callable[[], Answer], ...] = (
    lambda: Answer(302, f"Moved to {CANARY}".encode(), LOCATION),
    lambda: Answer(308, b"", LOCATION),
    lambda: Answer(401, {"error": {"message": CANARY}}, {"www-authenticate": f"Bearer {CANARY}"}),
)
"""What ends it."""


def run(program: Program, answers: Callable[[Request], Answer], arguments: Sequence[str]) -> tuple[str, Server]:
    """What the program says, with the canary as its key; the server it asked."""
    with answering(answers) as server:
        done = program(*arguments, "--base-url", server.url, "--api-key-env", "MY_KEY", MY_KEY=CANARY)
    return done.stdout + done.stderr, server


def respond(program: Program, answers: Callable[[Request], Answer], count: int) -> tuple[str, Server]:
    rows = "".join(json.dumps({"instruction": f"Name tree {number}."}) + "\n" for number in range(count))
    Path("rows.jsonl").write_text(rows)
    files = "-o out.jsonl --rejects no.jsonl --summary sum.jsonl --journal private/journal.sqlite"
    return run(program, answers, ["respond", "rows.jsonl", "-t", "openai/m", "--tries", "2", "-v", *files.split()])


def holding(folder: Path) -> list[str]:
    """The files that hold the key, or begin to."""
    return [path.name for path in folder.rglob("*") if path.is_file() and b"CANARY" in path.read_bytes()]


def test_a_key_that_is_repeated_anywhere_in_a_reply_is_kept_nowhere(instgen: Program, folder: Path) -> None:
    turns = itertools.cycle(ECHOES)
    said, server = respond(instgen, lambda _: next(turns)(), 2 * len(ECHOES))
    assert len(server.requests) >= 2 * len(ECHOES)
    assert all(request.headers["authorization"] == f"Bearer {CANARY}" for request in server.requests)
    assert "CANARY" not in said
    assert "records from" in said
    assert (folder / "out.jsonl").stat().st_size
    assert (folder / "no.jsonl").stat().st_size
    assert not holding(folder)


@pytest.mark.parametrize("echo", ENDS, ids=["302", "308", "401"])
def test_a_key_in_a_redirect_or_a_refusal_is_kept_nowhere_and_follows_nothing(
    echo: Callable[[], Answer], instgen: Program, folder: Path
) -> None:
    said, server = respond(instgen, lambda _: echo(), 1)
    assert len(server.requests) == 1
    assert "status" in said
    assert "CANARY" not in said
    assert not holding(folder)


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_check_of_a_teacher_does_not_show_the_key(instgen: Program, more: tuple[str, ...]) -> None:
    turns = itertools.chain([ECHOES[0]], itertools.cycle(ECHOES[1:]))
    said, server = run(instgen, lambda _: next(turns)(), ["teachers", "check", "openai/m", *more])
    assert server.requests
    assert "CANARY" not in said


def test_no_option_takes_a_key_itself() -> None:
    from tests.commands import commands, options_of

    named = {option for command in commands() for option in options_of(command) if "key" in option.split("-")}
    assert named == {"--api-key-env", "--api-key-file", "--embed-key-env", "--reference-key"}
