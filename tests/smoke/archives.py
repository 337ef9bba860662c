"""The wheel and the sdist: what is built from the checkout, and what is wrong with it.

The rule: a wheel holds the package's files and the seeds, each of them and nothing else; the sdist gives that wheel.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

from tests.smoke.environment import Fault

ROOT = Path(__file__).parents[2]
MUST = (
    "instgen/py.typed",
    "instgen/seeds/en.jsonl",
    "instgen/prompts/en/respond.txt",
    "instgen/filters/words/en.txt",
    "instgen/report/page.css",
    "instgen/report/page.js",
    "instgen/scores/rubrics/quality.toml",
    "instgen/teachers/prices.toml",
)
SDIST = ("LICENSE", "README.md", "CHANGELOG.md", "constraints.txt", "tests/conftest.py", "examples/quickstart.sh")
LEFTOVERS = ("__pycache__", ".pyc", ".hypothesis", "_cache", ".venv")


def build(folder: Path) -> tuple[Path, Path]:
    """A wheel and an sdist, both straight from the checkout, each built in an environment of its own."""
    ran("build", "--wheel", "--sdist", "--outdir", str(folder), str(ROOT))
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, sdist


def faults(wheel: Path, sdist: Path) -> list[str]:
    """A line for each thing that is wrong with the two; what twine refuses ends it."""
    ran("twine", "--no-color", "check", "--strict", str(wheel), str(sdist))
    return [*of_contents(wheel), *of_licence(wheel), *of_source(sdist), *of_both(wheel, sdist)]


def of_contents(wheel: Path) -> list[str]:
    """The wheel against the disk."""
    here = {f"instgen/{path.relative_to(ROOT / 'instgen').as_posix()}" for path in (ROOT / "instgen").rglob("*")}
    here |= {f"instgen/seeds/{path.name}" for path in (ROOT / "seeds").iterdir()}
    here = {name for name in here if (ROOT / name).is_file() or name.startswith("instgen/seeds/")}
    wanted = {name for name in here if not any(sign in name for sign in LEFTOVERS)}
    there = {name for name in checksums(wheel) if ".dist-info/" not in name}
    missing = [f"the wheel lacks {name}" for name in sorted(wanted | set(MUST)) if name not in there]
    return missing + [f"the wheel should not hold {name}" for name in sorted(there - wanted)]


def of_licence(wheel: Path) -> list[str]:
    """The licence, by name and whole. That there are such classifiers the build has seen to."""
    with zipfile.ZipFile(wheel) as archive:
        (info,) = {name.split("/")[0] for name in archive.namelist() if ".dist-info/" in name}
        said = Parser().parsestr(archive.read(f"{info}/METADATA").decode())
    carried = f"{info}/licenses/LICENSE" in checksums(wheel) and said["License-Expression"] == "Apache-2.0"
    return [] if carried else ["the wheel does not carry its licence"]


def of_source(sdist: Path) -> list[str]:
    """What others need to build and test from the sdist."""
    with tarfile.open(sdist) as archive:
        there = {name.partition("/")[2] for name in archive.getnames()}
    missing = [f"the sdist lacks {name}" for name in SDIST if name not in there]
    return missing + [f"the sdist should not hold {name}" for name in there if any(sign in name for sign in LEFTOVERS)]


def of_both(wheel: Path, sdist: Path) -> list[str]:
    """The wheel against the one that pip makes of the sdist, file by file."""
    folder = sdist.parent / "again"
    ran("pip", "wheel", "--no-deps", "--wheel-dir", str(folder), str(sdist))
    one, other = checksums(wheel), checksums(next(folder.glob("*.whl")))
    differing = sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))
    return [f"the sdist makes another wheel: {name} differs" for name in differing]


def checksums(wheel: Path) -> dict[str, int]:
    """Each file's CRC."""
    with zipfile.ZipFile(wheel) as archive:
        return {each.filename: each.CRC for each in archive.infolist()}


def ran(*words: str) -> None:
    """Run a tool of this environment, quietly.

    Raises:
        Fault: it says no.
    """
    done = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Fault(f"{' '.join(words)}\n{done.stdout}{done.stderr}")
