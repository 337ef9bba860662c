"""Prompts that a run writes more than once: from few seeds, the same examples are drawn again and again.

The rule: asked again, the same words are another purchase and get another answer; else every call that draws the same
examples would share the first one's, and a run from three seeds would soon run dry.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from instgen.records import Prompt, content_hash


class Repeats:
    """How often each prompt was written; to be asked in the order of the flows, so that the same run numbers alike."""

    def __init__(self) -> None:
        """None was yet."""
        self._times: Counter[str] = Counter()

    def numbered(self, prompt: Prompt) -> Prompt:
        """The prompt, with the number of its earlier times as its sample number."""
        words = content_hash(prompt.text, *(message.content for message in prompt.messages))
        before = self._times[words]
        self._times[words] += 1
        return replace(prompt, sample=before) if before else prompt
