"""Extracts the verb and its object from an instruction: "write story" from "Please write a short story about rain".

The Self-Instruct paper (section 3.1, figure 3) takes both from a parse of the first sentence. Here they are found by
word lists and position, without a model: the verb of an imperative comes first in its clause, and its object is the
last word before the next preposition, relative pronoun or comma. Chinese and Japanese have rules of their own; for
other languages, the first two words are used.

The rule: no pair is better than a doubtful one. A question has none.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from instgen.text.scripts import HAN, HIRAGANA, KANA, KATAKANA

_SENTENCE = re.compile(r"(?<=[.!?。！？])\s|[。！？\n]")
_WORDS = re.compile(r"[a-z0-9][a-z0-9'’-]*|[,;:()\"“”.!?]")
_HAN = re.compile(f"[{HAN}]")
_KANA = re.compile(f"[{KANA}]")
_LATIN = re.compile(r"[^\W\d_]+")

_SINGULAR = {"people": "person", "children": "child", "men": "man", "women": "woman", "lives": "life", "wives": "wife"}

_HAN_LEADS = re.compile(
    r"^(?:请问|请你|请您|请|麻烦|帮我|帮忙|为我|替我|你|您|能否|能不能|可以|需要|我想|我要|我需要|现在|然后|并且|并)+"
)
_HAN_CLAUSE = re.compile(r"[，,：:；;（(“\"《]")
_HAN_MEASURE = re.compile(
    r"^(?:出|成|为)?(?:(?:[一二两三四五六七八九十\d]+|几|某|每|这|那)"
    r"(?:个|篇|首|段|句|条|种|些|封|份|则|张|组|道|项|位|本|部|幅|套|次|点|类|对|行|词|字)?)?"
)
_HAN_OBJECT_FIRST = re.compile(r"^(?:把|将|对)(.+)$")
_HAN_SCENE = re.compile(r"^(?:根据|基于|按照|按|通过|利用|使用|用|以|在|为|从|给定|给|对|把|将|向|礼貌地|你|您)")
"""Openings of a Chinese clause that precede its verb and say with what, for whom or where."""
_HAN_OBJECT_ENDS = re.compile(r"并且|并|以便|以及|以|来|使|是否|等|时")
_HAN_POINTERS = re.compile(r"^(?:下列|以下|下面|上述|给定|所给|如下|这个|这些|这段|这篇|该|此)的?")
_JA_OBJECT = re.compile(f"([{HAN}{KATAKANA}ーA-Za-z]+)を([{HAN}{KATAKANA}ー]+|[{HIRAGANA}]{{2}})")
_LONGEST_HAN_OBJECT = 4
_LONGEST_VERB = 2
"""Maximum characters of a Chinese noun and of a Chinese verb; our choice."""
_HEAD = 400
"""Characters of an instruction that are examined for its first two sentences."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A verb in its base form, and the head noun of its object in the singular."""

    verb: str
    noun: str


def pair_of(instruction: str) -> Pair | None:
    """The verb and object in an instruction's first two sentences (Chinese, Japanese: its first); None if not found."""
    text = instruction[:_HEAD].strip()
    if _KANA.search(text):
        return _japanese(text)
    if _HAN.search(text):
        return _chinese(text)
    sentences = [part.strip() for part in _SENTENCE.split(text)[:2] if part and part.strip()]
    found = [pair for sentence in sentences if (pair := _english(sentence.lower()))]
    meant = next((pair for pair in found if pair.verb not in english()["rarely meant"]), None)
    return meant or next(iter(found), None) or _opening(text)


def _english(sentence: str) -> Pair | None:
    """The first verb with an object; verbs that only set the scene ("suppose", "use") count if there is no other."""
    words = _WORDS.findall(sentence.replace("’", "'"))
    spare = None
    for at in _verbs_in(words):
        noun = _object_after(words, at)
        if noun and words[at] not in english()["rarely meant"]:
            return Pair(words[at], noun)
        if noun and spare is None:
            spare = Pair(words[at], noun)
    return spare


def _verbs_in(words: list[str]) -> list[int]:
    """Positions of possible imperative verbs: at the start of a clause, or after "to", "you" and the like."""
    places = []
    for at, word in enumerate(words):
        is_led = at == 0 or words[at - 1] in english()["leads"] or not words[at - 1][0].isalnum()
        if is_led and (word in english()["verbs"] or _looks_like_a_verb(words, at)):
            places.append(at)
    return places


def _looks_like_a_verb(words: list[str], at: int) -> bool:
    """Whether the first word is in no list but is followed by a determiner, as in "Concatenate the strings"."""
    if at or len(words) < 2 or words[1] not in english()["determiners"]:
        return False
    word = words[0]
    known_as_other = (
        word in english()["ends the object"] or word in english()["determiners"] or word in english()["leads"]
    )
    return word.isalpha() and not known_as_other and not word.endswith(("ing", "ed", "ly"))


