"""What a stranger gets: the wheel and the sdist are built and looked at, installed bare, and used outside the checkout.

`make smoke` runs it, with every Python from 3.11 on that is here. The rule: what it uses is what was built, by lines
that our pages tell; the first one that does something else ends it, with that line and what came out.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.smoke.archives import ROOT, build, faults
from tests.smoke.environment import Environment, Fault, Use, alone, fresh, pythons
from tests.smoke.extras import EXTRAS, TREES, ask

PLUGINS = ("filter-plugin", "format-plugin", "rubric-plugin", "teacher-plugin")

BARE = (
    Use("instgen --version", "instgen 0.1.0"),
    Use("instgen --help", "self-instruct"),
    Use("instgen", "Usage: instgen", 2),
    Use("INSTGEN_TEACHER= instgen self-instruct -n 3 -o none.jsonl", "pip install 'instgen[local]'", 2),
    Use("sh quickstart.sh", "12 data.jsonl"),
)
MORE = (
    Use("instgen self-instruct --lang zh -n 2 -o zh.jsonl", "2 records"),
    Use("instgen evolve data.jsonl --rounds 1 -o evolved.jsonl", "evolve:"),
    Use("instgen filter data.jsonl -o clean.jsonl --rejects no.jsonl", "filter:"),
    Use("instgen score clean.jsonl --rubric length --rubric compression -o scored.jsonl", "score:"),
    Use("instgen export trl scored.jsonl -o for-trl && cat for-trl/*.jsonl", "An answer of"),
    Use("instgen report scored.jsonl --with-rejects no.jsonl -o report.html && grep -q '<style>' report.html"),
    Use("instgen stats scored.jsonl", "scripted/rules.jsonl"),
    Use("instgen journal info", "scripted"),
    Use("instgen prompts show en/alpaca-ask", "Now write"),
    Use("instgen export parquet data.jsonl -o p", "pip install 'instgen[parquet]'", 2),
    Use("python -c \"from instgen import self_instruct, read; assert len(list(read('data.jsonl'))) == 12\""),
)
STRANGERS = (
    Use("instgen filter data.jsonl --rule python-compiles -o compiled.jsonl"),
    Use("instgen export markdown scored.jsonl -o markdown"),
    Use("instgen score clean.jsonl --rubric exclamations -o exclaimed.jsonl"),
    Use("instgen respond trees.jsonl -t 'shell/echo An elm.'", "An elm."),
)


def main() -> None:
    """Build, look, install, use; exit 1 at the first fault."""
    with tempfile.TemporaryDirectory(prefix="instgen-smoke-") as name:
        try:
            everything(Path(name))
        except Fault as fault:
            sys.exit(f"smoke: {fault}")


def everything(folder: Path) -> None:
    """All steps, each with the seconds that it took."""
    with told("built, twice, and looked at"):
        wheel, sdist = build(folder / "dist")
        if wrong := faults(wheel, sdist):
            raise Fault("\n".join(wrong))
    print("smoke: the lines run without a network" if alone() else "smoke: cannot cut the network: lines run with it")
    for version, python in pythons().items():
        with told(f"Python {version}: installed bare, and used"):
            bare = ready(python, folder, f"bare-{version}", str(wheel))
            use(bare, BARE)
        if python == sys.executable:
            with told("all that needs no extra, and the four plugins of the examples"):
                use(bare, MORE)
                ask(bare)
                install_plugins(bare)
                use(bare, STRANGERS)
    for extra, try_it in EXTRAS.items():
        with told(f"instgen[{extra}]: installed, and used"):
            try_it(ready(sys.executable, folder, extra, f"{wheel}[{extra}]"))


def ready(python: str, folder: Path, name: str, *wanted: str) -> Environment:
    """An environment in which that is installed and fits together, and the files that the lines read."""
    made = fresh(python, folder, name)
    made.pip("install", *wanted)
    made.pip("check")
    shutil.copy(ROOT / "examples" / "quickstart.sh", made.folder)
    shutil.copy(Path(__file__).with_name("rules.jsonl"), made.folder)
    (made.folder / "trees.jsonl").write_text("".join(json.dumps(row) + "\n" for row in TREES))
    return made


def use(there: Environment, lines: tuple[Use, ...]) -> None:
    """Run the lines, by the scripted teacher unless they name one."""
    for each in lines:
        there.run(each, INSTGEN_TEACHER="scripted/rules.jsonl")


def install_plugins(there: Environment) -> None:
    """The packages of the examples, beside the wheel."""
    there.pip("install", *(str(shutil.copytree(ROOT / "examples" / name, there.folder / name)) for name in PLUGINS))


@contextmanager
def told(what: str) -> Iterator[None]:
    """A line when it is done, with the seconds that it took."""
    started = time.monotonic()
    yield
    print(f"smoke: {what}: {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
