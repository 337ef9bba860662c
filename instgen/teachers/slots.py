"""The slots in a scripted reply, such as `{{words 8}}`: checked when the rules are read, filled for each prompt.

The rule: a slot's value depends on the prompt alone. "{{" always opens a slot; for the two characters themselves, a
reply contains `{{pick {}}{`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

WORDS = (
    "anchor apple april arrow autumn baker bamboo basket beacon bicycle blanket bottle bridge bright broken "
    "bronze bucket butter button cabin camera candle canyon carpet castle cellar chapter cherry circle clever "
    "climate clock cloud cobalt coffee comfort copper corner cotton courage cousin cricket crystal curious "
    "curtain dancer daring delta desert diary dinner distant doctor dolphin donkey dragon dusty eager early earth "
    "echo eclipse editor eleven ember empty engine evening fabric falcon famous farmer feather fence festival "
    "fiddle flavor forest fossil fountain fragile freezer frozen galaxy garden gentle giant ginger glacier golden "
    "grammar granite gravel guitar hammer harbor harvest hazel helmet hidden hollow honest honey horizon humble "
    "hunter island ivory jacket jasmine jigsaw jungle kettle kindly kitchen ladder lantern lawyer lemon letter "
    "library lively lizard lumber magnet mango maple marble market meadow melody mentor merchant midnight mirror "
    "modest monsoon mother mountain museum mustard narrow nectar needle nephew noble novel oasis ocean olive "
    "orange orchard oxygen oyster paddle parade parcel parsley patient pebble pencil pepper piano pigeon pillow "
    "pioneer planet plenty pocket poem polite pottery prairie puzzle quarry quiet rabbit rapid raven recipe "
    "ribbon river robin rocket rugged saddle saffron sailor salmon sample sandal school season secret shadow "
    "silent silver simple sister slender smooth soldier sparrow spider spring stable steady stormy stream sturdy "
    "summer sunset supper sweater tailor tender theater thirsty thunder ticket timber tomato tower travel "
    "treasure tulip tunnel turtle twilight umbrella uncle useful valley velvet village violet vivid voyage walnut "
    "wander warm weather whisper willow window winter wisdom wonder yellow yonder zebra"
)
"""The words that `{{words N}}` draws from: plain nouns and adjectives that the filter for undoable tasks ignores."""

_SLOT = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_LIST = tuple(WORDS.split())


class SlotError(ValueError):
    """A slot is unknown, unclosed or has a wrong argument; the message names it and the known slots."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a slot may depend on: the prompt's last user message or document, its digest, and a random source seeded by
    that digest.
    """

    last: str
    digest: str
    luck: Random


Part = Callable[[Asked], str]


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed reply: literal text and slots, each a function of the prompt."""

    parts: tuple[Part, ...]

    def filled(self, asked: Asked) -> str:
        """The reply with its slots filled for one prompt."""
        return "".join(part(asked) for part in self.parts)


def template(text: str) -> Template:
    """Parse the text of a reply and check its slots.

    Raises:
        SlotError: a slot is unknown, misused or never closed.
    """
    parts: list[Part] = []
    end = 0
    for slot in _SLOT.finditer(text):
        parts += [_literal(text[end : slot.start()]), _slot(slot[1])]
        end = slot.end()
    rest = text[end:]
    if "{{" in rest:
        raise SlotError(f"{_short(rest[rest.index('{{') :])}: this slot is not closed by }}}}")
    return Template((*parts, _literal(rest)))


def _slot(written: str) -> Part:
    name, _, argument = written.partition(" ")
    make = _MAKERS.get(name)
    if make is None:
        raise SlotError(f"there is no slot {{{{{_short(written)}}}}}; known: {KNOWN}")
    try:
        return make(argument)
    except ValueError as problem:
        raise SlotError(f"{{{{{_short(written)}}}}} is not understood; known: {KNOWN}") from problem


def _literal(text: str) -> Part:
    return lambda _: text


def _words(argument: str) -> Part:
    count = int(argument)
    return lambda asked: " ".join(asked.luck.choices(_LIST, k=count))


def _pick(argument: str) -> Part:
    if not argument:
        raise ValueError("nothing to pick from")
    choices = argument.split("|")
    return lambda asked: asked.luck.choice(choices)


def _number(argument: str) -> Part:
    least, most = map(int, argument.split())
    if least > most:
        raise ValueError("an empty range")
    return lambda asked: str(asked.luck.randint(least, most))


def _line(argument: str) -> Part:
    wanted = int(argument)
    if wanted < 1:
        raise ValueError("lines count from 1")

    def line(asked: Asked) -> str:
        lines = asked.last.split("\n")
        return lines[wanted - 1] if wanted <= len(lines) else ""

    return line


def _last(argument: str) -> Part:
    _refuse_argument(argument)
    return lambda asked: asked.last


def _digest(argument: str) -> Part:
    _refuse_argument(argument)
    return lambda asked: asked.digest


def _refuse_argument(argument: str) -> None:
    if argument:
        raise ValueError("this slot takes no argument")


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


_MAKERS: dict[str, Callable[[str], Part]] = {
    "words": _words,
    "pick": _pick,
    "number": _number,
    "line": _line,
    "last": _last,
    "digest": _digest,
}
KNOWN = "{{words 8}}, {{pick a|b}}, {{number 1 100}}, {{line 1}}, {{last}}, {{digest}}"