def _object_after(words: list[str], at: int) -> str:
    """The head of the noun phrase after a verb: its last word before one that cannot belong to the phrase."""
    head = ""
    for place, word in enumerate(words[at + 1 :]):
        if not head and (
            word in english()["receivers"]
            or word in english()["particles"]
            or (word == "with" and words[at + place] == "up")
        ):
            continue
        if head == "" and (
            word in english()["determiners"] or word.isdigit() or word in english()["receivers"] or word in '"“”'
        ):
            continue
        if word in english()["ends the object"] or not word[0].isalnum():
            if word in {"and", "or", ","} and head and _is_adjective_before(words, at + 1 + place):
                continue
            break
        if head and word in english()["verbs"] and words[at + place] in {"to"}:
            break
        head = word
    return _noun(head)


def _is_adjective_before(words: list[str], at: int) -> bool:
    """Whether "and" or a comma joins adjectives, so that the noun phrase continues, as in "short, sad story"."""
    before = words[at - 1]
    return (
        before.endswith(("ive", "ous", "ful", "able", "ible", "al", "ic", "less", "ish"))
        or before in english()["no noun"]
    )


def _noun(head: str) -> str:
    word = head.removesuffix("'s").strip("'-")
    if (
        not word
        or word in english()["no noun"]
        or word in english()["determiners"]
        or not word[0].isalpha()
        or len(word) < 2
    ):
        return ""
    return singular(word)


def singular(noun: str) -> str:
    """The singular of an English noun, derived from its ending."""
    if noun in _SINGULAR:
        return _SINGULAR[noun]
    if noun in english()["ends in s"] or not noun.endswith("s") or noun.endswith(("ss", "us", "is")) or len(noun) < 4:
        return noun
    if noun.endswith("ies") and len(noun) > 4:
        return noun[:-3] + "y"
    if noun.endswith(("sses", "shes", "ches", "xes", "zes")):
        return noun[:-2]
    return noun[:-1]


def _chinese(text: str) -> Pair | None:
    """A verb at the start of a clause, or after an opening like 根据; its object follows, or precedes with 把, 将."""
    for clause in _HAN_CLAUSE.split(_SENTENCE.split(text)[0])[:4]:
        body = _HAN_LEADS.sub("", clause.strip())
        if body.startswith("给我") and (noun := _han_object(body[2:])):
            return Pair("给", noun)
        if (moved := _HAN_OBJECT_FIRST.match(body)) and (pair := _moved_object(moved[1])):
            return pair
        is_set = _HAN_SCENE.match(body) and not _verb_at(body, 0)
        places = range(1, len(body)) if is_set else range(1)
        for at in places:
            verb = _verb_at(body, at)
            if (len(verb) == _LONGEST_VERB or verb == "写" or (verb and at == 0)) and (
                noun := _han_object(body[at + len(verb) :])
            ):
                return Pair(verb, noun)
    return None


def _moved_object(rest: str) -> Pair | None:
    for at in range(1, len(rest)):
        verb = _verb_at(rest, at)
        if len(verb) == _LONGEST_VERB and (noun := _han_object(rest[:at])):
            return Pair(verb, noun)
    return None


def _verb_at(text: str, at: int) -> str:
    for length in range(_LONGEST_VERB, 0, -1):
        if text[at : at + length] in chinese()["verbs"]:
            return text[at : at + length]
    return ""


def _han_object(text: str) -> str:
    """The head of a Chinese noun phrase: the part after the last 的, without numerals and measure words."""
    phrase = _HAN_POINTERS.sub("", _HAN_MEASURE.sub("", _HAN_POINTERS.sub("", text.strip())))
    head = "".join(_HAN.findall(_HAN_OBJECT_ENDS.split(phrase, maxsplit=1)[0].rstrip("的").rsplit("的", 1)[-1]))
    return head if len(head) <= _LONGEST_HAN_OBJECT else head[-2:]


def _japanese(text: str) -> Pair | None:
    found = _JA_OBJECT.search(_SENTENCE.split(text)[0])
    return Pair(found[2], found[1][-_LONGEST_HAN_OBJECT:]) if found else None


def _opening(text: str) -> Pair | None:
    """The first two words, for languages without rules of their own; None if the text is ASCII."""
    words = _LATIN.findall(text.lower())
    return Pair(words[0], words[1]) if len(words) > 1 and not text.isascii() else None


@cache
def english() -> Mapping[str, frozenset[str]]:
    """The word lists for English, by name."""
    return _lists("en.txt")


@cache
def chinese() -> Mapping[str, frozenset[str]]:
    """The word lists for Chinese, by name."""
    return _lists("zh.txt")


def _lists(name: str) -> Mapping[str, frozenset[str]]:
    lists: dict[str, list[str]] = {}
    words: list[str] = []
    for line in resources.files("instgen.report").joinpath("words", name).read_text("utf-8").splitlines():
        if line.startswith("["):
            words = lists.setdefault(line.strip("[]"), [])
        elif not line.startswith("#"):
            words += line.split()
    return {name: frozenset(words) for name, words in lists.items()}
