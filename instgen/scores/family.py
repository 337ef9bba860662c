"""The model family of a teacher: judges prefer answers from their own family (Zheng et al. 2023, section 3.3)."""

from __future__ import annotations

import re
from types import MappingProxyType

_ALIASES = MappingProxyType(
    {"o": "gpt", "chatgpt": "gpt", "davinci": "gpt", "codex": "gpt", "text": "gpt", "qwq": "qwen", "codellama": "llama",
     "mixtral": "mistral", "ministral": "mistral", "codestral": "mistral", "magistral": "mistral", "gemma": "gemini"}
)  # fmt: skip
_WORD = re.compile(r"(?:meta[-_])?([a-z]+)")


def family_of(teacher: str) -> str:
    """The family in a name such as `openai/gpt-5-mini`, `local/SmolLM2-135M.gguf` or `openai/Qwen/Qwen3-8B`.

    A scripted teacher, or a name in which no model name is found, is a family of its own.
    """
    provider, _, model = teacher.partition("/")
    if provider == "scripted":
        return teacher
    found = _WORD.match(model.rpartition("/")[2].casefold())
    return _ALIASES.get(found[1], found[1]) if found else teacher


def same_family(one: str, other: str) -> bool:
    """Whether two teachers belong to the same family, judging by their names; False if either name is empty."""
    return bool(one) and bool(other) and family_of(one) == family_of(other)
