"""Degenerate repetition: the loops that small models fall into, told from repetition that a text is meant to have.

Three signs, none of which a list, a table, a program, a refrain or a laugh gives:

- the text ends by saying the same words over and over: a cycle of at most 60 tokens that comes six times in a row
  and goes on for 20 tokens or more;
- one sentence or line of four words or more comes three times or more, and such returns are half of the text;
- most of a long text lies in ten-token sequences that it has said before.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from instgen.text.tokens import tokens, words

_LONGEST_CYCLE = 60
_LEAST_TAIL = 20
_LEAST_TURNS = 6
"""Of the first sign: tokens of a cycle at most, tokens of the end that it makes up and its turns at least; all ours."""
_LEAST_RETURNS = 3
_LEAST_WORDS = 4
"""Of the second: how often a sentence comes, and its words."""
_GRAM = 10
_LONG = 100
"""Of the third: tokens of a sequence, and of a long text."""
_LEAST_SHARE = 0.5
"""Of a text that returns or lies in such sequences."""
_END = 4000
"""Characters in which a cycle has all its turns."""
_FEW = 3
"""Fewer of eight samples than that repeat only where repetition is a small part of the text."""

_SENTENCE_END = re.compile(r"[.!?。！？؟।…\n]+")


@dataclass(frozen=True, slots=True)
class Loop:
    """A stretch of text that comes again and again, and which share of the text that is."""

    share: float
    excerpt: str


def loop(text: str) -> Loop | None:
    """The loop that a text is caught in, if it is. Only text that repeats itself to the letter is looked at closely."""
    repeats = _repeating_samples(text.rstrip())
    if not any(repeats):
        return None
    if repeats[-1] and _tail(tokens(text[-_END:])):
        return _tail(tokens(text))
    if sum(repeats) < _FEW:
        return None
    return _returning_sentence(text) or _returning_grams(tokens(text))


def _repeating_samples(text: str) -> list[bool]:
    """For up to eight samples of a text, the last one at its very end, whether each stands earlier in it too."""
    size, shortest = (16, 60) if text.isascii() else (10, 20)
    if len(text) < shortest:
        return []
    last = len(text) - size
    places = range(last, 0, -max(1, last // 7))
    return [text.find(text[place : place + size]) < place for place in reversed(places)]


def _tail(found: list[str]) -> Loop | None:
    """A cycle that runs to the very end: its last turn may be cut off. Cycles of numbers alone are data."""
    if len(found) < _LEAST_TAIL:
        return None
    for turn in range(1, min(_LONGEST_CYCLE, len(found) // _LEAST_TURNS) + 1):
        if found[-1] != found[-1 - turn]:
            continue
        least = max(_LEAST_TAIL, (_LEAST_TURNS - 1) * turn)
        if found[-least:] == found[-least - turn : -turn]:
            cycle = found[-turn:]
            if any(not token.isdecimal() for token in cycle):
                return Loop(_run(found, turn) / len(found), " ".join(cycle))
    return None


def _run(found: list[str], turn: int) -> int:
    """How many tokens at the end repeat the one a turn before."""
    run = 0
    while run + turn < len(found) and found[-1 - run] == found[-1 - run - turn]:
        run += 1
    return run


def _returning_sentence(text: str) -> Loop | None:
    """A sentence or line that comes three times, where sentences that came before fill half of the text."""
    sentences = [sentence for part in _SENTENCE_END.split(text) if (sentence := part.strip())]
    times = Counter(sentences)
    if len(times) == len(sentences):
        return None
    often, most = max(times.items(), key=lambda item: (item[1] * (words(item[0]) >= _LEAST_WORDS), len(item[0])))
    returned = sum(len(sentence) * (count - 1) for sentence, count in times.items() if words(sentence) >= _LEAST_WORDS)
    share = returned / sum(map(len, sentences))
    return Loop(share, often) if most >= _LEAST_RETURNS and share >= _LEAST_SHARE else None


def _returning_grams(found: list[str]) -> Loop | None:
    """A long text, most of whose tokens lie in ten-token sequences that came before."""
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
