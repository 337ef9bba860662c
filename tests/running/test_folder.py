"""A run that is killed while it writes a folder: the old or the new one is there, whole, and the next run goes on."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path

import pytest

from instgen.errors import OutputDiffers
from instgen.running.folder import Folder

Files = Mapping[str, str]
NEW = {"a.jsonl": "new a", "data/b.jsonl": "new b", "README.md": "new"}
OLD = {"a.jsonl": "old a", "data/b.jsonl": "old b"}


class Killed(BaseException):
    """Nothing more happens in this run."""


def put(folder: Path, files: Files) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def held(folder: Path) -> Files | None:
    if not folder.exists():
        return None
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def published(path: Path, *, force: bool) -> bool:
    with Folder(path, [], force=force) as folder:
        for name, text in NEW.items():
            folder.place(name).write_text(text)
        return folder.publish()


def is_killed(monkeypatch: pytest.MonkeyPatch, path: Path, number: int) -> bool:
    """Whether a run got so far: what it moves, syncs or clears away after so many of these fails, to its very end."""
    calls = count(1)

    def before(call: Callable[..., object]) -> Callable[..., object]:
        def made(*given: object, **more: object) -> object:
            if next(calls) >= number:
                raise Killed
            return call(*given, **more)

        return made

    with monkeypatch.context() as patch:
        for module, name in ((os, "rename"), (os, "replace"), (os, "fsync"), (shutil, "rmtree")):
            patch.setattr(module, name, before(getattr(module, name)))
        try:
            published(path, force=True)
        except Killed:
            return True
    return False


@pytest.fixture(autouse=True)
def _unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock of a process ends with it; here it lives on."""
    monkeypatch.setattr(fcntl, "flock", lambda fd, how: None)


@pytest.mark.parametrize("old", [None, {}, OLD])
def test_killed_at_any_step_it_is_whole_and_the_next_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, old: Files | None
) -> None:
    for number in count(1):
        path = tmp_path / str(number) / "out"
        path.parent.mkdir()
        if old is not None:
            path.mkdir()
            put(path, old)
        if not is_killed(monkeypatch, path, number):
            assert number > 5
            return
        assert held(path) in (None, old, NEW), number
        published(path, force=bool(old))
        assert held(path) == NEW
        assert [each.name for each in path.parent.iterdir()] == ["out"]


def test_what_a_killed_run_took_away_is_put_back_by_one_that_may_not_replace_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = 0
    for number in count(1):
        path = tmp_path / str(number) / "out"
        put(path, OLD)
        if not is_killed(monkeypatch, path, number):
            break
        if held(path) is None:
            away += 1
            with pytest.raises(OutputDiffers):
                published(path, force=False)
            assert held(path) == OLD
    assert away == 1


def test_a_folder_that_one_stands_in_stays_the_same_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out"
    put(path, OLD)
    monkeypatch.chdir(path)
    number = path.stat().st_ino
    assert published(Path(), force=True)
    assert path.stat().st_ino == number
    assert held(path) == NEW


def test_a_new_folder_has_the_rights_of_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "out"
    put(path, OLD)
    path.chmod(0o750)
    assert published(path, force=True)
    assert path.stat().st_mode & 0o777 == 0o750


def test_files_that_are_the_same_are_added_to_without_force(tmp_path: Path) -> None:
    """As a run leaves them that was killed where files are put in place one by one."""
    path = tmp_path / "out"
    put(path, {"a.jsonl": NEW["a.jsonl"]})
    assert published(path, force=False)
    assert held(path) == NEW
    put(path, {"a.jsonl": "other"})
    with pytest.raises(OutputDiffers):
        published(path, force=False)


def test_links_and_empty_folders_of_others_stay(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    put(folder, OLD)
    elsewhere.mkdir()
    (folder / "link").symlink_to(elsewhere)
    (folder / "empty").mkdir()
    assert published(folder, force=True)
    assert held(folder) == NEW
    assert (folder / "link").readlink() == elsewhere
    assert (folder / "empty").is_dir()
