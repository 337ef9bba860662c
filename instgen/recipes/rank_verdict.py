"""Read a judge's verdict on candidates: the requested JSON, or any of the plain forms in which judges conclude.

The rule: only an unambiguous verdict counts. Options that are merely listed or quoted, contradictory verdicts and
negated statements are no verdict, and the caller gets None: never a guess, and never the option that happens to be
looked for first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from instgen.recipes.json_objects import objects_in
from instgen.recipes.rank_order import MARGINS, TIE, Listing, Preference
from instgen.text.tokens import fold

_VERDICT_KEYS = ("verdict", "winner", "better", "choice", "结论")
_RANKING_KEYS = ("ranking", "order", "排序")
_MARGIN_KEYS = ("margin", "margins", "strength", "差距")

_OPEN, _CLOSE = "(\\[（【*_`\"'“‘", ")\\]）】*_`\"'”’"
_AFTER = rf"(?![a-z0-9]|[’'][a-z])[\s{_CLOSE}]{{0,8}}"
_LETTER = rf"[\s{_OPEN}]{{0,8}}(?<![a-z0-9])([ab12]){_AFTER}"
_NAME = rf"[\s{_OPEN}]{{0,8}}(?<![a-z0-9])((?-i:[AB12])|(?<=[{_OPEN}])[ab](?=[{_CLOSE}])){_AFTER}"
"""A letter that is not an article: "is a concise one" names no answer."""
_THING = (
    r"(?:outputs?|answers?|responses?|assistants?|options?|candidates?|completions?|replies|reply|model|回答|答案|回复)"
)
_HOW = (
    r"(?:\b(?:clearly|much|far|significantly|considerably|substantially|slightly|marginally|negligibly|a bit|a little"
    r"|the|overall|still|therefore|definitely|somewhat)\s+){0,3}"
)
_GOOD = r"(?:better|best|superior|preferable|preferred|stronger|the winner|winner)\b"
_STATED = re.compile(
    rf"{_THING}{_LETTER}(?:is|was|seems|appears to be|wins|would be)\s*({_HOW})(?:{_GOOD}|(?<=wins)\b)"
    rf"|(?:better|best|preferred|superior|stronger|winning)(?:\s+{_THING})?(?:\s+(?:one|choice))?\s+(?:is|would be)"
    rf"\s*(?:{_THING})?{_NAME}"
    rf"|\bI\s+(?:would\s+|will\s+)?(?:prefer|choose|pick|select|favou?r)\s+(?:{_THING})?{_NAME}"
    rf"|(?:{_THING})?{_LETTER}(?:的质量|明显|显著|略微|稍微|稍|略|整体|总体|要)?(更好|更优|胜出|较好)",
    re.IGNORECASE,
)
_LABELLED = re.compile(
    rf"^\W{{0,12}}(?:(?:my |the )?(?:final |overall )?(?:verdict|answer|decision|winner|choice|better|judge?ment)|"
    rf"(?:最终)?(?:结论|判断|裁决|选择|答案))\W{{0,16}}(?:is\b\W{{0,12}})?(?:{_THING}\W{{0,12}})?(?<![a-z0-9])([ab12]){_AFTER}\W{{0,12}}$",
    re.IGNORECASE,
)
_BARE = re.compile(rf"^\W{{0,12}}(?:{_THING})?{_LETTER}\W{{0,12}}$", re.IGNORECASE)
_BRACKETED = re.compile(
    r"\[\[\s*(?:output|answer|assistant|response|回答)?\s*\(?"
    r"(a\s*(?:>>|>|=|<<|<)\s*b|b\s*(?:>>|>|=|<<|<)\s*a|[abc12]|tie|draw|平局)\)?\s*\]\]",
    re.IGNORECASE,
)
_TIED = re.compile(
    r"\b(?:it is|it's|is|as|a|verdict|call(?:s)? (?:it|this))\W{0,12}(?:a )?(?:tie|draw)\b"
    r"|\b(?:are|is) (?:roughly |about )?equally good"
    r"|\bboth (?:\w+ ){0,2}are (?:equally|of equal)|平局|不相上下|不分上下|一样好|同样好",
    re.IGNORECASE,
)
_TIE_ALONE = re.compile(
    r"^\W{0,12}(?:(?:verdict|winner|结论|判断)\W{0,12})?(?:tie|draw|neither|平局)\W{0,12}$", re.IGNORECASE
)
_CONCLUDES = re.compile(
    r"\b(?:therefore|thus|hence|overall|in conclusion|in summary|to conclude|so|final(?:ly)?|verdict|based on)\b"
    r"|因此|综上|总之|总体|所以|最终",
    re.IGNORECASE,
)
_NEGATED = re.compile(
    r"\b(?:not|neither|nor|never|hardly|cannot)\b|n['’]t\b|不(?!相上下|分上下)|并非|没有", re.IGNORECASE
)
_UNLESS = re.compile(
    r"(?:\b(?:if|whether|unless|when|where|argues?|claims?|says?|asserts?|wrong to (?:say|call))(?:\s+that)?|如果|是否)"
    r"\W{0,8}\Z",
    re.IGNORECASE,
)
"""Words before a statement that is hypothetical or somebody else's."""
_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n+")
_QUOTED = re.compile(
    r"\"[^\"\n]*\"|“[^“”\n]*”|「[^「」\n]*」|『[^『』\n]*』|`[^`\n]*`|(?<!\w)'[^'\n]*'(?!\w)|‘[^‘’\n]*’(?!\w)"
)
_SPACES = re.compile(r"[^\S\n]{2,}")
"""Runs of spaces, as a looping judge writes them; without collapsing them, the patterns would try at each one."""
_ORDER_LINE = re.compile(
    r"^[^a-z]{0,12}(?:(?:my |the )?(?:final |overall )?(?:ranking|order|verdict)(?: is)?|排序|最终排序)?\W{0,12}?"
    r"([a-i](?:\s*(?:>+|=|≥|≻|＞|,|，|、)\s*[a-i]){1,8})\W{0,12}$",
    re.IGNORECASE,
)
_ORDER_STEP = re.compile(r"\s*(>+|=|≥|≻|＞|,|，|、)\s*")
_WORDS: Mapping[str, int] = {
    "signific": 3,
    "much": 3,
    "far ": 3,
    "considerabl": 3,
    "substantial": 3,
    "明显": 3,
    "显著": 3,
    "slight": 1,
    "margin": 1,
    "a bit": 1,
    "a little": 1,
    "somewhat": 1,
    "略": 1,
    "稍": 1,
    "negligib": 0,
    "unsure": 0,
    "几乎": 0,
}
"""Stems of the words with which judges express margins, whatever words they were asked to use, with their levels."""


