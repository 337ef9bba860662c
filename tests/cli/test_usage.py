"""What a user gets wrong, and the one line that says so."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from instgen.cli import main
from tests.cli.conftest import Program, rows

BAD_SEEDS = {
    "missing": (None, "no such file"),
    "empty": (b"", "empty"),
    "blank": (b"\n \n", "empty"),
    "broken": (b'{"instruction": "Name a tree.", "output": "Oak."}\n' * 16 + b"{not json\n", ":17"),
    "binary": (b"\x00\x01\x02\xff" * 100, "binary"),
    "no-instruction": (b'{"text": "hello"}\n', ":1"),
    "utf-8": (b'{"instruction": "caf\xe9"}\n', "UTF-8"),
    "nan": (b'{"instruction": "a", "x": NaN}\n', ":1"),
    "surrogate": (b'{"instruction": "\\ud800 is half a character"}\n', "surrogate"),
    "giant": (b'{"instruction": "' + b"a" * 50_000_000 + b'"}\n', "longer than"),
    "deep": (b'{"instruction": "a", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", ":1"),
}


@pytest.mark.parametrize("case", BAD_SEEDS)
def test_a_bad_seed_file_is_one_clear_line_and_exit_4(instgen: Program, folder: Path, case: str) -> None:
    content, problem = BAD_SEEDS[case]
    if content is not None:
        (folder / "seeds.jsonl").write_bytes(content)
    done = instgen("self-instruct", "seeds.jsonl", "-n", "3")
    assert done.returncode == 4
    assert done.stdout == ""
    assert problem.lower() in done.stderr.lower()
    assert "seeds.jsonl" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr) < 1000


GOOD = b'{"instruction": "Name a tree.", "output": "Oak."}'


@pytest.mark.parametrize(
    "content",
    [b"\xef\xbb\xbf" + GOOD + b"\n", GOOD + b"\r\n", b"\n \n" + GOOD + b"\n\n", GOOD, (GOOD + b"\n") * 5],
    ids=["bom", "crlf", "blank lines", "no last line feed", "duplicates"],
)
def test_an_odd_but_readable_seed_file_is_read(instgen: Program, folder: Path, content: bytes) -> None:
    (folder / "seeds.jsonl").write_bytes(content)
    done = instgen("self-instruct", "seeds.jsonl", "-n", "2")
    assert (done.returncode, len(rows(done.stdout))) == (0, 2)


def test_a_directory_is_no_seed_file(instgen: Program, folder: Path) -> None:
    (folder / "seeds").mkdir(parents=True)
    done = instgen("self-instruct", "seeds", "-n", "3")
    assert done.returncode == 4
    assert "directory" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("self-instruct", "-n", "0"),
        ("self-instruct", "-n", "-1"),
        ("self-instruct", "-n", "many"),
        ("self-instruct", "--no-such-option"),
        ("self-instruct", "-t", "nobody/model"),
        ("self-instruct", "--prompts", "nowhere"),
        ("self-instruct", "--max-failures", "some"),
        ("self-instruct", "--api-key-env", "NOT_SET_ANYWHERE"),
        ("self-instruct", "-o", "."),
        ("no-such-command",),
    ],
)
def test_a_wrong_command_line_is_exit_2_without_a_traceback(instgen: Program, arguments: tuple[str, ...]) -> None:
    done = instgen(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("self-instruct", "-n", "many"), "'-n': not a whole number"),
        (("self-instruct", "--temperature", "hot"), "'--temperature': not a number"),
        (("self-instruct", "-n", "0"), "'-n': must be at least 1"),
        (("self-instruct", "--novelty", "2"), "'--novelty': must be at most 1"),
        (("self-instruct", "--method", "clasic"), "'--method': 'clasic' is not one of"),
        (("self-instruct", "--journal", "."), ".: is a directory"),
        (("self-instruct", "--summary", "no/run.jsonl"), "there is no folder no"),
        (("prompts", "show", "en/respnd"), "did you mean en/respond?"),
    ],
)
def test_a_wrong_value_is_told_in_plain_words(instgen: Program, arguments: tuple[str, ...], said: str) -> None:
    done = instgen(*arguments)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_a_folder_that_may_not_be_looked_into_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def look(prog_name: str) -> None:
        raise PermissionError(errno.EACCES, f"{prog_name} may not", "locked/rows.jsonl")

    monkeypatch.setattr(main, "app", look)
    monkeypatch.setattr(main, "_leave", sys.exit)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        main.run()
    assert ended.value.code == 4
    assert capsys.readouterr().err == "instgen: locked/rows.jsonl: you have no permission to look there\n"


def test_a_key_file_that_others_may_read_is_refused(instgen: Program, folder: Path) -> None:
    (folder / "key").write_text("secret")
    (folder / "key").chmod(0o644)
    done = instgen("self-instruct", "--api-key-file", "key")
    assert done.returncode == 2
    assert "chmod 600" in done.stderr
    assert "secret" not in done.stderr


def test_settings_come_from_flag_then_variable_then_project_then_user(instgen: Program, folder: Path) -> None:
    def seed_used(*flags: str, **variables: str) -> int:
        (row,) = rows(instgen("self-instruct", "-n", "1", *flags, **variables).stdout)
        return int(row["origin"][0].get("seed", 0))

    users = Path(os.environ["XDG_CONFIG_HOME"]) / "instgen" / "config.toml"
    users.parent.mkdir(parents=True)
    users.write_text("seed = 1\n")
    assert seed_used() == 1
    (folder / "instgen.toml").write_text("[self-instruct]\nseed = 2\n")
    assert seed_used() == 2
    assert seed_used(INSTGEN_SEED="3") == 3
    assert seed_used("--seed", "4", INSTGEN_SEED="3") == 4


@pytest.mark.parametrize("name", ["base_url", "api-key-file", "journal"])
def test_a_projects_settings_may_not_redirect_keys(instgen: Program, folder: Path, name: str) -> None:
    (folder / "instgen.toml").write_text(f'{name} = "x"\n')
    done = instgen("self-instruct", "-n", "1")
    assert done.returncode == 4
    assert f"instgen.toml:1: {name.replace('_', '-')} cannot be set here" in done.stderr


def test_help_imports_nothing_heavy() -> None:
    heavy = ("httpx", "aiohttp", "pydantic", "numpy", "rapidfuzz", "orjson", "sqlite3", "rich", "asyncio")
    code = f"import sys, instgen.cli.main; print([name for name in {heavy!r} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_version_is_told(instgen: Program) -> None:
    assert instgen("--version").stdout.startswith("instgen ")


def test_the_journal_can_be_counted_exported_and_pruned(instgen: Program) -> None:
    instgen("self-instruct", "-n", "1")
    assert "1 completion," in instgen("journal", "info").stdout
    (entry,) = rows(instgen("journal", "export").stdout)
    assert entry["completion"]["finish"] == "stop"
    assert instgen("journal", "prune", "--older-than", "1").stdout == "0 deleted\n"
    assert instgen("journal", "prune", "--older-than", "0").stdout == "1 deleted\n"


def test_prompts_are_listed_shown_and_exported(instgen: Program, folder: Path) -> None:
    names = [line.partition("@")[0] for line in instgen("prompts", "list").stdout.splitlines()]
    assert "en/respond" in names
    assert "{{question}}" in instgen("prompts", "show", "en/respond").stdout
    instgen("prompts", "export", "mine")
    assert (folder / "mine" / "en" / "respond.txt").is_file()
    assert instgen("prompts", "show", "en/nothing").returncode == 2
    (folder / "mine" / "en" / "respond.txt").unlink()
    assert instgen("prompts", "export", "mine").stderr == ""
    again = instgen("prompts", "export", "mine")
    assert (again.stdout, again.stderr) == ("", f"instgen: nothing written: all {len(names)} files exist\n")


def test_teachers_are_listed(instgen: Program) -> None:
    assert {"local", "openai", "scripted"} <= set(instgen("teachers", "list").stdout.split())


def test_a_count_of_one_is_singular(instgen: Program, folder: Path) -> None:
    (folder / "one.jsonl").write_text('{"instruction": "Name a tall tree.", "output": "An oak is tall."}\n')
    assert "respond: 1 record from 1 row;" in instgen("respond", "one.jsonl", "--replace").stderr
    assert "score: 1 record from 1 row;" in instgen("score", "one.jsonl", "--rubric", "length").stderr
    assert "report: 1 record;" in instgen("report", "one.jsonl").stderr
    assert "1 item, about 1 call to" in instgen("respond", "one.jsonl", "--replace", "--dry-run").stderr
    done = instgen("filter", "--preset", "off", "--on-bad-line", "skip", input="{\n")
    assert "0 of 1 row kept; 1 bad line skipped" in done.stderr


def test_an_unknown_rule_is_compared_with_the_names_that_are_close(instgen: Program) -> None:
    assert "did you mean" not in instgen("filter", "--rule", "nope", "--explain").stderr
    assert "did you mean looped?" in instgen("filter", "--rule", "loped", "--explain").stderr


def test_a_missing_key_is_told_without_the_numbers_of_a_run(instgen: Program, folder: Path) -> None:
    line = ("respond", "-t", "openai/gpt-4o", "--summary", "sum.jsonl")
    done = instgen(*line, input='{"instruction": "Name a tree."}\n' * 2, OPENAI_API_KEY="")
    assert done.returncode == 5
    assert done.stderr.startswith("instgen: openai needs an API key")
    assert rows((folder / "sum.jsonl").read_text())[0]["asked"] == 0


def test_a_refused_connection_counts_as_nothing_asked(instgen: Program, folder: Path) -> None:
    line = (
        "respond",
        "-t",
        "openai/m",
        "--base-url",
        "http://127.0.0.1:9/v1",
        "--tries",
        "2",
        "--summary",
        "sum.jsonl",
    )
    done = instgen(*line, input='{"instruction": "Name a tree."}\n{"instruction": "Name a river."}\n')
    assert done.returncode == 5
    assert "asked" not in done.stderr
    assert rows((folder / "sum.jsonl").read_text())[0]["asked"] == 0


@pytest.mark.parametrize(
    "command", [("respond",), ("filter",), ("export", "trl", "-o", "data"), ("score", "--rubric", "length")]
)
@pytest.mark.parametrize("option", ["--summary", "--rejects"])
def test_stdout_is_for_records_alone(instgen: Program, folder: Path, command: tuple[str, ...], option: str) -> None:
    done = instgen(*command, option, "-", input='{"instruction": "Name a tree.", "output": "Oak."}\n')
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{option} -: " in done.stderr
    assert not (folder / "-").exists()


def test_a_variable_that_sets_nothing_is_warned_about(instgen: Program) -> None:
    strange = {"INSTGEN_N": "3", "INSTGEN_SEDE": "4", "INSTGEN_OTHER_THING": "5", "INSTGEN_MY_KEY": "x"}
    done = instgen("filter", "--explain", INSTGEN_SELF_INSTRUCT_N="4", INSTGEN_EMBED_URL="http://x", **strange)
    about = "sets nothing: no command has such an option"
    assert done.returncode == 0
    assert done.stderr.splitlines() == [
        f"instgen: INSTGEN_N {about}; did you mean INSTGEN_SELF_INSTRUCT_N?",
        f"instgen: INSTGEN_OTHER_THING {about}",
        f"instgen: INSTGEN_SEDE {about}; did you mean INSTGEN_SEED?",
    ]
    assert instgen("filter", "--explain", "-q", **strange).stderr == ""
