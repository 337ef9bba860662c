"""The files of an export on their way: a disk that fails is told in one line."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from instgen.errors import OutputFailed
from instgen.export.find import find_format
from instgen.running.folder import Folder
from instgen.running.row_files import BUFFER, Parts


def no_room(*arguments: object, **more: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_file_that_cannot_be_begun_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Folder(tmp_path / "out", [], force=False) as folder:
        parts = Parts(folder, find_format("alpaca"), (), None)
        with monkeypatch.context() as full:
            full.setattr(Path, "open", no_room)
            with pytest.raises(OutputFailed, match="No space"):
                parts.write("train", b"{}\n")
        parts.close()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_disk_that_is_full_amidst_the_rows_is_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Folder(tmp_path / "out", [], force=False) as folder:
        monkeypatch.setattr(folder, "place", lambda name: Path("/dev/full"), raising=False)
        parts = Parts(folder, find_format("alpaca"), (), None)
        with pytest.raises(OutputFailed, match="No space"):
            parts.write("train", b"x" * 2 * BUFFER)
        parts.close()