def read_pair(reply: str) -> Preference | None:
    """The verdict of a reply about two answers, in the order shown; None if it is not clear."""
    reply = _SPACES.sub(" ", reply)
    objects = [found for found in _objects(reply) if _value(found, _VERDICT_KEYS) is not None]
    if objects:
        read = {_of_object(found) for found in objects}
        return read.pop() if len(read) == 1 else None
    return _bracketed(reply) or _edge_line(reply) or _stated(reply)


def read_listing(reply: str, size: int) -> Listing | None:
    """The ranking of `size` answers, named A, B, C … in the order shown; None unless it has each of them once."""
    reply = _SPACES.sub(" ", reply)
    objects = [found for found in _objects(reply) if _value(found, _RANKING_KEYS) is not None]
    if objects:
        listing = _of_groups(_value(objects[-1], _RANKING_KEYS), _value(objects[-1], _MARGIN_KEYS))
    else:
        lines = [line for line in reply.splitlines() if _ORDER_LINE.match(line)]
        listing = _of_line(lines[-1]) if lines else None
    if listing is None or sorted(each for group in listing.groups for each in group) != list(range(size)):
        return None
    return listing


def _objects(reply: str) -> Iterator[Mapping[str, Any]]:
    """The JSON objects in a reply, with lowercase keys."""
    return ({key.strip().lower(): value for key, value in found.items()} for found in objects_in(reply))


def _value(found: Mapping[str, Any], keys: tuple[str, ...]) -> object:
    return next((found[key] for key in keys if key in found), None)


def _of_object(found: Mapping[str, Any]) -> Preference | None:
    verdict = _value(found, _VERDICT_KEYS)
    if not isinstance(verdict, str):
        return None
    preference = _bracketed(verdict) or _edge_line(verdict) or _stated(verdict) or (TIE if _is_tie(verdict) else None)
    if preference is None or preference.better is None:
        return preference
    margin = _margin(_value(found, _MARGIN_KEYS))
    return preference if margin is None else Preference(preference.better, margin)


def _is_tie(verdict: str) -> bool:
    return fold(verdict).strip(" .()[]") in {"c", "both", "equal", "same"}


def _of_letter(letter: str) -> Preference:
    return TIE if letter == "c" else Preference("ab".index(letter.translate({49: "a", 50: "b"})))


