"""Filters by language: wanted languages, answers in the language of their task, equal shares of languages.

The rule: a language counts only if it is certain. A text that is short, code or doubtful has no language, and no row is
rejected because of it. If an instruction mentions translation or names a language, or quotes Latin words in another
script, its answer may be in any language; in the first case, the instruction's own language is taken from its beginning
only, up to a colon or the end of the line.
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
"""Fewest letters of two texts whose languages are compared; our choice."""
SURE = 0.9
"""Lowest probability of their languages; our choice."""
_LEAST_SHARE = 0.01
"""A language with a smaller share of the rows does not set the level for the others; our choice."""
_QUOTED = re.compile(r"[“\"‘「『《][^”\"’」』》\n]*[A-Za-z]{3}")
_HEAD = re.compile(r"[^:：\n]*")
_KIN = ({"da", "no", "sv"}, {"bs", "hr", "sr", "sl"}, {"id", "ms", "jv"}, {"cs", "sk"}, {"gl", "pt", "es", "an", "ca"})
"""Groups of languages that are confused in short texts: a difference within a group does not count."""


class Language:
    """Rejects rows whose instruction or output is in a language that is not wanted."""

    name = "lang"

    def __init__(self, wanted: Collection[str]) -> None:
        """Keep rows in the languages with these codes.

        Raises:
            UsageError: a code is unknown, or none is given.
        """
        self._wanted = frozenset(wanted)
        if not self._wanted:
            raise UsageError("no language is given: name at least one")
        _check(self._wanted)

    def judge(self, records: Sequence[Record]) -> list[Verdict | None]:
        """A verdict for each record with an instruction or an output in another language than the wanted ones."""
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
    """Rejects rows whose output is certainly in another language than their instruction, which did not ask for that."""

    name = "output-language"

    def judge(self, records: Sequence[Record]) -> list[Verdict | None]:
        """A verdict for each record with an output in another language than its instruction."""
        return [self._judge(record) for record in records]

    def _judge(self, record: Record) -> Verdict | None:
        if _leaves_open(record.instruction):
            return None
        asked, answered = (_certain(text) for text in (record.instruction, record.output))
        if not asked or not answered or _alike(asked, answered):
            return None
        given = language(record.input)
        if given and given.code == answered.code:
            return None
        return Verdict("language-mismatch", self.name, answered.code, asked.code, excerpt(record.output))


class BalanceLanguages:
    """Keeps at most as many rows of each language as the rarest one has.

    The rarest is chosen from the wanted languages that occur at all or, if none are given, from those with at least 1 %
    of the rows. Which rows are kept is decided by the hash of their ids, so it does not depend on their order. A row
    whose language cannot be determined is kept and not counted.

    Memory: about 100 bytes per row.
    """

    name = "balance-lang"

    def __init__(self, wanted: Collection[str] = ()) -> None:
        """Balance by the languages with these codes, or by all if there are none.

        Raises:
            UsageError: a code is unknown.
        """
        self._wanted = frozenset(wanted)
        if self._wanted:
            _check(self._wanted)
        self._rows: defaultdict[str, list[tuple[bytes, int]]] = defaultdict(list)

    def add(self, position: int, record: Record) -> None:
        """Add a row, identified by its position."""
        guess = _asked_in(record) or language(record.output)
        if guess:
            digest = blake2b(record.id.encode("utf-8", "surrogatepass"), digest_size=8).digest()
            self._rows[guess.code].append((digest, position))

    def rejected(self) -> Mapping[int, Verdict]:
        """The verdict against each surplus row, by position."""
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
    """Whether an instruction mentions translation or languages, or names a language."""
    return bool(_named().search(fold(instruction)))


def _leaves_open(instruction: str) -> bool:
    """Whether an instruction may call for an answer in another language than its own."""
    if speaks_of_language(instruction):
        return True
    latin = sum(1 for char in instruction if char.isascii() and char.isalpha())
    return 2 * latin < letters(instruction) and bool(_QUOTED.search(instruction))


def _asked_in(record: Record) -> Guess | None:
    """The language in which the instruction of a record is written."""
    text = record.instruction.lstrip()
    if speaks_of_language(text):
        head = _HEAD.match(text)
        text = head[0] if head else ""
    return language(text)


def _certain(text: str) -> Guess | None:
    guess = language(text) if letters(text) >= LONG else None
    return guess if guess and guess.probability >= SURE else None


def _alike(one: Guess, other: Guess) -> bool:
    return one.code == other.code or any({one.code, other.code} <= kin for kin in _KIN)


def _check(wanted: frozenset[str]) -> None:
    unknown = sorted(wanted - known())
    if unknown:
        raise UsageError(f"unknown language code: {', '.join(unknown)}", f"known codes: {' '.join(sorted(known()))}")


@cache
def _named() -> re.Pattern[str]:
    text = resources.files(__package__).joinpath("words", "languages.txt").read_text("utf-8")
    words = {fold(word) for line in text.splitlines() if not line.startswith("# ") for word in line.split()}
    anywhere = {word for word in words if re.match(f"[{WEIGHTY}]", word)}
    return re.compile(rf"\b(?:{_either(words - anywhere)})|{_either(anywhere)}")


def _either(words: Collection[str]) -> str:
    return "|".join(map(re.escape, sorted(words)))
