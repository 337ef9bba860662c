"""What the scripts of pages and examples find on their path."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator

import pytest

from tests.docs.blocks import ROOT
from tests.docs.program import Programs

STUBS = {
    "pip": "#!/bin/sh\nexit 0\n",
    "make": f'#!/bin/sh\nexec /usr/bin/make -n -C {shlex.quote(str(ROOT))} "$@" >&2\n',
}
"""Programs that would install something: what they are told is looked at elsewhere."""


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Programs]:
    """The program with stand-ins for services and models, and stubs beside it."""
    running = Programs(tmp_path_factory.mktemp("bin"))
    for name, stub in {**STUBS, **({} if shutil.which("jq") else {"jq": "#!/bin/sh\ncat > /dev/null\n"})}.items():
        (running.folder / name).write_text(stub)
        (running.folder / name).chmod(0o755)
    yield running
    running.close()
