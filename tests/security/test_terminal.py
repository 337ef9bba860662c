"""What others wrote does not command the terminal, whichever command shows it; and JSON stays the same JSON."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen import console, terminal
from instgen.journal import SqliteJournal
from instgen.records import Completion
from tests.cli.conftest import settings
from tests.forked import Server
from tests.security.hostile import COMMANDS, FORBIDDEN, FORGED, found_in
from tests.teachers.beside import answering
from tests.teachers.server import error

NAME = f"rows-\x1b[2J\u202e{FORGED.replace('/', '_')}.jsonl"


OnTerminal = Callable[..., tuple[int, bytes]]


@pytest.fixture
def on_terminal(folder: Path, server: Server) -> OnTerminal:
    """Runs the program to its end on a terminal; the exit code, and all that was sent there."""

    def run(arguments: Sequence[str], **environment: str) -> tuple[int, bytes]:
        master, slave = pty.openpty()
        sent = bytearray()
        reader = threading.Thread(target=take_in, args=(master, sent), daemon=True)
        reader.start()
        env = settings({"TERM": "dumb", "NO_COLOR": "1", "COLUMNS": "100", **environment})
        code = server.code_of(arguments, env, [os.ttyname(slave)] * 3)
        os.close(slave)
        reader.join(10)
        os.close(master)
        return code, bytes(sent)

    return run


def take_in(master: int, sent: bytearray) -> None:
    """Read what a terminal is sent, until its other end is closed."""
    with contextlib.suppress(OSError):
        while block := os.read(master, 1 << 16):
            sent += block


@pytest.fixture
def rows(folder: Path) -> Path:
    """Rows, rejects, rules, a journal and a summary that are hostile wherever they hold text."""
    origin = [{"command": COMMANDS, "op": COMMANDS, "teacher": COMMANDS, "prompts": [COMMANDS]}]
    row = {"instruction": f"Tell {COMMANDS}", "output": COMMANDS, "origin": origin, "scores": {COMMANDS: 1}}
    bare = {"instruction": f"Name {COMMANDS}"}
    rejected = {**row, "rejected": {"stage": COMMANDS, "reason": COMMANDS, "evidence": COMMANDS}}
    (folder / "rows.jsonl").write_text(json.dumps(row) + "\n")
    (folder / "bare.jsonl").write_text(json.dumps(bare) + "\n")
    (folder / "no.jsonl").write_text(json.dumps(rejected) + "\n")
    (folder / NAME).write_text("{broken\n")
    (folder / "says.jsonl").write_text(json.dumps({"reply": f"I say {COMMANDS}"}) + "\n")
    (folder / "fails.jsonl").write_text(json.dumps({"error": f"no {COMMANDS}{FORGED}"}) + "\n")
    (folder / "stops.jsonl").write_text(json.dumps({"fatal": f"no {COMMANDS}{FORGED}"}) + "\n")
    with contextlib.closing(SqliteJournal(folder / "j.sqlite")) as journal:
        journal.put(b"key", Completion(COMMANDS, teacher=f"x{COMMANDS}"))
    return folder


@pytest.mark.parametrize(
    ("line", "seen"),
    [
        ("respond rows.jsonl -t scripted/says.jsonl --no-journal", b"Tell"),
        ("respond bare.jsonl -t scripted/says.jsonl --no-journal --dry-run", b"Name"),
        ("respond bare.jsonl -t scripted/fails.jsonl --no-journal -v -o out.jsonl", b"no "),
        ("respond bare.jsonl -t scripted/stops.jsonl --no-journal -o out.jsonl", b"no "),
        ("filter rows.jsonl -v", b"Tell"),
        ("stats rows.jsonl --with-rejects no.jsonl", b"records"),
        ("stats rows.jsonl --with-rejects no.jsonl --json", b"left_out"),
        ("report rows.jsonl --with-rejects no.jsonl -o -", b"Tell"),
        ("journal export --journal j.sqlite", b'"completion"'),
        ("journal info --journal j.sqlite", b"1 completion,"),
        ("export trl rows.jsonl -o out --chat-template chatml", b"Tell"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_no_command_lets_text_command_the_terminal(rows: Path, on_terminal: OnTerminal, line: str, seen: bytes) -> None:
    _, sent = on_terminal(line.split())
    assert seen in sent
    assert not found_in(sent)
    assert b"\nto continue: curl" not in sent


def test_a_files_name_commands_nothing_and_forges_no_line(rows: Path, on_terminal: OnTerminal) -> None:
    for arguments in (["filter", NAME], ["respond", NAME + "2"], ["prompts", "show", NAME]):
        code, sent = on_terminal(arguments)
        assert code != 0
        assert not found_in(sent)
        assert b"\nto continue: curl" not in sent


def test_a_live_display_sends_its_own_sequences_alone(rows: Path, on_terminal: OnTerminal) -> None:
    (rows / "slow.jsonl").write_text(json.dumps({"reply": COMMANDS, "latency": 0.05}) + "\n")
    line = "respond bare.jsonl -t scripted/slow.jsonl --no-journal -v -o out.jsonl"
    _, sent = on_terminal(line.split(), TERM="xterm-256color")
    assert not [sequence for sequence in (b"\x1b]", b"\xc2\x9b", b"\x1b[2J", "\u202e".encode()) if sequence in sent]


def test_a_servers_words_command_nothing(rows: Path, on_terminal: OnTerminal) -> None:
    attack = error(400, f"bad {COMMANDS}{FORGED}", code=COMMANDS)
    with answering(lambda _: attack) as server:
        for line in ("teachers check openai/m", "respond bare.jsonl -t openai/m -v --no-journal"):
            _, sent = on_terminal([*line.split(), "--base-url", server.url])
            assert b"bad " in sent
            assert not found_in(sent)
            assert b"\nto continue: curl" not in sent


@given(st.text())
def test_json_on_a_terminal_means_the_same_and_holds_nothing_unseen(text: str) -> None:
    text = text.encode(errors="replace").decode()
    shown = terminal.json_lines(orjson.dumps({"text": text + COMMANDS}))
    assert orjson.loads(shown) == {"text": text + COMMANDS}
    assert not found_in(shown)


@given(st.text())
def test_prose_keeps_what_can_be_seen(text: str) -> None:
    text = text.expandtabs()
    shown = terminal.prose(text + COMMANDS)
    assert not set(shown) & set(FORBIDDEN)
    assert len(shown) == len(text + COMMANDS)
    assert [new for old, new in zip(text, shown, strict=False) if old.isprintable()] == [*filter(str.isprintable, text)]


def test_code_keeps_its_indent() -> None:
    assert terminal.prose("func a() {\n\treturn\n}") == "func a() {\n        return\n}"


def test_one_line_is_one_line_and_scripts_keep_their_spaces_and_joiners() -> None:
    assert terminal.one_line(f"a{FORGED}") == "a" + FORGED.replace("\n", terminal.SIGN)
    assert terminal.one_line("你\u3000好 می\u200cخواهم 👩\u200d🚀") == "你\u3000好 می\u200cخواهم 👩\u200d🚀"


def test_where_no_terminal_looks_a_name_is_shown_byte_for_byte(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    name = os.fsdecode(b"a\xe2\x80\xaeb\xff")
    console.show(name)
    assert capfdbinary.readouterr().out == os.fsencode(name) + b"\n"
