"""Prompts that a run writes more than once: from few seeds, the same examples are drawn again and again.

The rule: the same words, asked again, are another purchase and get another answer. If all calls that draw the same
examples shared one answer, a run from three seeds would soon run dry.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from instgen.records import Prompt, content_hash


class Repeats:
    """How often each prompt was written; to be asked in the order of the flows, so that every run counts alike."""

    def __init__(self) -> None:
        """Begin with none."""
        self._times: Counter[str] = Counter()

    def numbered(self, prompt: Prompt) -> Prompt:
        """The prompt; its sample number is how often it was written before."""
        words = content_hash(prompt.text, *(message.content for message in prompt.messages))
        before = self._times[words]
        self._times[words] += 1
        return replace(prompt, sample=before) if before else prompt
