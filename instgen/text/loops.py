"""Degenerate repetition: the loops that small models fall into, as opposed to intended repetition.

Three signs, none of which a list, a table, a program, a refrain or laughter shows:

- the text ends in a cycle: at most 60 tokens that occur at least six times in a row and go on for at least 20 tokens;
- a sentence or line of at least four words occurs at least three times, and repeats of such sentences make up at least
  half of the text;
- at least half of a text of 100 tokens or more lies in ten-token sequences that occurred before.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from instgen.text.tokens import tokens, words

_LONGEST_CYCLE = 60
_LEAST_TAIL = 20
LEAST_REPETITIONS = 6
"""First sign: most tokens in a cycle, fewest tokens in the repeating end, fewest repetitions. All values are ours."""
_LEAST_RETURNS = 3
_LEAST_WORDS = 4
"""Second sign: fewest occurrences of a sentence, and fewest words in it."""
_GRAM = 10
_LONG = 100
"""Third sign: tokens in a sequence, and fewest tokens in the text."""
_LEAST_SHARE = 0.5
"""Second and third sign: smallest share of the text that must be repetition."""
END = 4000
"""Characters at the end of a text that are checked first for a cycle; long enough for all its repetitions."""
ASCII_SAMPLES, OTHER_SAMPLES = (60, 16), (20, 10)
"""For ASCII texts and for others: fewest characters of a text that can have a loop, and characters per sample. Ours."""
LEAST_SAMPLES = 3
"""If fewer of the eight samples repeat, repetition is too small a part of the text for the last two signs."""

_SENTENCE_END = re.compile(r"[.!?。！？؟।…\n]+")


@dataclass(frozen=True, slots=True)
class Loop:
    """A repeated stretch of text, and the share of the text that is repetition."""

    share: float
    excerpt: str


def loop(text: str) -> Loop | None:
    """The loop in a text, or None. Only text with verbatim repetition is examined closely."""
    repeats = _repeating_samples(text.rstrip())
    if not any(repeats):
        return None
    if repeats[-1] and _tail(tokens(text[-END:])):
        return _tail(tokens(text))
    if sum(repeats) < LEAST_SAMPLES:
        return None
    return _returning_sentence(text) or _returning_grams(tokens(text))


def _repeating_samples(text: str) -> list[bool]:
    """For up to eight samples of a text, the last one at its very end: whether each also occurs earlier in the text."""
    shortest, size = ASCII_SAMPLES if text.isascii() else OTHER_SAMPLES
    if len(text) < shortest:
        return []
    last = len(text) - size
    return [text.find(text[place : place + size]) < place for place in reversed(sample_places(last))]


def sample_places(last: int) -> range:
    """Where the up to eight samples of a text begin; the first one given is `last`, where the final sample begins."""
    return range(last, 0, -max(1, last // 7))


def _tail(found: list[str]) -> Loop | None:
    """A cycle that runs to the very end, where it may be cut off. A cycle of numbers only is data, not a loop."""
    if len(found) < _LEAST_TAIL:
        return None
    for period in range(1, min(_LONGEST_CYCLE, len(found) // LEAST_REPETITIONS) + 1):
        if found[-1] != found[-1 - period]:
            continue
        least = max(_LEAST_TAIL, (LEAST_REPETITIONS - 1) * period)
        if found[-least:] == found[-least - period : -period]:
            cycle = found[-period:]
            if any(not token.isdecimal() for token in cycle):
                return Loop(_run(found, period) / len(found), " ".join(cycle))
    return None


def _run(found: list[str], period: int) -> int:
    """The number of tokens at the end that equal the token one cycle before them."""
    run = 0
    while run + period < len(found) and found[-1 - run] == found[-1 - run - period]:
        run += 1
    return run


def _returning_sentence(text: str) -> Loop | None:
    """The second sign: the most frequent sentence or line, if repeats of it and of others make up half of the text."""
    sentences = [sentence for part in _SENTENCE_END.split(text) if (sentence := part.strip())]
    times = Counter(sentences)
    if len(times) == len(sentences):
        return None
    often, most = max(times.items(), key=lambda item: (item[1] * (words(item[0]) >= _LEAST_WORDS), len(item[0])))
    returned = sum(len(sentence) * (count - 1) for sentence, count in times.items() if words(sentence) >= _LEAST_WORDS)
    share = returned / sum(map(len, sentences))
    return Loop(share, often) if most >= _LEAST_RETURNS and share >= _LEAST_SHARE else None


def _returning_grams(found: list[str]) -> Loop | None:
    """The third sign: the first repeated sequence, if half of a long text lies in sequences that occurred before."""
    if len(found) < _LONG:
        return None
    seen: set[tuple[str, ...]] = set()
    covered, last, excerpt = 0, 0, ""
    for start, gram in enumerate(zip(*(found[shift:] for shift in range(_GRAM)), strict=False)):
        if gram not in seen:
            seen.add(gram)
            continue
        covered += min(_GRAM, start + _GRAM - last)
        last, excerpt = start + _GRAM, excerpt or " ".join(gram)
    share = covered / len(found)
    return Loop(share, excerpt) if share >= _LEAST_SHARE else None
