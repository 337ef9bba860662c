"""`instgen filter`, as its users run it."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import zstandard

from tests.cli.conftest import COMMAND, Program, rows, settings

GOOD = '{"instruction": "Name a tall tree.",  "output": "The redwood.", "mine": [1.50]}'
OTHER = '{"output":"The Nile.","instruction":"Name a long river.","id":7}'
EMPTY = '{"instruction": "Name a warm sea.", "output": ""}'
REFUSED = '{"instruction": "Name a cold sea.", "output": "I\'m sorry, but I cannot help with that."}'
MIXED = f"{GOOD}\n{EMPTY}\n{OTHER}\n{REFUSED}\n"
RULES = ("filter", "--dedupe", "off")


def text(*given: object) -> str:
    return "".join(json.dumps(row) + "\n" for row in given)


def summary(folder: Path) -> dict[str, Any]:
    (row,) = rows((folder / "sum.jsonl").read_text())
    return row


@pytest.fixture
def start(folder: Path) -> Iterator[Any]:
    """Starts the program with pipes to feed it; what still runs in the end is killed."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(*arguments: str) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        started.append(subprocess.Popen([*COMMAND, *arguments], stdin=pipe, stdout=pipe, stderr=pipe, env=settings()))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def test_what_passes_is_written_as_it_came_and_in_its_order(instgen: Program) -> None:
    done = instgen(*RULES, input=MIXED)
    assert (done.returncode, done.stdout) == (0, f"{GOOD}\n{OTHER}\n")


def test_a_bare_filter_also_leaves_out_exact_duplicates(instgen: Program) -> None:
    again = GOOD.replace("mine", "yours")
    assert instgen("filter", input=f"{GOOD}\n{again}\n{OTHER}\n").stdout == f"{GOOD}\n{OTHER}\n"


def test_without_a_preset_everything_passes(instgen: Program) -> None:
    assert instgen("filter", "--preset", "off", input=MIXED + MIXED).stdout == MIXED + MIXED


def test_rejects_are_the_rows_with_who_left_them_out_and_why(instgen: Program, folder: Path) -> None:
    instgen(*RULES, "--rejects", "no.jsonl", input=MIXED)
    empty, refused = rows((folder / "no.jsonl").read_text())
    assert empty["rejected"]["stage"] == "filter"
    assert empty["rejected"]["reason"] == empty["rejected"]["rule"] == "empty-output"
    assert list(empty) == ["instruction", "output", "rejected"]
    assert refused["rejected"]["threshold"] == 80
    assert refused["rejected"]["value"] == 9
    assert "sorry" in refused["rejected"]["evidence"]


def test_what_a_row_said_of_an_earlier_verdict_stays(instgen: Program, folder: Path) -> None:
    instgen(*RULES, "--rejects", "no.jsonl", input=text({"instruction": "Name a sea.", "output": "", "rejected": "b"}))
    assert rows((folder / "no.jsonl").read_text())[0]["rejected"]["was"] == "b"


def test_the_summary_says_what_each_step_did(instgen: Program, folder: Path) -> None:
    instgen(*RULES, "--summary", "sum.jsonl", input=MIXED)
    told = summary(folder)
    assert (told["command"], told["read"], told["kept"], told["rejected"]) == ("filter", 4, 2, 2)
    assert told["steps"] == [{"step": "rules", "read": 4, "kept": 2, "reasons": {"empty-output": 1, "refusal": 1}}]
    assert told["exit_code"] == 0


def test_the_closing_lines_are_a_funnel_with_examples_if_asked(instgen: Program) -> None:
    done = instgen(*RULES, "-v", input=MIXED + f"{EMPTY}\n" * 4)
    assert "filter: rules: 8 → 2 (empty-output 5, refusal 1)" in done.stderr
    assert done.stderr.count("  empty-output: 'Name a warm sea.'") == 3
    assert "filter: 2 of 4 rows kept" in instgen(*RULES, input=MIXED).stderr
    assert instgen(*RULES, "-q", input=MIXED).stderr == ""


def test_where_most_rows_have_no_output_it_is_said_how_to_keep_them(instgen: Program) -> None:
    assert "--no-rule empty-output keeps" in instgen(*RULES, input=f"{EMPTY}\n{EMPTY}\n{GOOD}\n").stderr
    assert "--no-rule" not in instgen(*RULES, input=MIXED).stderr


