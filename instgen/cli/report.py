"""`instgen report`: one HTML page about the data."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from instgen import console
from instgen.cli.options import Files
from instgen.cli.surveying import Ancestors, Beside, Lang, RejectFiles, Seeds, Summaries, survey_of
from instgen.errors import UsageError
from instgen.sources import DASH


def report(
    context: typer.Context,
    files: Files = None,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FILE", help="File for the report; - for stdout.")
    ] = Path("report.html"),
    with_summary: Summaries = None,
    with_rejects: RejectFiles = None,
    with_rows: Ancestors = None,
    seeds: Seeds = None,
    lang: Lang = "en",
    novelty: Annotated[
        float, typer.Option("--novelty", min=0, max=1, help="Threshold to mark in the similarity charts.")
    ] = 0.7,
    title: Annotated[str, typer.Option("--title", help="Heading of the page.  [default: the file's name]")] = "",
    show: Annotated[bool, typer.Option("--open", help="Open the report in the browser.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is not a report.")] = False,
    quiet: Annotated[bool, typer.Option("-q", "--quiet", help="Print only errors.")] = False,
) -> None:
    """Make one self-contained page about the data: what it asks for, how similar it is, what was rejected."""
    from instgen import __version__
    from instgen.cli.inputs import need_input
    from instgen.report.page import Shown, page

    if output == Path(DASH) and show:
        raise UsageError("--open needs the report in a file", "-o FILE names it")
    inputs = need_input(context, files)
    if output != Path(DASH):
        _check_replaceable(output, inputs, force=force)
    seen = survey_of(inputs, Beside(with_summary or (), with_rejects or (), with_rows or (), seeds, lang))
    named = [path.name for path in inputs if str(path) != "-"]
    shown = Shown(
        title or ", ".join(named) or "Instruction data",
        __version__,
        seen.numbers,
        seen.survey.records.items(),
        seen.survey.records.is_whole,
        seen.survey.families.shown(),
        seen.rejects,
        novelty,
    )
    text = page(shown)
    data = text.encode("utf-8", "replace")
    if output == Path(DASH):
        from instgen.jsonl import translated
        from instgen.terminal import prose

        with translated("stdout"):
            sys.stdout.buffer.write(prose(text).encode() if sys.stdout.isatty() else data)
            sys.stdout.flush()
        return
    _write(output, data)
    if not quiet:
        size = f"{len(data) / 1e6:.1f} MB" if len(data) >= 1e5 else f"{len(data) / 1e3:.0f} kB"
        console.say(f"report: {seen.numbers.rows:,} {console.plural('record', seen.numbers.rows)}; {output}, {size}")
    if show:
        import webbrowser

        if not webbrowser.open(output.resolve().as_uri()):
            console.say(f"report: no browser was found here; open {output} yourself")


def _check_replaceable(path: Path, inputs: Sequence[Path], *, force: bool) -> None:
    """Raise UsageError if the existing file is one of the inputs, or not a report."""
    from instgen.jsonl import translated
    from instgen.report.page import MARK

    with translated(str(path)):
        if not path.parent.is_dir():
            raise UsageError(f"{path}: there is no folder {path.parent}", "make it first")
        if not path.is_file():
            return
        if any(each.exists() and each.samefile(path) for each in inputs):
            raise UsageError(f"{path}: is one of the inputs", "-o names another file")
        with path.open("rb") as file:
            if not force and file.read(len(MARK)) not in {b"", MARK.encode()}:
                raise UsageError(f"{path}: exists, and is not a report", "use --force to overwrite it, or name another")


def _write(path: Path, data: bytes) -> None:
    """Write the page atomically; a path that is not a regular file, such as /dev/null, is written to directly."""
    from instgen.jsonl import translated
    from instgen.running.whole import replace_whole

    with translated(str(path)):
        if path.exists() and not path.is_file():
            path.write_bytes(data)
            return
        replace_whole(path, data)
