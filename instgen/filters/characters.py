"""Characters that do not belong in text: controls, wrongly decoded bytes, and the special tokens of chat models."""

from __future__ import annotations

import re

from instgen.filters.rule import Hit, TextRule, excerpt
from instgen.filters.signs import Sign, constant

_CONTROL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff\ufdd0-\ufdef\ud800-\udfff]")


def _control(text: str) -> Hit | None:
    if text.isprintable() or text.replace("\n", "").replace("\t", "").replace("\r", "").isprintable():
        return None
    found = _CONTROL.search(text)
    return Hit(excerpt(text, found.start(), found.end()), f"U+{ord(found[0]):04X}") if found else None


CONTROL = TextRule(
    "control-characters",
    "control-characters",
    "A field contains a control character other than tabs and line breaks, or a lone surrogate.",
    _control,
    constant("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1d\\x1f\\x7f-\\x{9f}\\x{fffe}\\x{ffff}\\x{fdd0}-\\x{fdef}]"),
)

# UTF-8 sequences read as Latin-1 or Windows-1252, first byte and continuation bytes: "Ã©", "â€™", "ä¸­".
_LATIN_1 = "\u0080-\u00bf"
_WINDOWS = "€‚ƒ„…†‡ˆ‰Š‹Œ\u017d\u2018\u2019\u201c\u201d\u2022–—˜™š›œ\u017eŸ"
_NEXT = f"[{_LATIN_1}{_WINDOWS}]"
_MOJIBAKE = re.compile(
    "\ufffd"
    f"|[ÂÃ][{_LATIN_1}]|Ã[{_WINDOWS}]"
    "|â(?:€|\u0080)" + _NEXT + f"|[à-ï]{_NEXT}{{2}}[à-ï]{_NEXT}{{2}}|ð[Ÿ\u009f]|ï»¿|[ÐÑ]{_NEXT}[ÐÑ]{_NEXT}"
)


def _mojibake(text: str) -> Hit | None:
    if text.isascii():
        return None
    found = _MOJIBAKE.search(text)
    return Hit(excerpt(text, found.start(), found.end()), found[0]) if found else None


MOJIBAKE = TextRule(
    "mojibake",
    "mojibake",
    "A field contains text that was decoded wrongly: a replacement character, or UTF-8 read as Latin-1.",
    _mojibake,
    Sign(lambda ascii_only: "" if ascii_only else "[\ufffdà-ñ]"),
)

_SPECIAL = re.compile(
    r"<[|｜][\w▁-]{2,40}[|｜]>|\[/?INST\]|<</?SYS>>|</?(?:start|end)_of_(?:turn|text|image)>|<(?:bos|eos|pad|unk)>"
    r"|\A\s*<s>|</s>\s*\Z"
)


def _special(text: str) -> Hit | None:
    if "<" not in text and "[" not in text:
        return None
    found = _SPECIAL.search(text)
    if found is None or (found[0].strip() == "</s>" and "<s>" in text[1:]):
        return None
    return Hit(excerpt(text, found.start(), found.end()), found[0].strip())


SPECIAL = TextRule(
    "special-tokens",
    "special-tokens",
    "A field contains a control token of a chat model, such as <|im_start|> or [INST].",
    _special,
    constant(r"<\||\[/?inst\]|<</?sys>>|_of_|<[bep]os>|<(?:pad|unk)>|</?s>"),
)