def test_a_run_that_read_nothing_only_says_why(instgen: Program, folder: Path) -> None:
    done = instgen("filter", "nowhere.jsonl", "-o", "out.jsonl")
    assert done.returncode == 4
    assert done.stderr.splitlines()[0] == "instgen: nowhere.jsonl: there is no such file"
    assert not (folder / "out.jsonl").exists()


@pytest.mark.parametrize("method", ["near", "novelty"])
def test_the_instances_of_a_task_are_no_duplicates_of_one_another(instgen: Program, method: str) -> None:
    said = "Decide whether the customer review that follows is positive or negative, and answer with one word."
    task = {"instruction": said, "instances": [{"input": "Great!", "output": "yes"}, {"input": "Bad.", "output": "no"}]}
    other = {"instruction": said, "instances": [{"input": "Awful!", "output": "no"}]}
    done = instgen("filter", "--preset", "off", "--dedupe", method, input=text(task, other))
    assert rows(done.stdout) == [task]


def test_tasks_in_a_script_may_have_a_threshold_of_their_own(instgen: Program) -> None:
    given = text({"instruction": "写一首关于大海的诗歌"}, {"instruction": "写一首关于大山的诗歌"})
    novelty = ("filter", "--preset", "off", "--novelty", "0.95")
    assert instgen(*novelty, input=given).stdout.count("\n") == 2
    assert instgen(*novelty, "--novelty-script", "han=0.7", input=given).stdout.count("\n") == 1
    assert instgen(*novelty, "--novelty-script", "latin=0.7", input=given).stdout.count("\n") == 2


def test_where_and_by_what_contamination_is_told_can_be_chosen(instgen: Program, folder: Path) -> None:
    words = [f"word{number}" for number in range(30)]
    (folder / "test.jsonl").write_text(text({"question": " ".join(words)}))
    check = ("filter", "--preset", "off", "--decontaminate", "test.jsonl")

    def passes(row: dict[str, str], *options: str) -> bool:
        return instgen(*check, *options, input=text(row)).stdout != ""

    answered = {"instruction": "Tell me.", "output": " ".join(words)}
    assert passes(answered)
    assert not passes(answered, "--decontaminate-on", "all")
    one_run = {"instruction": " ".join(words[:14])}
    assert passes(one_run, "--decontaminate-by", "8-gram")
    assert not passes(one_run, "--decontaminate-by", "13-gram")
    two_runs = {"instruction": " ".join([*words[:9], "or", *words[10:19]])}
    assert not passes(two_runs, "--decontaminate-by", "8-gram")
    assert passes(two_runs, "--decontaminate-by", "13-gram")


def test_explain_lists_the_rules_in_force_and_reads_nothing(instgen: Program) -> None:
    done = instgen("filter", "--preset", "alpaca", "--rule", "refusal=20", "--no-rule", "start", "--explain")
    listed = {line.split()[0]: line.split() for line in done.stdout.splitlines()}
    assert done.returncode == 0
    assert listed["refusal"][1:3] == ["refusal", "20"]
    assert "blocked-word" in listed
    assert "start" not in listed
    assert "no-input" in listed


def test_a_rule_can_be_added_changed_and_taken_out(instgen: Program) -> None:
    assert instgen("filter", "--preset", "off", "--rule", "empty-output", input=MIXED).stdout.count("\n") == 3
    assert instgen(*RULES, "--no-rule", "refusal", input=MIXED).stdout.count("\n") == 3
    assert instgen(*RULES, "--rule", "min-words=5", input=MIXED).stdout == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--rule", "refusl"), "did you mean refusal?"),
        (("--no-rule", "nothing"), "there is no rule nothing"),
        (("--rule", "refusal=many"), "not a number"),
        (("--rule", "refusal="), "not a number"),
        (("--rule", "start=3"), "no threshold"),
        (("--preset", "none"), "none"),
        (("--dedupe", "off", "--near", "0.8"), "say either"),
        (("--preset", "off", "--against", "rules.jsonl"), "--against"),
        (("--top", "3"), "--by NAME"),
        (("--by", "quality"), "--top"),
        (("--keep", "longest"), "--dedupe near"),
        (("--min", "quality"), "--min quality=4"),
        (("--min", "quality=nan"), "--min quality=4"),
        (("--rule", "min-words=nan"), "not a number"),
        (("--novelty-on", "instruction"), "--dedupe novelty"),
        (("--novelty-script", "han"), "--novelty-script han=0.6"),
        (("--novelty-script", "klingon=0.6"), "known: latin"),
        (("--novelty-script", "han=6"), "between 0 and 1"),
        (("--decontaminate-by", "8-gram"), "--decontaminate FILE"),
        (("--decontaminate-on", "all"), "--decontaminate FILE"),
        (("--lang", "klingon"), "klingon"),
        (("-o", "."), "directory"),
        (("--rejects", "-"), "rejects"),
    ],
)
def test_a_wrong_command_line_is_one_clear_line_and_exit_2(
    instgen: Program, arguments: tuple[str, ...], said: str
) -> None:
    done = instgen("filter", *arguments, input=GOOD)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_what_is_put_right_is_written_in_the_shape_that_it_came_in(instgen: Program) -> None:
    given = {"prompt": "Name a tree.", "context": "<noinput>", "response": "The oak.\n", "more": {"a": None}}
    done = instgen(*RULES, input=text(given))
    assert done.stdout == '{"prompt":"Name a tree.","context":"","response":"The oak.","more":{"a":null}}\n'
    assert "1 rewritten" in done.stderr


