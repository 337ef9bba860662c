"""Rows in a language that was not asked for, answers in another language than their task, and shares of languages.

The rule: only what can be told for sure counts. A text that is short, code or doubtful is in no language, and a row is
never left out for it. Where an instruction speaks of translating or names a language, or quotes Latin words in another
script, its answer may be in any; in the first case only its own first words, up to a colon or the end of the line, say
what it is written in.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from hashlib import blake2b
from importlib import resources

from instgen.errors import UsageError
from instgen.filters.rule import excerpt
from instgen.records import Record, Verdict
from instgen.text.language import Guess, known, language, letters
from instgen.text.scripts import WEIGHTY
from instgen.text.tokens import fold

LONG = 40
"""Letters from which on two texts are held against each other; ours."""
SURE = 0.9
"""How sure their languages must be; ours."""
_LEAST_SHARE = 0.01
"""Share of the rows below which a language does not count among those to be made equal; ours."""
_QUOTED = re.compile(r"[“\"‘「『《][^”\"’」』》\n]*[A-Za-z]{3}")
_HEAD = re.compile(r"[^:：\n]*")
_KIN = ({"da", "no", "sv"}, {"bs", "hr", "sr", "sl"}, {"id", "ms", "jv"}, {"cs", "sk"}, {"gl", "pt", "es", "an", "ca"})
"""Languages that short texts are taken for one another in: a difference within one of these is none."""


class Language:
    """Leaves only rows whose instruction and whose output are in a wanted language."""

    name = "lang"

    def __init__(self, wanted: Collection[str]) -> None:
        """Take the codes of the wanted languages.

        Raises:
            UsageError: there is no such language, or none is wanted.
        """
        self._wanted = frozenset(wanted)
        if not self._wanted:
            raise UsageError("no language is wanted: name one")
        _check(self._wanted)

    def judge(self, records: Sequence[Record]) -> list[Verdict | None]:
        """A verdict for each record with an instruction or an output in another language."""
        return [self._judge(record) for record in records]

    def _judge(self, record: Record) -> Verdict | None:
        texts = [record.instruction]
        if not _leaves_open(record.instruction):
            texts.append(record.output)
        for text, guess in zip(texts, (_asked_in(record), *map(language, texts[1:])), strict=True):
            if guess and guess.code not in self._wanted:
                return Verdict("wrong-language", self.name, guess.code, evidence=excerpt(text))
        return None


class OutputLanguage:
    """Leaves out rows whose output is surely in another language than their instruction, which did not ask for it."""

    name = "output-language"

    def judge(self, records: Sequence[Record]) -> list[Verdict | None]:
        """A verdict for each record with an output in another language than asked."""
        return [self._judge(record) for record in records]

    def _judge(self, record: Record) -> Verdict | None:
        if _leaves_open(record.instruction):
            return None
        asked, said = (_surely(text) for text in (record.instruction, record.output))
        if not asked or not said or _alike(asked, said):
            return None
        given = language(record.input)
        if given and given.code == said.code:
            return None
        return Verdict("language-mismatch", self.name, said.code, asked.code, excerpt(record.output))


class BalanceLanguages:
    """Leaves as many rows of each language as there are of the one with the fewest.

    That one is the rarest of the wanted languages that occur at all or, where none is wanted, of those that at least
    1 % of the rows are in. Which rows stay is drawn by the hash of their ids: the same ones whatever their order.
    A row whose language cannot be told stays and is not counted.

    Memory: about 100 bytes a row.
    """

    name = "balance-lang"

    def __init__(self, wanted: Collection[str] = ()) -> None:
        """Take the codes of the languages to level by, if not by all.

        Raises:
            UsageError: there is no such language.
        """
        self._wanted = frozenset(wanted)
        if self._wanted:
            _check(self._wanted)
        self._rows: defaultdict[str, list[tuple[bytes, int]]] = defaultdict(list)

    def add(self, position: int, record: Record) -> None:
        """Take note of a row."""
        guess = _asked_in(record) or language(record.output)
        if guess:
            digest = blake2b(record.id.encode("utf-8", "surrogatepass"), digest_size=8).digest()
            self._rows[guess.code].append((digest, position))

    def rejected(self) -> Mapping[int, Verdict]:
        """The rows that are one too many, by position."""
        counts = Counter({code: len(rows) for code, rows in self._rows.items()})
        least = _LEAST_SHARE * counts.total()
        level = [count for code, count in counts.items() if (code in self._wanted if self._wanted else count >= least)]
        most = min(level, default=counts.total())
        return {
            position: Verdict("language-share", self.name, counts[code], most, code)
            for code, rows in self._rows.items()
            for _, position in sorted(rows)[most:]
        }


def speaks_of_language(instruction: str) -> bool:
    """Whether an instruction speaks of translating, of languages or of one of them by name."""
    return bool(_named().search(fold(instruction)))


def _leaves_open(instruction: str) -> bool:
    """Whether an instruction may well want an answer in another language than its own."""
    if speaks_of_language(instruction):
        return True
    latin = sum(1 for char in instruction if char.isascii() and char.isalpha())
    return 2 * latin < letters(instruction) and bool(_QUOTED.search(instruction))


def _asked_in(record: Record) -> Guess | None:
    """The language that an instruction is written in."""
    text = record.instruction.lstrip()
    if speaks_of_language(text):
        head = _HEAD.match(text)
        text = head[0] if head else ""
    return language(text)


def _surely(text: str) -> Guess | None:
    guess = language(text) if letters(text) >= LONG else None
    return guess if guess and guess.probability >= SURE else None


def _alike(one: Guess, other: Guess) -> bool:
    return one.code == other.code or any({one.code, other.code} <= kin for kin in _KIN)


def _check(wanted: frozenset[str]) -> None:
    unknown = sorted(wanted - known())
    if unknown:
        raise UsageError(f"no language has the code {', '.join(unknown)}", f"known are {' '.join(sorted(known()))}")


@cache
def _named() -> re.Pattern[str]:
    text = resources.files(__package__).joinpath("words", "languages.txt").read_text("utf-8")
    words = {fold(word) for line in text.splitlines() if not line.startswith("# ") for word in line.split()}
    anywhere = {word for word in words if re.match(f"[{WEIGHTY}]", word)}
    return re.compile(rf"\b(?:{_either(words - anywhere)})|{_either(anywhere)}")


def _either(words: Collection[str]) -> str:
    return "|".join(map(re.escape, sorted(words)))
