"""The phrases that rules look for, in nine languages: data files under `words/`, one a language.

A file has sections. `[name]` holds regular expressions, one a line, over folded text (lower case, NFKC, straight
apostrophes); a space in one is any white space. `[name words]` holds plain words, one of which every phrase of that
section contains: where none occurs, no expression is tried. A line `<word> = …` names a part that later lines of the
file use as `<word>`; a line that begins with `#` is a comment.

A phrase begins and ends where a word does, in scripts that divide words. No expression has nested repetition without
a bound, so matching takes linear time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

from instgen.text.scripts import UNSPACED
from instgen.text.tokens import fold

LANGUAGES = ("en", "es", "fr", "de", "ru", "zh", "ja", "ko", "ar")

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
        elif line and not line.startswith("#"):
            filled = _PART.sub(lambda part: parts.get(part[1], part[0]), line)
            if definition := _DEFINITION.fullmatch(line):
                parts[definition[1]] = _PART.sub(lambda part: parts[part[1]], definition[2])
            else:
                current.append(filled)
    return {name: Section(tuple(lines.get((name, True), ())), tuple(lines.get((name, False), ()))) for name, _ in lines}


def section(language: str, name: str) -> Section:
    """One section of a language's file; an empty one where the file has none."""
    return read(language).get(name, Section())


def plain(text: str) -> str:
    """The text as phrases see it: folded, with straight apostrophes."""
    return fold(text).replace("\u2019", "'")


def _either(phrases: tuple[str, ...]) -> str:
    return "|".join(f"(?:{phrase})" for phrase in phrases).replace(" ", r"\s+")


@cache
def _searching(language: str, name: str) -> re.Pattern[str]:
    """Any phrase of the section, not inside a longer word; Korean words take endings, so they end anywhere."""
    phrases = _either(section(language, name).phrases)
    after = "" if language in {"zh", "ja", "ko"} else f"(?!{_EDGE})"
    before = "" if language in {"zh", "ja"} else f"(?<!{_EDGE})"
    return re.compile(f"{before}(?:{phrases}){after}")


@cache
def _opening(name: str) -> re.Pattern[str]:
    """Any language's phrase of the section."""
    return re.compile(_either(tuple(phrase for code in LANGUAGES for phrase in section(code, name).phrases)))


@cache
def _words(name: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The languages that have phrases in a section, with the words to look for first."""
    found = ((code, section(code, name)) for code in LANGUAGES)
    return tuple((code, here.words) for code, here in found if here.phrases)


def search(name: str, folded: str) -> re.Match[str] | None:
    """The first phrase of the section in a folded text, whatever its language."""
    for language, words in _words(name):
        if not words or any(word in folded for word in words):
            match = _searching(language, name).search(folded)
            if match:
                return match
    return None


def opens(name: str, folded: str) -> re.Match[str] | None:
    """The phrase of the section that a folded text begins with, whatever its language."""
    return _opening(name).match(folded)


@cache
def spellings(name: str) -> frozenset[str]:
    """All lines of a section in all languages, as they are."""
    return frozenset(line for code in LANGUAGES for line in section(code, name).phrases)