def test_of_a_task_with_instances_only_the_bad_ones_go(instgen: Program, folder: Path) -> None:
    good, bad = {"input": "oak", "output": "A tree."}, {"input": "elm", "output": "N/A"}
    task = {"id": "t", "name": "kinds", "instruction": "Say what kind of thing it is.", "instances": [good, bad]}
    all_bad = task | {"instances": [bad, bad]}
    done = instgen(*RULES, "--rejects", "no.jsonl", "--summary", "sum.jsonl", input=text(task, all_bad))
    assert rows(done.stdout) == [task | {"instances": [good]}]
    part, whole = rows((folder / "no.jsonl").read_text())
    assert (part["instances"], part["rejected"]["part"]) == ([bad], "instances[1]")
    assert (whole["instances"], "part" in whole["rejected"]) == ([bad, bad], False)
    told = summary(folder)
    assert (told["read"], told["kept"], told["rejected"], told["parts"]) == (2, 1, 1, 1)


def test_of_candidates_only_the_bad_ones_go_and_the_next_leads(instgen: Program, folder: Path) -> None:
    refusal, good = (
        {"output": "I'm sorry, but I can't help with that.", "rank": 1},
        {"output": "An oak.", "scores": {"a": 1}},
    )
    row = {"instruction": "Name a tree.", "output": refusal["output"], "candidates": [refusal, good], "x": 1}
    gone = row | {"candidates": [refusal]}
    done = instgen(*RULES, "--rejects", "no.jsonl", input=text(row, gone))
    assert rows(done.stdout) == [row | {"output": "An oak.", "candidates": [good]}]
    part, whole = rows((folder / "no.jsonl").read_text())
    assert (part["candidates"], part["rejected"]["part"]) == ([refusal], "candidates[0]")
    assert whole["rejected"]["reason"] == "refusal"


def test_the_leading_candidate_of_a_conversation_is_its_last_turn(instgen: Program) -> None:
    question = {"from": "human", "value": "Name a tree."}
    refusal, good = {"output": "I'm sorry, but I can't help with that."}, {"output": "An oak."}
    row = {"conversations": [question, {"from": "gpt", "value": refusal["output"]}], "candidates": [refusal, good]}
    (kept,) = rows(instgen(*RULES, input=text(row)).stdout)
    assert kept["conversations"] == [question, {"from": "gpt", "value": "An oak."}]
    assert kept["candidates"] == [good]


def test_every_answer_of_a_conversation_is_judged(instgen: Program, folder: Path) -> None:
    turns = ["Name a tree.", "An oak.", "More", "I'm sorry, but I cannot do that.", "Why?", "It is late now."]
    messages = [{"role": ("user", "assistant")[at % 2], "content": said} for at, said in enumerate(turns)]
    good = {"messages": [*messages[:3], {"role": "assistant", "content": "An elm."}]}
    done = instgen(*RULES, "--rejects", "no.jsonl", input=text({"messages": messages}, good))
    assert done.stdout == text(good)
    assert rows((folder / "no.jsonl").read_text())[0]["rejected"]["reason"] == "refusal"


def test_rows_before_a_bad_line_are_kept_and_the_line_is_named(instgen: Program, folder: Path) -> None:
    (folder / "in.jsonl").write_text(f"{GOOD}\n\n{{broken\n{OTHER}\n")
    done = instgen(*RULES, "in.jsonl", "-o", "out.jsonl")
    assert done.returncode == 4
    assert "in.jsonl:3" in done.stderr
    assert (folder / "out.jsonl").read_text() == f"{GOOD}\n"


