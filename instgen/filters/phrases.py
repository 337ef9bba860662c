"""The phrases that rules look for, in nine languages: data files under `words/`, one a language.

A file has sections. `[name]` holds regular expressions, one a line, over folded text (lower case, NFKC, straight
apostrophes); a space in one is any white space. `[name words]` holds plain words, or beginnings of words, one of which
every phrase of that section contains: where none occurs, no expression is tried or even compiled. In such a word `_`
stands for the edge of a word. A line `<word> = …` names a part that later lines of the file use as `<word>`; a line
that begins with `# ` is a comment.

A phrase begins and ends where a word does, in scripts that divide words. No expression has nested repetition without
a bound, so matching takes linear time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

from instgen.filters.automaton import Automaton
from instgen.text.scripts import UNSPACED
from instgen.text.tokens import fold

LATIN = ("en", "es", "fr", "de")
LANGUAGES = (*LATIN, "ru", "zh", "ja", "ko", "ar")

MARK = "\x1e"
"""What stands between texts that are read together: an edge for words."""

_PART = re.compile(r"<([a-z]+)>")
_DEFINITION = re.compile(r"<([a-z]+)> = (.+)")
_HEADING = re.compile(r"\[([a-z-]+)( words)?\]")
_EDGE = f"[^\\W_{UNSPACED}]"


@dataclass(frozen=True, slots=True)
class Section:
    """What one language has to say under one heading."""

    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()


@cache
def read(language: str) -> dict[str, Section]:
    """The sections of a language's file."""
    text = resources.files(__package__).joinpath("words", f"{language}.txt").read_text("utf-8")
    parts: dict[str, str] = {}
    lines: dict[tuple[str, bool], list[str]] = {}
    current: list[str] = []
    for line in text.splitlines():
        if heading := _HEADING.fullmatch(line):
            current = lines.setdefault((heading[1], bool(heading[2])), [])
        elif line and not line.startswith("# "):
            filled = _PART.sub(lambda part: parts.get(part[1], part[0]), line)
            if definition := _DEFINITION.fullmatch(line):
                parts[definition[1]] = _PART.sub(lambda part: parts[part[1]], definition[2])
            else:
                current.append(filled)
    return {name: Section(tuple(lines.get((name, True), ())), tuple(lines.get((name, False), ()))) for name, _ in lines}


def section(language: str, name: str) -> Section:
    """One section of a language's file; an empty one where the file has none."""
    return read(language).get(name, Section())


@lru_cache(maxsize=8)
def plain(text: str) -> str:
    """The text as phrases see it: folded, with straight apostrophes. Remembered, as many rules read the same text."""
    return fold(text).replace("\u2019", "'")


def _either(phrases: tuple[str, ...]) -> str:
    return "|".join(f"(?:{phrase})" for phrase in phrases).replace(" ?", r"\s*").replace(" ", r"\s+")


@cache
def _searching(language: str, name: str) -> re.Pattern[str]:
    """Any phrase of the section, not inside a longer word; Korean words take endings, so they end anywhere."""
    phrases = _either(section(language, name).phrases)
    after = "" if language in {"zh", "ja", "ko"} else f"(?!{_EDGE})"
    before = "" if language in {"zh", "ja"} else f"(?<!{_EDGE})"
    return re.compile(f"{before}(?:{phrases}){after}")


@cache
def _opening(language: str, name: str) -> re.Pattern[str]:
    """Any phrase of the section, to stand at the beginning of a text."""
    return re.compile(_either(section(language, name).phrases))


def _as_expression(word: str) -> str:
    """A word of a `[name words]` section for the automaton, in which an apostrophe divides as a space does."""
    divided = r"[\s']+".join(map(re.escape, re.split("[_']", word.strip("_"))))
    begins, ends = rf"(?:^|[\s'{MARK}])" * word.startswith("_"), rf"(?:[\s'{MARK}]|$)" * word.endswith("_")
    return begins + divided + ends


def _words(name: str, language: str, ascii_only: bool) -> list[str]:
    """The words of a language's section, as expressions; for an ASCII text those that can occur in it."""
    words = section(language, name).words
    return [_as_expression(word) for word in words if word.isascii() or not ascii_only]


def any_word(name: str, ascii_only: bool) -> str:
    """An expression for any word of a section in any language, for the automaton: without one, no phrase is there."""
    languages = LATIN if ascii_only else LANGUAGES
    return "|".join(dict.fromkeys(word for code in languages for word in _words(name, code, ascii_only)))


@cache
def _divider(name: str, ascii_only: bool) -> Automaton[str]:
    """Tells the languages of whose words in a section a text has one."""
    languages = LATIN if ascii_only else LANGUAGES
    return Automaton((code, "|".join(words)) for code in languages if (words := _words(name, code, ascii_only)))


def _languages(name: str, folded: str) -> list[str]:
    """The languages of whose phrases in the section the text has a word."""
    return sorted(_divider(name, folded.isascii()).seen(folded), key=LANGUAGES.index)


def search(name: str, folded: str) -> re.Match[str] | None:
    """The first phrase of the section in a folded text, whatever its language."""
    for language in _languages(name, folded):
        match = _searching(language, name).search(folded)
        if match:
            return match
    return None


def opens(name: str, folded: str) -> re.Match[str] | None:
    """The phrase of the section that a folded text begins with, whatever its language."""
    for language in _languages(name, folded):
        match = _opening(language, name).match(folded)
        if match:
            return match
    return None


@cache
def spellings(name: str) -> frozenset[str]:
    """All lines of a section in all languages, as they are."""
    return frozenset(line for code in LANGUAGES for line in section(code, name).phrases)
