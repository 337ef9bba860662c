"""Opening what makes vectors of texts: `--embed openai/MODEL` behind an address, or `--embed static/FOLDER` in here.

The rule: what was paid for is kept before the model is let go, however the run ends; and texts that got no vector, and
so were compared with nothing, are told of.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from instgen.cli.config import said_by
from instgen.cli.filter_options import Dedupe, FilterOptions
from instgen.cli.options import Asking, Writing
from instgen.errors import UsageError

if TYPE_CHECKING:
    from instgen.filters.semantic import Embed, Floats

Tell = Callable[[str], None]

PROVIDERS = ("openai", "static")
ENDPOINTS_ONLY = ("embed_url", "embed_key_env", "journal", "no_journal")
"""Options that only a model behind an address has a use for."""


@contextlib.contextmanager
def opened(asked: FilterOptions, writing: Writing, tell: Tell) -> Iterator[Embed | None]:
    """What makes the vectors that the command line asks for; None where it asks for none.

    Args:
        asked: names the model.
        writing: whether to be quiet.
        tell: is told at the end what was asked of it, and how many texts got no vector.

    Raises:
        UsageError: no model is named, or it cannot be used.
        MissingPiece: the extra is not installed.
        InputError: the folder holds no model.
    """
    provider, _, model = (asked.embed or "").partition("/")
    for option in ENDPOINTS_ONLY:
        if provider != "openai" and said_by(option) == "flag":
            raise UsageError(f"--{option.replace('_', '-')} is about a model behind an address", _EXAMPLES)
    if Dedupe.SEMANTIC not in asked.methods:
        yield None
        return
    if provider not in PROVIDERS:
        raise UsageError(
            f"--embed {asked.embed}: not known" if asked.embed else "--dedupe semantic, and no model for it", _EXAMPLES
        )
    with _endpoint(asked, model, writing, tell) if provider == "openai" else _static(model) as embed:
        counted = _Counted(embed)
        try:
            yield counted
        finally:
            counted.tell(asked.embed or "", tell)


@contextlib.contextmanager
def _static(folder: str) -> Iterator[Embed]:
    from instgen.teachers.static_embed import open_static

    yield open_static(folder).vectors


@contextlib.contextmanager
def _endpoint(asked: FilterOptions, name: str, writing: Writing, tell: Tell) -> Iterator[Embed]:
    import asyncio

    from instgen.cli.drive import loop_factory
    from instgen.cli.opening import open_journal
    from instgen.cli.purchases import Purchases
    from instgen.teachers.embed import open_endpoint
    from instgen.teachers.teacher import Settings

    urls = (asked.embed_url,) if asked.embed_url else ()
    settings = Settings(base_urls=urls, api_key=_key(asked.embed_key_env), tell=tell)
    keeping = Asking(journal=asked.journal, no_journal=asked.no_journal)
    with open_journal(keeping, writing) as journal:
        model = open_endpoint(name, settings, Purchases(journal))
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            try:
                yield lambda texts: runner.run(model.vectors(texts))
            finally:
                runner.run(model.aclose())
                if model.asked or model.replayed:
                    tell(
                        f"filter: {model.name}: {model.asked:,} texts asked ({model.tokens:,} tokens), "
                        f"{model.replayed:,} from the journal"
                    )


def _key(variable: str | None) -> str | None:
    """The key in the named variable; None leaves the usual one."""
    if not variable:
        return None
    if not (key := os.environ.get(variable)):
        raise UsageError("--embed-key-env: no variable of this name is set", "it is the variable's name, not the key")
    return key


class _Counted:
    """Makes vectors, and counts the texts that got none."""

    def __init__(self, embed: Embed) -> None:
        self._embed = embed
        self._texts = self._without = 0

    def __call__(self, texts: Sequence[str]) -> Floats:
        found = self._embed(texts)
        self._texts += len(found)
        self._without += len(found) - int(found.any(axis=1).sum())
        return found

    def tell(self, name: str, tell: Tell) -> None:
        if self._without:
            tell(
                f"filter: {name} cannot read {self._without:,} of {self._texts:,} texts: nothing is compared with them"
            )


_EXAMPLES = "say --embed openai/MODEL (any server with /v1/embeddings) or --embed static/FOLDER"