BAD = ("{broken", '{"text": "no instruction"}', '{"instruction": 5}', "[1]", '{"instruction": "\\ud800"}')


def test_bad_lines_can_be_skipped_and_are_told(instgen: Program, folder: Path) -> None:
    data = "".join(f"{GOOD}\n{bad}\n" for bad in BAD)
    line = ("filter", "--preset", "off", "--on-bad-line", "skip", "--rejects", "no.jsonl", "--summary", "sum.jsonl")
    done = instgen(*line, "-v", input=data)
    assert (done.returncode, done.stdout) == (0, f"{GOOD}\n" * len(BAD))
    assert all(f"stdin:{number}: " in done.stderr for number in range(2, 2 * len(BAD) + 1, 2))
    rejected = rows((folder / "no.jsonl").read_text())
    assert [row["text"] for row in rejected] == list(BAD)
    assert {row["rejected"]["reason"] for row in rejected} == {"bad-line"}
    told = summary(folder)
    assert (told["read"], told["kept"], told["bad_lines"]) == (10, 5, 5)


def test_a_giant_line_is_passed_over_too(instgen: Program) -> None:
    giant = '{"instruction": "' + "a" * (17 << 20) + '"}'
    done = instgen("filter", "--preset", "off", "--on-bad-line", "skip", input=f"{GOOD}\n{giant}\n{OTHER}\n")
    assert (done.returncode, done.stdout) == (0, f"{GOOD}\n{OTHER}\n")
    assert "stdin:2: the row is longer than" in done.stderr


def test_a_json_array_becomes_lines(instgen: Program) -> None:
    data = json.dumps([json.loads(GOOD), json.loads(EMPTY), json.loads(OTHER)], indent=1)
    assert rows(instgen(*RULES, input=data).stdout) == [json.loads(GOOD), json.loads(OTHER)]


def test_an_empty_stdin_is_no_error_and_an_empty_file_is(instgen: Program, folder: Path) -> None:
    (folder / "in.jsonl").touch()
    assert (instgen(*RULES).returncode, instgen(*RULES, "in.jsonl").returncode) == (0, 4)


@pytest.mark.parametrize(("suffix", "unpack"), [(".gz", gzip.decompress), (".zst", zstandard.decompress)])
def test_a_packed_file_is_written_whole_or_not_at_all(instgen: Program, folder: Path, suffix: str, unpack: Any) -> None:
    out = folder / f"out.jsonl{suffix}"
    assert instgen(*RULES, "-o", out.name, input=MIXED + "{broken").returncode == 4
    assert [path.name for path in folder.glob("out*")] == []
    for more in ((), ("--force",)):
        assert instgen(*RULES, "-o", out.name, *more, input=MIXED).returncode == 0
    first = out.read_bytes()
    assert instgen(*RULES, "-o", out.name, input=MIXED).returncode == 2
    assert out.read_bytes() == first
    assert instgen("filter", "--preset", "off", out.name).stdout == f"{GOOD}\n{OTHER}\n"
    if suffix == ".gz":
        assert unpack(first).decode() == f"{GOOD}\n{OTHER}\n"


def test_a_run_that_was_cut_off_is_completed_to_the_same_bytes(instgen: Program, folder: Path) -> None:
    (folder / "in.jsonl").write_text(MIXED * 50)
    line = (*RULES, "in.jsonl", "-o", "out.jsonl", "--rejects", "no.jsonl")
    instgen(*line)
    whole = [(folder / name).read_bytes() for name in ("out.jsonl", "no.jsonl")]
    (folder / "out.jsonl").write_bytes(whole[0][:777])
    (folder / "no.jsonl").write_bytes(whole[1][:-5])
    assert instgen(*line).returncode == 0
    assert [(folder / name).read_bytes() for name in ("out.jsonl", "no.jsonl")] == whole
    assert instgen(*line, "--rule", "min-words=5").returncode == 2
    assert (folder / "out.jsonl").read_bytes() == whole[0]


def test_an_input_is_never_an_output(instgen: Program, folder: Path) -> None:
    (folder / "in.jsonl").write_text(MIXED)
    assert instgen(*RULES, "in.jsonl", "-o", "in.jsonl", "--force").returncode == 2
    assert instgen("filter", "--against", "in.jsonl", "-o", "in.jsonl", "--force", input=GOOD).returncode == 2
    assert (folder / "in.jsonl").read_text() == MIXED