def _margin(value: object) -> int | None:
    """The level given by words, or by a number from 0 to 3; None if it is neither."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if 0 <= value <= max(MARGINS.values()) else None
    if not isinstance(value, str):
        return None
    word = fold(value)
    known = next((level for beginning, level in _WORDS.items() if beginning in word), None)
    return MARGINS["better"] if known is None and "better" in word else known


def _bracketed(reply: str) -> Preference | None:
    """The last verdict in double brackets; None if its sentence has different ones.

    Quoted verdicts count only in a concluding sentence, and only if there is no unquoted one: `My verdict is "[[B]]".`
    """
    unquoted = _SENTENCE.split(_QUOTED.sub(" ", reply))
    concluding = [sentence for sentence in _SENTENCE.split(reply) if _CONCLUDES.search(sentence)]
    for sentence in (*reversed(unquoted), *reversed(concluding)):
        found = {re.sub(r"\s", "", fold(each)) for each in _BRACKETED.findall(sentence)}
        if found:
            return _of_brackets(found.pop()) if len(found) == 1 else None
    return None


def _of_brackets(verdict: str) -> Preference:
    """Read `a`, `b`, `c` or `tie`, or Arena-Hard's signs, which have a margin: `a>>b`, `a>b`, `a=b`."""
    if "=" in verdict or verdict in {"c", "tie", "draw", "平局"}:
        return TIE
    if len(verdict) == 1:
        return _of_letter(verdict)
    better = "ab".index(verdict[0] if ">" in verdict else verdict[-1])
    return Preference(better, MARGINS["significantly" if len(verdict) == 4 else "slightly"])


def _edge_line(reply: str) -> Preference | None:
    """A verdict that is all there is on the last or the first line: "B", "Answer (a)", "Verdict: B"."""
    lines = [line for line in reply.splitlines() if any(map(str.isalnum, line))]
    for line in dict.fromkeys((*lines[-1:], *lines[:1])):
        if _TIE_ALONE.match(line):
            return TIE
        for form in (_LABELLED, _BARE):
            if found := form.match(line):
                return _of_letter(found[1].lower())
    return None


def _stated(reply: str) -> Preference | None:
    """The verdict that sentences state: that of the last concluding one or, without any, that of all if they agree."""
    found: list[tuple[bool, Preference | None]] = []
    for sentence in _SENTENCE.split(_QUOTED.sub(_unquoted, reply)):
        preference = _of_sentence(sentence)
        if preference is not None:
            found.append((bool(_CONCLUDES.search(sentence)), preference))
    concluding = [preference for concludes, preference in found if concludes]
    if concluding:
        return concluding[-1]
    winners = {preference.better for _, preference in found if preference is not None}
    return found[-1][1] if len(winners) == 1 else None


def _unquoted(quoted: re.Match[str]) -> str:
    """The replacement for a quotation: a short name such as "Output (a)" keeps its text, anything longer is removed."""
    return quoted[0][1:-1] if len(quoted[0]) <= len('"Output (a)"') else " "


def _of_sentence(sentence: str) -> Preference | None:
    if tied := _TIED.search(sentence):
        return None if _NEGATED.search(sentence) or _UNLESS.search(sentence[: tied.start()]) else TIE
    stated = list(_STATED.finditer(sentence))
    letters = {next(filter(None, (each[1], each[3], each[4], each[5]))).lower() for each in stated}
    if len(letters) != 1 or any(
        _NEGATED.search(each[0]) or _UNLESS.search(sentence[: each.start()]) for each in stated
    ):
        return None
    better = _of_letter(letters.pop()).better
    return Preference(better, _margin(stated[-1][2] or "") if stated[-1][2] else _margin_before(stated[-1][0]))


def _margin_before(statement: str) -> int | None:
    return next((level for word, level in _WORDS.items() if not word.isascii() and word in statement), None)


def _of_groups(ranking: object, margins: object) -> Listing | None:
    """A ranking from JSON: letters, groups of tied letters, or one string with signs between the letters."""
    if isinstance(ranking, str):
        return _of_line(ranking)
    if not isinstance(ranking, list):
        return None
    groups = []
    for each in ranking:
        letters = each if isinstance(each, list) else re.split(r"\s*[=,]\s*", each) if isinstance(each, str) else [each]
        places = [_place(letter) for letter in letters]
        if not places or None in places:
            return None
        groups.append(tuple(place for place in places if place is not None))
    levels = [_margin(margin) for margin in margins] if isinstance(margins, list) else []
    return Listing(tuple(groups), tuple(levels) if len(levels) == len(groups) - 1 else ())


def _place(letter: object) -> int | None:
    if not isinstance(letter, str):
        return None
    found = re.fullmatch(rf"\W*(?:{_THING}\W*)?([a-i])\W*", fold(letter))
    return "abcdefghi".index(found[1]) if found else None


def _of_line(line: str) -> Listing | None:
    """The ranking in a line such as `C > A = B >> D`; a comma means >, and >> means significantly better."""
    found = _ORDER_LINE.match(line)
    if found is None:
        return None
    first, *rest = _ORDER_STEP.split(found[1])
    groups = [[_place(first)]]
    margins: list[int | None] = []
    for sign, letter in zip(rest[::2], rest[1::2], strict=True):
        if sign == "=":
            groups[-1].append(_place(letter))
            continue
        groups.append([_place(letter)])
        margins.append(MARGINS["significantly"] if sign.startswith(">>") else None)
    places = tuple(tuple(place for place in group if place is not None) for group in groups)
    return Listing(places, tuple(margins))
