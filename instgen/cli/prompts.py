"""`instgen prompts`: show and export the prompt files, which hold all text that is sent to teachers."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from instgen import console

prompts = typer.Typer(help="Show and export the prompt files.", no_args_is_help=True, rich_markup_mode=None)


@prompts.command("list")
def list_prompts() -> None:
    """List the prompt files by name, with the digest that goes into each record's origin."""
    from instgen.prompts.book import built_in
    from instgen.prompts.template import parse_template

    for name, content in sorted(built_in().items()):
        console.show(parse_template(name, content).source)


@prompts.command("show")
def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name from the list, such as en/respond.")],
) -> None:
    """Show one prompt file."""
    from instgen.errors import UsageError
    from instgen.prompts.book import built_in, hint_for

    files = built_in()
    if name not in files:
        raise UsageError(f"there is no prompt {name!r}", hint_for(name))
    console.show(files[name].removesuffix("\n"))


@prompts.command("export")
def export(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder to write to; existing files are kept.")],
) -> None:
    """Write the prompt files to a folder, to change them and pass them with --prompts."""
    from instgen.jsonl import translated
    from instgen.prompts.book import SUFFIX, built_in

    files = sorted(built_in().items())
    written = 0
    for name, content in files:
        file = folder / f"{name}{SUFFIX}"
        with translated(str(file)):
            file.parent.mkdir(parents=True, exist_ok=True)
            if file.exists():
                continue
            file.write_text(content, "utf-8")
        console.show(str(file))
        written += 1
    if not written:
        console.say(f"instgen: nothing written: all {len(files)} files exist")
