"""What lies around under our files' names, in a folder that was cloned or that others share, leads us nowhere."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from instgen.errors import InputError, UsageError
from instgen.journal import SqliteJournal
from instgen.jsonl import open_destination
from instgen.records import Completion
from instgen.running.folder import Folder
from instgen.running.spool import Spool
from instgen.running.whole import replace_whole
from instgen.teachers.scripted import Scripted
from tests.cli.conftest import Program

ROW = '{"instruction": "Q", "output": "A"}\n'


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A folder elsewhere, with what must not be touched."""
    folder = tmp_path / "victim"
    (folder / "files").mkdir(parents=True)
    (folder / "files" / "precious.txt").write_text("mine")
    (folder / "train.jsonl").write_text("mine")
    (folder / "lock").write_text("mine")
    return folder


def untouched(victim: Path) -> bool:
    files = {path.relative_to(victim).as_posix(): path.read_text() for path in victim.rglob("*") if path.is_file()}
    return files == {"files/precious.txt": "mine", "train.jsonl": "mine", "lock": "mine"}


@pytest.mark.parametrize("planted", [".out.instgen", ".out.instgen/files", ".out.instgen/lock"])
def test_an_export_does_not_follow_a_link_beside_its_folder(tmp_path: Path, victim: Path, planted: str) -> None:
    link = tmp_path / planted
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(victim if planted == ".out.instgen" else victim / Path(planted).name)
    with pytest.raises(UsageError, match="symbolic link"):
        Folder(tmp_path / "out", [], force=True)
    assert untouched(victim)


def test_an_export_does_not_follow_a_link_inside_its_folder(tmp_path: Path, victim: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "data").symlink_to(victim)
    with Folder(out, [], force=True) as folder:
        with folder.file("data/train.jsonl") as file:
            file.write(b"row\n")
        with pytest.raises(UsageError, match="symbolic link"):
            folder.publish()
    assert untouched(victim)


def test_a_file_that_is_put_in_place_whole_follows_no_link(tmp_path: Path, victim: Path) -> None:
    page = tmp_path / "report.html"
    page.symlink_to(victim / "train.jsonl")
    (tmp_path / f".report.html.{os.getpid()}").symlink_to(victim / "lock")
    replace_whole(page, b"new")
    assert page.read_bytes() == b"new"
    assert not page.is_symlink()
    assert untouched(victim)


def test_a_packed_output_does_not_follow_a_link_beside_it(tmp_path: Path, victim: Path) -> None:
    (tmp_path / "data.jsonl.gz.part").symlink_to(victim / "train.jsonl")
    with pytest.raises(UsageError, match="symbolic link"):
        open_destination(tmp_path / "data.jsonl.gz", [], force=True, resumable=True)
    assert untouched(victim)


def test_an_output_that_is_a_link_to_another_file_is_left_alone(tmp_path: Path, victim: Path) -> None:
    (tmp_path / "out.jsonl").symlink_to(victim / "train.jsonl")
    file = open_destination(tmp_path / "out.jsonl", [], force=False, resumable=True)
    with pytest.raises(Exception, match="differs from what this run writes"):
        file.write([ROW.encode()])
    file.close()
    assert untouched(victim)


def test_a_scripts_log_is_never_put_into_another_file(victim: Path) -> None:
    rules = [{"log": str(victim / "train.jsonl")}, {"reply": "x"}]
    with pytest.raises(InputError, match="not a log of calls"):
        Scripted(rules)
    assert untouched(victim)


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/b", "..", "", "a b", "x.toml\n"])
def test_a_rubrics_own_name_is_no_path(name: str) -> None:
    from instgen.scores.rubric import parse_rubric

    with pytest.raises(InputError, match="cannot be named"):
        parse_rubric(name, "")


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/b", ".."])
def test_a_split_is_no_path(name: str) -> None:
    from instgen.export.split import parse_splits

    with pytest.raises(UsageError):
        parse_splits(f"{name}=0.5,b=0.5", 0)


def test_a_prompt_files_name_must_be_one_of_ours(tmp_path: Path) -> None:
    from instgen.prompts.book import PromptBook

    with pytest.raises(InputError, match="no prompt with this name"):
        PromptBook(overrides={"../../evil": "x"})


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o277])
def test_what_holds_answers_for_ourselves_is_private_whatever_the_umask(tmp_path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        journal = SqliteJournal(tmp_path / "state" / "journal.sqlite")
        journal.put(b"key", Completion("text"))
        journal.hurry()
        with Spool() as spool:
            spool.add([b"line\n"])
            spooled = os.fstat(spool._file.fileno())
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "state").iterdir()}
        journal.close()
    finally:
        os.umask(before)
    assert "journal.sqlite" in modes
    assert {mode & 0o077 for mode in modes.values()} == {0}
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) & 0o077 == 0
    assert spooled.st_mode & 0o077 == 0
    assert spooled.st_nlink == 0


def test_rows_that_are_held_back_lie_in_a_file_without_a_name(tmp_path: Path) -> None:
    (tmp_path / "out.jsonl").write_text(ROW)
    file = open_destination(tmp_path / "out.jsonl", [], force=False, resumable=True)
    file.write([ROW.encode(), json.dumps({"x": "y" * (2 << 20)}).encode() + b"\n"])
    file.close()
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]


def test_a_card_holds_no_block_no_element_and_no_command_of_the_data(instgen: Program, folder: Path) -> None:
    evil = "x\n---\nlicense: mit\n# Owned\n<script>alert(1)</script> | `\x1b[2J\x9b"
    step = {"command": evil, "op": evil, "teacher": f"openai/{evil}", "prompts": [evil]}
    row = json.dumps({"instruction": f"Tell {evil}", "output": evil, "origin": [step]})
    assert instgen("export", "trl", "-o", "out", "--card", input=row).returncode == 0
    card = (folder / "out" / "README.md").read_text()
    assert card.count("openai/x") == 1
    assert [line for line in card.splitlines() if line.startswith(("license:", "# "))] == ["license: unknown", "# out"]
    assert "<script" not in card
    assert not {"\x1b", "\x9b"} & {*card}
