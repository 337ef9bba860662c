"""The terms under which teachers' output may be used, as far as known, with the date of that knowledge.

The rule: a teacher that is not in the table has unknown terms, and the card says so. The terms are summarized in our
own words; they may have changed, and none of this is legal advice. The first pattern that matches a teacher's name
applies.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one provider or model family."""

    pattern: str
    """Regular expression for the start of the teacher's name, `provider/model`, in lower case."""
    name: str
    """The name of the terms."""
    summary: str
    """What they say about the use of output."""
    as_of: str
    """The date of the terms, or the date on which they were read."""


TERMS = (
    Terms(
        r"scripted/",
        "no model",
        "the answers come from a file or a rule and belong to its author",
        "2026-11",
    ),
    Terms(
        r".*smollm",
        "Apache-2.0",
        "no restriction on the use of the model's output",
        "2026-11",
    ),
    Terms(
        r".*(?<![a-z])llama-?(?:2|3(?!\.\d|[-_][123][-_:]))",
        "Llama 2 or Llama 3 Community License",
        "output may not be used to improve any large language model other than Llama",
        "license of 2024-04-18, and of 2023-07-18 for Llama 2",
    ),
    Terms(
        r".*(?<![a-z])llama-?[34]",
        "Llama 3.1 Community License or later",
        "output may be used to train other models; if distributed, their names must begin with `Llama`",
        "license of 2024-07-23",
    ),
    Terms(
        r".*gemma-?[123]",
        "Gemma Terms of Use",
        "they do not cover the output itself; a model trained on it to perform like Gemma counts as a derivative and "
        "is subject to them",
        "read 2026-11, from copies of 2024 and 2025",
    ),
    Terms(
        r"anthropic/|.*claude",
        "Anthropic Commercial Terms of Service",
        "customers own the output, but may not use the service to build competing products or train competing models",
        "read 2026-11, from records of 2026",
    ),
    Terms(
        r"gemini/|.*gemini",
        "Gemini API Additional Terms of Service",
        "the service may not be used to develop models that compete with it",
        "terms of 2025-05-20",
    ),
    Terms(
        r"openai/(?:gpt-(?!oss)|o[1-9]|chatgpt)",
        "OpenAI Terms of Use",
        "users own the output, but may not use it to develop models that compete with OpenAI",
        "terms of 2024-01-31; the same in records of 2026",
    ),
    Terms(
        r".*gpt-oss",
        "Apache-2.0",
        "no restriction on the use of the model's output",
        "license of 2025-08-05",
    ),
)


def terms_of(teacher: str) -> Terms | None:
    """The terms of a teacher's output; None if unknown."""
    return next((terms for terms in TERMS if re.match(terms.pattern, teacher.lower())), None)
