"""`instgen export`, as its users run it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import signal
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from instgen.cli import exporting
from instgen.cli.progress import Progress
from instgen.export.find import OURS, find_format
from instgen.export.fitness import REASONS
from instgen.export.kinds import Kind
from instgen.running.options import Writing
from tests.cli.conftest import COMMAND, Program, rows, settings
from tests.commands import options_of

PAGE = (Path(__file__).parents[2] / "docs" / "export.md").read_text("utf-8")
GIVEN = [
    {
        "id": f"r{n}",
        "instruction": f"Name tree number {n} of the forest.",
        "output": f"Tree {n}." if n else "",
        "candidates": [{"output": f"Tree {n}.", "rank": 1}, {"output": "None.", "rank": 2}] if n else [],
        "origin": [{"command": "evolve", "teacher": "scripted/rules.jsonl", "root": f"seed{n // 2}"}],
        "mine": n,
    }
    for n in range(40)
]
DATA = "".join(json.dumps(row) + "\n" for row in GIVEN)
READ = ("export", "trl", "data.jsonl", "-o", "out")


@pytest.fixture(autouse=True)
def _data(folder: Path) -> None:
    (folder / "data.jsonl").write_text(DATA)


def tree(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def lines(path: Path) -> list[dict[str, Any]]:
    return rows(path.read_text())


def test_rows_are_written_or_left_out_with_a_reason(instgen: Program, folder: Path) -> None:
    done = instgen(*READ, "--as", "sft", "--rejects", "no.jsonl", "--summary", "sum.jsonl")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert len(lines(folder / "out" / "train.jsonl")) == 39
    (reject,) = lines(folder / "no.jsonl")
    assert reject["id"] == "r0"
    assert reject["rejected"] == {"stage": "export", "reason": "no-answer"}
    (summary,) = lines(folder / "sum.jsonl")
    assert (summary["read"], summary["kept"], summary["rejected"]) == (40, 39, 1)
    assert summary["rows"] == {"train": 39}
    assert summary["not_carried"] == {"candidates": 39, "origin": 39, "mine": 39}


def test_the_kind_is_what_the_data_are(instgen: Program, folder: Path) -> None:
    assert "39 rows as dpo from 40 records" in instgen(*READ).stderr
    assert list(lines(folder / "out" / "train.jsonl")[0]) == ["prompt", "chosen", "rejected"]
    plain = '{"instruction": "Add.", "output": "3"}\n'
    assert "1 row as sft" in instgen("export", "trl", "-o", "plain", input=plain).stderr


@pytest.mark.parametrize("name", [entry.name for entry in OURS if entry.name != "parquet"])
def test_every_format_writes_the_same_bytes_again(instgen: Program, folder: Path, name: str) -> None:
    line = ("export", name, "data.jsonl", "-o", "out", "--split", "train=0.7,val=0.3", "--shuffle", "--keep-meta")
    assert instgen(*line).returncode == 0
    before = tree(folder / "out")
    again = instgen(*line)
    assert again.returncode == 0
    assert "already holds the same" in again.stderr
    assert tree(folder / "out") == before
    assert not list(folder.glob(".*instgen"))


def test_siblings_never_straddle_the_split(instgen: Program, folder: Path) -> None:
    instgen(*READ, "--split", "train=0.6,val=0.4", "--keep-meta")
    places = defaultdict(set)
    for split in ("train", "val"):
        for row in lines(folder / "out" / f"{split}.jsonl"):
            places[json.loads(row["meta"])["origin"][0]["root"]].add(split)
    assert all(len(found) == 1 for found in places.values())
    assert {split for found in places.values() for split in found} == {"train", "val"}


def test_one_row_less_moves_no_other(instgen: Program, folder: Path) -> None:
    options = ("--split", "train=0.6,val=0.4", "--shuffle")
    instgen(*READ, *options)
    instgen("export", "trl", "-", "-o", "less", *options, input="".join(DATA.splitlines(keepends=True)[:-1]))
    for split in ("train", "val"):
        full = (folder / "out" / f"{split}.jsonl").read_text().splitlines()
        less = (folder / "less" / f"{split}.jsonl").read_text().splitlines()
        assert [line for line in full if line in less] == less


def test_shuffling_mixes_and_the_seed_decides(instgen: Program, folder: Path) -> None:
    for name, options in {"plain": (), "one": ("--shuffle",), "two": ("--shuffle", "--seed", "1")}.items():
        instgen("export", "trl", "data.jsonl", "-o", name, *options)
    found = [(folder / name / "train.jsonl").read_text().splitlines() for name in ("plain", "one", "two")]
    assert found[0] != found[1] != found[2]
    assert sorted(found[0]) == sorted(found[1]) == sorted(found[2])


def test_a_folder_that_holds_something_else_is_left_alone(instgen: Program, folder: Path) -> None:
    instgen(*READ)
    before = tree(folder / "out")
    other = instgen("export", "trl", "data.jsonl", "-o", "out", "--as", "sft")
    assert other.returncode == 2
    assert "holds something else" in other.stderr
    assert tree(folder / "out") == before
    assert instgen("export", "trl", "data.jsonl", "-o", "out", "--as", "sft", "--force").returncode == 0
    (folder / "out" / "mine.txt").write_text("mine")
    foreign = instgen(*READ, "--force")
    assert foreign.returncode == 2
    assert "mine.txt" in foreign.stderr


def test_an_empty_folder_is_taken(instgen: Program, folder: Path) -> None:
    (folder / "out").mkdir()
    assert instgen(*READ).returncode == 0
    assert list(tree(folder / "out")) == ["train.jsonl"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("export", "trl", "data.jsonl"), 2, "-o DIR"),
        (("export", "tlr", "data.jsonl", "-o", "out"), 2, "did you mean trl?"),
        (("export", "alpaca", "data.jsonl", "-o", "out", "--as", "dpo"), 2, "alpaca has no dpo"),
        (("export", "trl", "data.jsonl", "-o", "data.jsonl"), 2, "is a file"),
        (("export", "trl", "data.jsonl", "-o", "no/out"), 2, "there is no folder"),
        (("export", "trl", "data.jsonl", "-o", "out", "--margin"), 2, "trl has no margin for dpo"),
        (("export", "trl", "missing.jsonl", "-o", "out"), 4, "no such file"),
        (("export", "trl", "data.jsonl", "-o", "out", "--split", "train=0.5"), 2, "add up to 0.5"),
        (("export", "trl", "data.jsonl", "-o", "out", "--as", "kto", "--split", "a=0.999999,b=0.000001"), 3, "into b"),
        (("export", "trl", "bad.jsonl", "-o", "out"), 4, "bad.jsonl:2"),
        (("export", "trl", "asks.jsonl", "-o", "out", "--as", "sft"), 3, "no-answer 1"),
        (("export", "hf", "data.jsonl", "-o", "out", "--with-summary", "missing.jsonl"), 4, "no such file"),
    ],
)
def test_what_cannot_be_ends_with_one_line_and_writes_nothing(
    instgen: Program, folder: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    (folder / "bad.jsonl").write_text('{"instruction": "Add.", "output": "3"}\n{"a": 1}\n')
    (folder / "asks.jsonl").write_text('{"instruction": "Add."}\n')
    done = instgen(*arguments)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "out").exists()
    assert not list(folder.glob(".*instgen"))


def test_what_is_read_may_not_lie_in_the_folder(instgen: Program, folder: Path) -> None:
    instgen(*READ)
    done = instgen("export", "trl", "out/train.jsonl", "-o", "out", "--force")
    assert done.returncode == 2
    assert "is in the output folder" in done.stderr


def test_bad_lines_can_be_passed_over(instgen: Program, folder: Path) -> None:
    data = f"{DATA}nothing\n"
    done = instgen("export", "trl", "-o", "out", "--on-bad-line", "skip", "--rejects", "no.jsonl", input=data)
    assert done.returncode == 0, done.stderr
    assert lines(folder / "no.jsonl")[-1]["rejected"]["reason"] == "bad-line"


def test_nothing_to_read_writes_nothing(instgen: Program, folder: Path) -> None:
    done = instgen("export", "trl", "-o", "out")
    assert done.returncode == 3
    assert "nothing to read" in done.stderr


def test_parquet_without_its_library_says_how_to_get_it(instgen: Program, folder: Path) -> None:
    (folder / "pyarrow").mkdir()
    (folder / "pyarrow" / "__init__.py").write_text("raise ImportError('not here')")
    done = instgen("export", "parquet", "data.jsonl", "-o", "out", PYTHONPATH=str(folder))
    assert done.returncode == 2
    assert "pip install 'instgen[parquet]'" in done.stderr


def test_parquet_holds_the_rows(instgen: Program, folder: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    instgen(*READ, "--shuffle")
    assert instgen("export", "parquet", "data.jsonl", "-o", "packed", "--shuffle").returncode == 0
    assert parquet.read_table(folder / "packed" / "train.parquet").to_pylist() == lines(folder / "out" / "train.jsonl")


def test_answers_that_are_all_dates_are_told_of(instgen: Program, folder: Path) -> None:
    data = "".join(f'{{"instruction": "Day {n} as ISO?", "output": "2024-01-0{n}"}}\n' for n in range(1, 5))
    line = ("export", "trl", "--as", "prompt-completion", "-o")
    assert "every `completion.content` is a date" in instgen(*line, "out", input=data).stderr
    assert "is a date" not in instgen("export", "trl", "-o", "other", input=data).stderr


def test_a_margin_is_a_number_in_every_row(instgen: Program, folder: Path) -> None:
    assert instgen("export", "hf", "data.jsonl", "--as", "rm", "--margin", "-o", "out").returncode == 0
    found = [row["margin"] for row in lines(folder / "out" / "data" / "train.jsonl")]
    assert found == [0.0] * 39
    assert all(type(margin) is float for margin in found)
    assert "  - name: margin\n    dtype: float64" in (folder / "out" / "README.md").read_text()


def test_a_preview_shows_the_first_rows_on_stderr(instgen: Program, folder: Path) -> None:
    done = instgen(*READ, "--as", "sft", "--chat-template", "chatml")
    assert done.stdout == ""
    assert done.stderr.count("<|im_start|>assistant\n⟦Tree") == 3


def test_the_card_tells_what_summaries_told(instgen: Program, folder: Path) -> None:
    instgen("filter", "--decontaminate", "data.jsonl", "data.jsonl", "-o", "kept.jsonl", "--summary", "sum.jsonl")
    done = instgen("export", "hf", "data.jsonl", "-o", "out", "--with-summary", "sum.jsonl", "--seeds", "My own, CC0.")
    assert done.returncode == 0, done.stderr
    text = (folder / "out" / "README.md").read_text()
    assert "| filter | 40 |" in text
    assert "rows checked" in text
    assert "My own, CC0." in text
    assert "instgen export hf data.jsonl -o out" in text


def test_only_hf_has_a_card_unless_asked(instgen: Program, folder: Path) -> None:
    instgen(*READ)
    assert list(tree(folder / "out")) == ["train.jsonl"]
    instgen("export", "trl", "data.jsonl", "-o", "carded", "--card")
    assert set(tree(folder / "carded")) == {"train.jsonl", "README.md"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_nothing_half_done(folder: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [*COMMAND, "export", "trl", "-o", "out"], stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=settings()
    )
    assert process.stdin is not None
    process.stdin.write(DATA.encode() * 10)
    process.stdin.flush()
    for _ in range(200):
        if list(folder.glob(".*instgen/files/train.jsonl")):
            break
        time.sleep(0.05)
    process.send_signal(number)
    process.communicate(timeout=20)
    assert process.returncode == 128 + number
    assert not (folder / "out").exists()
    assert not list(folder.glob(".*instgen"))


def test_what_a_killed_run_left_is_in_nobodys_way(instgen: Program, folder: Path) -> None:
    stage = folder / ".out.instgen" / "files"
    stage.mkdir(parents=True)
    (stage / "other.jsonl").write_text("half")
    assert instgen(*READ).returncode == 0
    assert list(tree(folder / "out")) == ["train.jsonl"]


def test_two_runs_do_not_write_one_folder(instgen: Program, folder: Path) -> None:
    import fcntl

    (folder / ".out.instgen").mkdir()
    with (folder / ".out.instgen" / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert instgen(*READ).returncode == 7


def test_a_full_disk_is_told_and_nothing_stays(folder: Path) -> None:
    limited = f"ulimit -f 1; trap '' XFSZ; exec {' '.join(COMMAND)} export trl -o out < data.jsonl"
    (folder / "data.jsonl").write_text(DATA * 20)
    done = subprocess.run(["bash", "-c", limited], capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 74, done.stderr
    assert not (folder / "out").exists()


def test_options_and_files_that_do_not_fit_are_told(instgen: Program, folder: Path) -> None:
    (folder / "plain.jsonl").write_text('{"instruction": "Q", "output": "A"}\n')
    for more, code, said in (
        (("--by", "quality"), 2, "compares nothing"),
        (("--with-summary", "plain.jsonl", "--card"), 4, "plain.jsonl:1: is not a row of a --summary file"),
    ):
        done = instgen("export", "trl", "plain.jsonl", "-o", "out", *more)
        assert (done.returncode, said in done.stderr) == (code, True), done.stderr
        assert not (folder / "out").exists()


def test_every_option_format_kind_and_reason_is_on_the_page() -> None:
    names = options_of("export")
    elsewhere = {"--output", "--quiet", "--verbose", "--config", "--help"}
    assert {name for name in names - elsewhere if name not in PAGE} == set()
    assert [entry.name for entry in OURS] == re.findall(r"^\| `([a-z-]+)` \| .* \| .* \|$", PAGE, re.MULTILINE)[:9]
    assert all(f"`{kind}`" in PAGE for kind in Kind)
    assert [f"| `{reason}` | {what} |" for reason, what in REASONS.items()] == [
        line for line in PAGE.splitlines() if line in {f"| `{reason}` | {what} |" for reason, what in REASONS.items()}
    ]


def test_it_shows_how_far_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Progress] = []

    @contextlib.contextmanager
    def shown(progress: Callable[[int | None], Progress], *more: object) -> Iterator[None]:
        yield
        told.append(progress(50))

    monkeypatch.setattr(exporting, "shown", shown)
    asked = exporting.ExportOptions(find_format("trl"), [Path("data.jsonl")], Path("out"), "", kind=Kind.SFT)
    exporting.export_rows(asked, Writing(quiet=True))
    assert [(each.done, each.total, each.made, each.left_out) for each in told] == [
        (40, 50, "39 records kept", {"no-answer": 1})
    ]


def test_help_says_that_a_folder_is_needed(instgen: Program) -> None:
    text = " ".join(instgen("export", "--help").stdout.split())
    assert "--output PATH Folder to write. [required]" in text
    assert "File to write or resume." in instgen("filter", "--help").stdout
