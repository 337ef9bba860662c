"""Numbering of repeated prompts: with few seeds, a run draws the same examples again and again.

The rule: a repeated prompt is sent as a new sample and gets a new completion. If all calls with the same examples
shared one completion, a run from three seeds would soon yield nothing new.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from instgen.records import Prompt, content_hash


class Repeats:
    """Counts how often each prompt occurs; must be called in the order of the flows, so that every run counts alike."""

    def __init__(self) -> None:
        """Start with no prompts."""
        self._times: Counter[str] = Counter()

    def numbered(self, prompt: Prompt) -> Prompt:
        """The prompt, with the number of earlier occurrences of its text as its sample number."""
        words = content_hash(prompt.text, *(message.content for message in prompt.messages))
        before = self._times[words]
        self._times[words] += 1
        return replace(prompt, sample=before) if before else prompt
