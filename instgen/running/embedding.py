"""Opens the embedding model: `--embed openai/MODEL` behind an endpoint, or `--embed static/FOLDER` in this process.

The rule: paid embeddings are journaled before the model is closed, however the run ends. Texts without a vector, which
are compared with nothing, are counted and reported.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from instgen.errors import UsageError
from instgen.running.filter_options import Dedupe, FilterOptions
from instgen.running.keys import api_key
from instgen.running.options import Asking, Writing

if TYPE_CHECKING:
    from instgen.filters.semantic import Embed, Floats

Tell = Callable[[str], None]

PROVIDERS = ("openai", "static")
ENDPOINTS_ONLY = ("embed_url", "embed_key_env", "journal", "no_journal")
"""Options that apply only to a model behind an endpoint."""


@contextlib.contextmanager
def opened(asked: FilterOptions, writing: Writing, tell: Tell) -> Iterator[Embed | None]:
    """The function that embeds texts; None if the options need no vectors.

    Args:
        asked: the options, which name the model.
        writing: whether to be quiet.
        tell: called at the end with lines for the user: what the model was sent, and how many texts got no vector.

    Raises:
        UsageError: no model is named, or it is unknown.
        MissingPiece: the extra is not installed.
        InputError: the folder does not contain a model.
    """
    provider, _, model = (asked.embed or "").partition("/")
    for option in ENDPOINTS_ONLY:
        if provider != "openai" and option in asked.explicit.flags:
            raise UsageError(f"--{option.replace('_', '-')} applies only to a model with an address", _EXAMPLES)
    if Dedupe.SEMANTIC not in asked.methods:
        yield None
        return
    if provider not in PROVIDERS:
        raise UsageError(
            f"--embed {asked.embed}: unknown model" if asked.embed else "--dedupe semantic needs a model", _EXAMPLES
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

    from instgen.running.journal import open_journal
    from instgen.running.purchases import Purchases
    from instgen.running.run import loop_factory
    from instgen.teachers.embed import open_endpoint
    from instgen.teachers.teacher import Settings

    urls = (asked.embed_url,) if asked.embed_url else ()
    key = api_key(asked.embed_key_env, None, "--embed-key-env")
    settings = Settings(base_urls=urls, api_key=key, tell=tell)
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
                        f"filter: {model.name}: {model.asked:,} texts sent ({model.tokens:,} tokens), "
                        f"{model.replayed:,} from the journal"
                    )


class _Counted:
    """Embeds texts, and counts those that got no vector (all zeros)."""

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
            tell(f"filter: {name} cannot read {self._without:,} of {self._texts:,} texts, so they were not compared")


_EXAMPLES = "use --embed openai/MODEL (any server with /v1/embeddings) or --embed static/FOLDER"
