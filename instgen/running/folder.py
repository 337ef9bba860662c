"""An output folder that is written as a whole: staged beside its final place, and moved there at the end.

The rules: until it is published, nothing in the old folder changes. A run that is killed leaves the complete old folder
or the complete new one; or none, and then the next run restores the old one. Publishing identical files changes
nothing. Different files are replaced only with `force`, and a file that the export does not write is never touched. The
folder itself may be a symbolic link, as its user made it; inside it and beside it no link is followed, because others
may have created it.
"""

from __future__ import annotations

import contextlib
import filecmp
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from instgen.errors import OutputDiffers, UsageError
from instgen.jsonl import locked, translated

_DONE, _BEFORE, _LOCK = "files", "before", "lock"


class Folder:
    """The files of one export, staged until `publish`."""

    def __init__(self, path: Path, inputs: Sequence[Path], *, force: bool) -> None:
        """Create and lock the staging folder.

        Args:
            path: the output folder.
            inputs: the files that the export reads.
            force: whether to replace files that differ.

        Raises:
            UsageError: the path cannot be a folder, or an input is in it.
            OutputLocked: another run is writing it.
            OutputFailed: the staging folder cannot be written.
        """
        self.path = path
        self._force = force
        self._place = place = path.resolve()
        if path.exists() and not path.is_dir():
            raise UsageError(f"{path}: is a file", "name a folder")
        if not place.parent.is_dir():
            raise UsageError(f"{path}: there is no folder {place.parent}", "make it first")
        for each in inputs:
            if place in each.resolve().parents and str(each) != "-":
                raise UsageError(f"{each}: is in the output folder, {path}", "name another folder")
        self._stage = place.parent / f".{place.name}.instgen"
        _check_no_link(self._stage, *(self._stage / name for name in (_DONE, _BEFORE, _LOCK)))
        with translated(str(path)):
            self._stage.mkdir(exist_ok=True)
            self._lock = locked(self._stage / _LOCK, path, "folder")
            self._settle()
            shutil.rmtree(self._files, ignore_errors=True)
            self._files.mkdir()

    def __enter__(self) -> Folder:
        """Return the folder itself."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Delete the staging folder with all that was not published."""
        with contextlib.suppress(OSError):
            self._settle()
            shutil.rmtree(self._stage, ignore_errors=True)
        os.close(self._lock)

    @property
    def _files(self) -> Path:
        return self._stage / _DONE

    @property
    def _before(self) -> Path:
        return self._stage / _BEFORE

    def spare(self, name: str) -> Path:
        """A path in the staging folder for a temporary file, which is not published."""
        return self._stage / name

    def place(self, name: str) -> Path:
        """The path at which to write a file of the folder for now."""
        path = self._files / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    @contextlib.contextmanager
    def file(self, name: str) -> Iterator[BinaryIO]:
        """Open a file of the folder for writing."""
        with translated(str(self.path / name)), self.place(name).open("wb") as file:
            yield file

    def publish(self) -> bool:
        """Move all files to their final place; returns whether anything changed.

        Raises:
            OutputDiffers: the folder holds different files, and `force` is not set.
            UsageError: the folder holds a file that this export does not write, or a symbolic link.
            OutputFailed: a file cannot be written.
        """
        made, there = _names(self._files), _names(self.path)
        others = {name for name in there if name not in made or not self._same(name)}
        if there == made and not others:
            return False
        if others and not self._force:
            raise OutputDiffers(f"{self.path}: holds something else", "name another folder, or --force to replace it")
        if foreign := sorted(there - made):
            raise UsageError(
                f"{self.path}: holds {foreign[0]}, which this export does not write",
                "remove it, or name another folder",
            )
        _check_no_link(*{folder for name in made for folder in _folders_of(self.path, name)})
        with translated(str(self.path)):
            for name in made:
                _to_disk(self._files / name)
            if not self._place.exists() or self._moved_away():
                self._files.rename(self._place)
                _to_disk(self._place.parent)
            else:
                self._replace_each(made)
        return True

    def _moved_away(self) -> bool:
        """Rename the old folder; False if it is the current folder or a parent of it, or if the system refuses."""
        here = Path.cwd()
        if self._place in (here, *here.parents) or _holds_more_than_files(self._place):
            return False
        shutil.copymode(self._place, self._files)
        try:
            self._place.rename(self._before)
        except OSError:
            return False
        return True

    def _settle(self) -> None:
        """Restore the old folder if a run ended between moving it away and moving the new one in."""
        if self._files.exists() and not self._place.exists():
            with contextlib.suppress(FileNotFoundError):
                self._before.rename(self._place)
        shutil.rmtree(self._before, ignore_errors=True)

    def _replace_each(self, names: set[str]) -> None:
        for name in sorted(names):
            (self.path / name).parent.mkdir(parents=True, exist_ok=True)
            (self._files / name).replace(self.path / name)
        for folder in {(self.path / name).parent for name in names}:
            _to_disk(folder)

    def _same(self, name: str) -> bool:
        return filecmp.cmp(self._files / name, self.path / name, shallow=False)


def _holds_more_than_files(folder: Path) -> bool:
    """Whether a folder has links or empty folders in it, which `_names` does not list and a new folder would lack."""
    return any(path.is_symlink() or (path.is_dir() and not any(path.iterdir())) for path in folder.rglob("*"))


def _check_no_link(*paths: Path) -> None:
    """Raise UsageError if a path is a symbolic link: what it leads to must not be written or deleted."""
    for path in paths:
        if path.is_symlink():
            raise UsageError(f"{path}: is a symbolic link, and would send the export elsewhere", "remove it")


def _folders_of(folder: Path, name: str) -> tuple[Path, ...]:
    """The subfolders between a folder and a file in it."""
    return tuple(folder / parent for parent in Path(name).parents if parent != Path())


def _names(folder: Path) -> set[str]:
    """The paths of all files below a folder, relative to it."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def _to_disk(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
