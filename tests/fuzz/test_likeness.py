"""What the indexes find is what comparing each text with each finds, in every script and at every threshold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from instgen.filters.contamination import Contamination, Method
from instgen.formats.items import Item
from instgen.records import Record
from instgen.text.batch import BatchIndex, serves
from instgen.text.greedy import Match
from instgen.text.minhash import NearIndex
from instgen.text.rouge import more_similar, rouge_l
from instgen.text.scripts import UNSPACED
from instgen.text.similarity import NoveltyIndex
from instgen.text.tokens import tokens
from tests.fuzz import inputs
from tests.fuzz.fuzzing import fuzzed
from tests.text.test_minhash import jaccard

WORDS = (
    ("write", "a", "poem", "About", "rain", "the", "sea", "x1"),
    ("写", "一", "首", "诗", "关", "于", "雨", "的"),
    ("かん", "た", "ん", "な", "詩", "を", "ー", "書"),
    ("시를", "써", "주세요", "비", "에", "대한", "하나", "더"),
    ("เขียน", "บท", "กวี", "ฝน", "ที่", "ไม่", "น้ำ", "ๆ"),
    ("اكتب", "قصيدة", "عن", "المطر", "في", "البحر", "٣", "و"),
    ("कविता", "लिखो", "बारिश", "के", "बारे", "में", "क़", "एक"),
    ("напиши", "стих", "о", "дожде", "Ё", "ё", "море", "и"),
    ("e\u0301t\u00e9", "ete", "I\u0307", "ſo", "Straße", "STRASSE", "ﬁn", "fin"),
    ("🙂", "👩\u200d👧", "½", "٣", "①", "$", "a_b", "\u200b"),
)
THRESHOLDS = (
    Fraction(3, 10),
    Fraction(2, 5),
    Fraction(1, 2),
    Fraction(7, 10),
    Fraction(3, 4),
    Fraction(9, 10),
    Fraction(1),
    Fraction(0),
)
METHODS: tuple[Method, ...] = ("both", "13-gram", "8-gram")
UNSPACED_LETTER = re.compile(f"[{UNSPACED}]")
# Letters a to h are words, | begins a row, < begins one with what the row before said, > takes its last word away.
rows_said = inputs.text("abcdefgh" * 2 + "|<<>", max_size=70)
whole_numbers = inputs.integers(0, 10_000)


def rows_of(said: str, script: int, spaces: str) -> list[str]:
    """The rows that letters stand for, in one script or two mixed."""
    rows: list[list[str]] = [[]]
    for place, letter in enumerate(said):
        if letter in "|<":
            rows.append(list(rows[-1]) if letter == "<" else [])
        elif letter == ">":
            rows[-1] = rows[-1][: place % (len(rows[-1]) + 1)] + rows[-1][place % (len(rows[-1]) + 1) + 1 :]
        else:
            words = WORDS[script % len(WORDS)] if script % 3 or place % 4 else WORDS[script % 7]
            rows[-1].append(words["abcdefgh".index(letter)])
    return [spaces.join(row) for row in rows]


def lcs(one: Sequence[str], other: Sequence[str]) -> int:
    """The length of the longest common subsequence, a row of the table at a time in the bits of one number."""
    places: dict[str, int] = {}
    for place, token in enumerate(one):
        places[token] = places.get(token, 0) | 1 << place
    full = (1 << len(one)) - 1
    row = full
    for token in other:
        here = row & places.get(token, 0)
        row = (row + here | row - here) & full
    return len(one) - row.bit_count()


def likeness(one: Sequence[str], other: Sequence[str]) -> Fraction:
    """ROUGE-L F; texts without tokens are the same."""
    total = len(one) + len(other)
    return Fraction(2 * lcs(one, other), total) if total else Fraction(1)


def nearest(text: str, kept: Sequence[list[str]], threshold: Fraction) -> tuple[int, Fraction] | None:
    """The first of the kept texts that are most like one, where that is more than the threshold."""
    own = tokens(text)
    likest = max((likeness(own, other) for other in kept), default=Fraction(0))
    if likest <= threshold:
        return None
    return next(number for number, other in enumerate(kept) if likeness(own, other) == likest), likest


def test_the_oracles_subsequence_is_the_textbooks() -> None:
    for one, other, length in (
        ("abcbdab", "bdcaba", 4),
        ("", "a", 0),
        ("aaaa", "aa", 2),
        ("abc", "cba", 1),
        ("xay", "bab", 1),
    ):
        assert lcs(one, other) == length


@fuzzed(said=rows_said, script=whole_numbers, how=inputs.integers(0, 99))
def test_the_novelty_indexes_find_what_comparing_all_finds(said: str, script: int, how: int) -> None:
    threshold = THRESHOLDS[how % len(THRESHOLDS)]
    rows = rows_of(said, script, " " if how % 3 else "")
    index = NoveltyIndex(threshold, whole=(1, 2, 1000)[how % 3])
    kept: list[list[str]] = []
    expected: list[Match | None] = []
    for row in rows:
        found = nearest(row, kept, threshold)
        expected.append(Match(found[0], float(found[1])) if found else None)
        near = index.nearest(row)
        assert (near is None) == (found is None)
        if near and found:
            assert (int(near.id), near.similarity) == (found[0], float(found[1]))
        else:
            index.add(str(len(kept)), row)
            kept.append(tokens(row))
    if serves(threshold):
        batch = BatchIndex(threshold)
        size = 1 + how % 5
        assert [each for at in range(0, len(rows), size) for each in batch.judge(rows[at : at + size])] == expected


@fuzzed(said=rows_said, script=whole_numbers)
def test_rouge_l_is_decided_exactly(said: str, script: int) -> None:
    rows = rows_of(said, script, " ")
    one, other = rows[0], rows[-1]
    exact = likeness(tokens(one), tokens(other))
    assert rouge_l(one, other) == (float(exact) if tokens(one) or tokens(other) else rouge_l("", ""))
    if tokens(one) and tokens(other):
        assert not more_similar(one, other, exact)
        assert not exact or more_similar(one, other, exact - Fraction(1, 10**9))


@fuzzed(said=rows_said, script=whole_numbers, how=inputs.integers(0, 99))
def test_what_is_called_a_near_duplicate_is_near_to_a_row_that_was_kept(said: str, script: int, how: int) -> None:
    rows = rows_of(said, script, " ")
    threshold = (0.5, 0.7, 0.9)[how % 3]
    kept: list[str] = []
    for row, match in zip(rows, NearIndex(threshold).judge(rows), strict=True):
        if match is None:
            assert all(tokens(row) != tokens(other) for other in kept)
            kept.append(row)
        else:
            assert match.similarity == jaccard(row, kept[match.row]) >= threshold


def contaminated(item: Sequence[str], row: Sequence[str], method: str, letters: bool) -> bool:
    """Whether a row holds an item, by looking at every run of it."""
    gram, run, least = (12, 20, 8) if letters else (8, 13, 5)
    if len(item) < least:
        return False
    short = len(item) < gram
    size = least if short else gram
    starts = [at for at in range(len(item) - size + 1) if _holds(row, item[at : at + size])]
    marked = {at + more for at in starts for more in range(size)}
    lengths = [
        n for n in range(size, len(item) + 1) if any(_holds(row, item[at : at + n]) for at in range(len(item) - n + 1))
    ]
    longest = max(lengths, default=0)
    covered = len(marked) == len(item) and longest == len(item) if short else 2 * len(marked) > len(item)
    ran = longest >= min(run, len(item))
    return (method != "13-gram" and covered) or (method != "8-gram" and ran)


def _holds(row: Sequence[str], part: Sequence[str]) -> bool:
    return any(row[at : at + len(part)] == part for at in range(len(row) - len(part) + 1))


@fuzzed(said=inputs.text("abcdefgh" + "<>", min_size=20, max_size=70), script=whole_numbers, how=inputs.integers(0, 99))
def test_a_row_is_contaminated_where_every_run_of_it_says_so(said: str, script: int, how: int) -> None:
    script %= 8
    spaces = "" if script in (1, 2) and how % 2 else " "
    middle = len(said) * (how % 10) // 10
    item, row = rows_of(said[:middle], script, spaces)[-1], rows_of(said, script, spaces)[-1]
    words = tokens(item)
    letters = 2 * sum(bool(UNSPACED_LETTER.match(word)) for word in words) > len(words)
    method = METHODS[how % len(METHODS)]
    check = Contamination([Item("b:1", item)], method)
    assert (check.judge([Record(row)])[0] is not None) == contaminated(words, tokens(row), method, letters)
