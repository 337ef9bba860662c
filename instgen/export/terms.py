"""What is known of the terms under which teachers' answers may be used, with the date of that knowledge.

Facts in our own words, to be checked where they matter: terms change, and none of this is legal advice. What is not in
the table is unknown, and the card says so. The first pattern that fits a teacher's name is meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Terms:
    """One provider's or model family's terms."""

    pattern: str
    """Of the teacher's name, `provider/model`, in lower case."""
    under: str
    """The name of the terms."""
    says: str
    as_of: str
    """The date of the terms, or when they were read."""


TERMS = (
    Terms(
        r"scripted/",
        "no model",
        "the answers come from a file or a rule; whoever wrote that owns them",
        "2026-11",
    ),
    Terms(
        r".*smollm",
        "Apache-2.0",
        "no condition on what is done with the model's answers",
        "2026-11",
    ),
    Terms(
        r".*(?<![a-z])llama-?(?:2|3(?!\.\d|[-_][123][-_:]))",
        "Llama 2 or Llama 3 Community License",
        "answers may not be used to improve any other large language model than Llama",
        "licence of 2024-04-18, and of 2023-07-18 for Llama 2",
    ),
    Terms(
        r".*(?<![a-z])llama-?[34]",
        "Llama 3.1 Community License or later",
        "answers may train other models, whose names must then begin with `Llama` where they are given away",
        "licence of 2024-07-23",
    ),
    Terms(
        r".*gemma-?[123]",
        "Gemma Terms of Use",
        "the answers themselves are free of them; a model that is trained on them to perform like Gemma counts as a "
        "derivative and inherits the terms",
        "read 2026-11, from copies of 2024 and 2025",
    ),
    Terms(
        r"anthropic/|.*claude",
        "Anthropic Commercial Terms of Service",
        "customers own the answers, but may not use the service to build competing products or train competing models",
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
        "users own the answers, but may not use them to develop models that compete with OpenAI",
        "terms of 2024-01-31; still so in records of 2026",
    ),
    Terms(
        r".*gpt-oss",
        "Apache-2.0",
        "no condition on what is done with the model's answers",
        "licence of 2025-08-05",
    ),
)


def terms_of(teacher: str) -> Terms | None:
    """What is known of a teacher's terms; None for unknown."""
    return next((terms for terms in TERMS if re.match(terms.pattern, teacher.lower())), None)