def test_a_row_passes_through_while_stdin_is_still_open(start: Any) -> None:
    process = start(*RULES)
    for line in (GOOD, OTHER):
        process.stdin.write(f"{line}\n".encode())
        process.stdin.flush()
        assert process.stdout.readline() == f"{line}\n".encode()


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_waits_for_rows_can_be_stopped(start: Any, signum: int) -> None:
    process = start(*RULES, "-o", "out.jsonl", "--rejects", "no.jsonl")
    process.stdin.write(MIXED.encode())
    process.stdin.flush()
    while not Path("no.jsonl").exists() or b"refusal" not in Path("no.jsonl").read_bytes():
        assert process.poll() is None
    process.send_signal(signum)
    assert process.wait(20) == 128 + signum
    assert b"to continue: instgen filter" in process.stderr.read()
    assert Path("out.jsonl").read_text() == f"{GOOD}\n{OTHER}\n"


def test_a_reader_that_goes_away_is_noticed_while_nothing_comes(start: Any) -> None:
    process = start(*RULES)
    process.stdin.write(f"{GOOD}\n".encode())
    process.stdin.flush()
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(20) == 141


def test_a_full_disk_is_exit_74(folder: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*COMMAND, *RULES], input=MIXED.encode(), stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 74


PERSONAL = {"instruction": "Say whom to ask.", "output": "Ask j.lindqvist@seaview-hotel.net.", "mine": "a@b-c.org"}


def test_rows_with_personal_data_are_left_out_masked_or_flagged(instgen: Program) -> None:
    given = text(PERSONAL, {"messages": [{"role": "system", "content": PERSONAL["output"], "x": 1}]})
    talk = {"role": "user", "content": "Whom shall I ask?"}, {"role": "assistant", "content": "Nobody in there."}
    given = given.replace('"x": 1}]', '"x": 1}, ' + json.dumps(talk)[1:])
    assert instgen(*RULES, "--pii", "drop", input=text(PERSONAL)).stdout == ""
    alpaca, chat = rows(instgen(*RULES, "--pii", "mask", input=given).stdout)
    assert (alpaca["output"], alpaca["mine"]) == ("Ask [email].", "a@b-c.org")
    assert chat["messages"][0] == {"role": "system", "content": "Ask [email].", "x": 1}
    alpaca, chat = rows(instgen(*RULES, "--pii", "flag", input=given).stdout)
    assert alpaca == PERSONAL | {"pii": ["email"]}
    assert chat["pii"] == ["email"]


def test_the_seed_draws_the_sample(instgen: Program) -> None:
    data = text(*({"instruction": f"Name tree number {number}.", "output": "An oak."} for number in range(40)))
    line = ("filter", "--preset", "off", "--sample", "7")
    first, again, other = (instgen(*line, "--seed", seed, input=data).stdout for seed in ("1", "1", "2"))
    assert first == again != other
    assert len(rows(first)) == 7
    assert [row for row in rows(data) if row in rows(first)] == rows(first)


def test_only_what_is_needed_is_imported(folder: Path) -> None:
    heavy = (
        "numpy",
        "httpx",
        "aiohttp",
        "rapidfuzz",
        "rich",
        "py3langid",
        "zstandard",
        "instgen.engine",
        "instgen.calls",
    )
    code = (
        "import sys, atexit\n"
        f"atexit.register(lambda: print([name for name in {heavy!r} if name in sys.modules], file=sys.stderr))\n"
        "sys.argv = ['instgen', 'filter', '-q', '--dedupe', 'off', '-o', 'out.jsonl']\n"
        "from instgen.cli.main import run\nrun()"
    )
    done = subprocess.run([sys.executable, "-c", code], input=MIXED, capture_output=True, text=True, check=True)
    assert done.stderr == "[]\n"


def test_a_rejects_file_does_not_depend_on_how_the_rows_come(instgen: Program, folder: Path, start: Any) -> None:
    lines: Sequence[str] = [*MIXED.splitlines(), BAD[0], *MIXED.splitlines(), BAD[1]]
    data = "".join(f"{line}\n" for line in lines)
    options = ("--on-bad-line", "skip", "-q", "--rejects")
    instgen(*RULES, *options, "at-once.jsonl", input=data)
    process = start(*RULES, *options, "bit-by-bit.jsonl")
    for at in range(0, len(data), 37):
        os.write(process.stdin.fileno(), data[at : at + 37].encode())
    process.communicate()
    assert (folder / "at-once.jsonl").read_bytes() == (folder / "bit-by-bit.jsonl").read_bytes()
