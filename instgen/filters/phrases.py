"""The phrases that rules look for, in nine languages: data files under `words/`, one per language.

A file has sections. `[name]` contains regular expressions, one per line, for folded text (lower case, NFKC, straight
apostrophes); a space in one matches any white space. `[name words]` contains plain words or beginnings of words, at
least one of which occurs in every phrase of that section: in a text without any of them, no expression is tried or even
compiled. In such a word, `_` stands for a word boundary. A line `<word> = …` defines a part that later lines of the
file use as `<word>`; a line that begins with `# ` is a comment.

In scripts that separate words, a phrase begins and ends at a word boundary. No expression has unbounded nested
repetition, so matching takes linear time.
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
"""Separates texts that are matched together; it counts as a word boundary."""

_PART = re.compile(r"<([a-z]+)>")
_DEFINITION = re.compile(r"<([a-z]+)> = (.+)")
_HEADING = re.compile(r"\[([a-z-]+)( words)?\]")
_EDGE = f"[^\\W_{UNSPACED}]"


@dataclass(frozen=True, slots=True)
class Section:
    """One section of one language's file."""

    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()


@cache
def read(language: str) -> dict[str, Section]:
    """The sections of a language's file, by name."""
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
    """One section of a language's file; an empty one if the file does not have it."""
    return read(language).get(name, Section())


@lru_cache(maxsize=8)
def plain(text: str) -> str:
    """The text as phrases match it: folded, with straight apostrophes. Cached, as many rules read the same text."""
    return fold(text).replace("\u2019", "'")


def _either(phrases: tuple[str, ...]) -> str:
    return "|".join(f"(?:{phrase})" for phrase in phrases).replace(" ?", r"\s*").replace(" ", r"\s+")


@cache
def _anywhere(language: str, name: str) -> re.Pattern[str]:
    """Any phrase of the section, not within a longer word; Korean words take suffixes, so anything may follow there."""
    phrases = _either(section(language, name).phrases)
    after = "" if language in {"zh", "ja", "ko"} else f"(?!{_EDGE})"
    before = "" if language in {"zh", "ja"} else f"(?<!{_EDGE})"
    return re.compile(f"{before}(?:{phrases}){after}")


@cache
def _at_start(language: str, name: str) -> re.Pattern[str]:
    """Any phrase of the section, for matching at the beginning of a text."""
    return re.compile(_either(section(language, name).phrases))


def _as_expression(word: str) -> str:
    """A word of a `[name words]` section for the automaton; an apostrophe separates words as a space does."""
    divided = r"[\s']+".join(map(re.escape, re.split("[_']", word.strip("_"))))
    begins, ends = rf"(?:^|[\s'{MARK}])" * word.startswith("_"), rf"(?:[\s'{MARK}]|$)" * word.endswith("_")
    return begins + divided + ends


def _words(name: str, language: str, ascii_only: bool) -> list[str]:
    """The words of a language's section as expressions; for ASCII text, only the words that can occur in it."""
    words = section(language, name).words
    return [_as_expression(word) for word in words if word.isascii() or not ascii_only]


def any_word(name: str, ascii_only: bool) -> str:
    """An expression for the automaton: any word of a section in any language; without one, no phrase matches."""
    languages = LATIN if ascii_only else LANGUAGES
    return "|".join(dict.fromkeys(word for code in languages for word in _words(name, code, ascii_only)))


@cache
def _language_automaton(name: str, ascii_only: bool) -> Automaton[str]:
    """An automaton that gives the languages for which a text contains a word of the section."""
    languages = LATIN if ascii_only else LANGUAGES
    return Automaton((code, "|".join(words)) for code in languages if (words := _words(name, code, ascii_only)))


def _languages(name: str, folded: str) -> list[str]:
    """The languages whose phrases the text may contain, in the order of `LANGUAGES`."""
    return sorted(_language_automaton(name, folded.isascii()).seen(folded), key=LANGUAGES.index)


def search(name: str, folded: str) -> re.Match[str] | None:
    """The first phrase of the section in a folded text, in any language."""
    for language in _languages(name, folded):
        match = _anywhere(language, name).search(folded)
        if match:
            return match
    return None


def opens(name: str, folded: str) -> re.Match[str] | None:
    """The phrase of the section with which a folded text begins, in any language."""
    for language in _languages(name, folded):
        match = _at_start(language, name).match(folded)
        if match:
            return match
    return None


@cache
def spellings(name: str) -> frozenset[str]:
    """All lines of a section in all languages, as literal strings."""
    return frozenset(line for code in LANGUAGES for line in section(code, name).phrases)
