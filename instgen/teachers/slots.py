"""The slots in a scripted reply: `{{words 8}}` and its like, checked when the rules are read, filled for each prompt.

The rule: a slot's value depends on the prompt alone. "{{" always opens a slot; a reply that needs the two characters
themselves writes `{{pick {}}{`.
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
"""What `{{words N}}` draws from: plain nouns and adjectives, none that a filter for undoable tasks looks for."""

_SLOT = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_LIST = tuple(WORDS.split())


class SlotError(ValueError):
    """A slot that we do not know, or whose argument is wrong; the message says which and what is known."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a slot may look at: the prompt's last message or document, its digest, and luck that follows from it."""

    last: str
    digest: str
    luck: Random


Part = Callable[[Asked], str]


@dataclass(frozen=True, slots=True)
class Template:
    """A reply with its slots."""

    parts: tuple[Part, ...]

    def filled(self, asked: Asked) -> str:
        """The reply to one prompt."""
        return "".join(part(asked) for part in self.parts)


def template(text: str) -> Template:
    """The reply that a rule gives, its slots checked.

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
    _no(argument)
    return lambda asked: asked.last


def _digest(argument: str) -> Part:
    _no(argument)
    return lambda asked: asked.digest


def _no(argument: str) -> None:
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
