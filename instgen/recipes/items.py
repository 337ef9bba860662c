"""The items of a list, whatever marks it: "9. …", "9) …", "（9）…", "⑨ …", "Task 9: …", "- …", "• …".

The first item tells how the list is marked: what is marked otherwise, or stands deeper, belongs to an item. Numbers are
only evidence: a list that restarts at 1 behind a colon belongs to its item where the outer numbers go on later, and a
first item that is followed by lower numbers, behind a colon, was no item but an introduction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from unicodedata import numeric

from instgen.recipes.between import trimmed
from instgen.recipes.labels import labels_in
from instgen.recipes.parts import Leftover, ReadInstructions, content, leftover

_MARKER = re.compile(
    r"([ \t\u3000]*)(\*\*|__)?"
    r"(?:(?:第[ \t]*)?[(（\[]?(\d{1,3})(?:[.．](?!\d)|[)）\]、]|[:：](?!\d))|([①-⑳])|([-*+–—])(?=\s|$)|([•·‣▪●]))"
)
_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_INNER_ITEMS = 40
"""How far ahead the outer numbers are looked for behind a list within an item."""


@dataclass(frozen=True, slots=True)
class _Item:
    """An item's marker. Offsets count from the beginning of the text."""

    line: int
    begin: int
    """Where the item's own text begins."""
    indent: int
    number: int
    """0 where a bullet marks it."""
    bullet: str
    emphasis: str
    """Emphasis that was opened before the marker."""


def is_item(line: str) -> bool:
    """Whether the line opens with the marker of an item."""
    return bool(_MARKER.match(line))


def read_items(text: str, whole: bool) -> ReadInstructions:
    """The items in a text, and what is left over: a cut last item, an introduction that got a number, talk behind."""
    marked = list(_items(text, whole))
    items = [item for item in marked if item.bullet == marked[0].bullet and item.indent <= marked[0].indent + 1]
    found: list[str] = []
    left: list[Leftover] = [] if items else leftover("unparsed" if whole else "truncated", text)
    spaced = False
    number = 0
    while number < len(items):
        item = items[number]
        following = _following(text, items, number, whole)
        if following == len(items) and not whole:
            left += leftover("truncated", text[item.begin :])
            break
        end = items[following].line if following < len(items) else len(text)
        value = _value(text, item, end)
        if following == len(items) and not spaced:
            value, *rest = _BLANK_LINE.split(value, maxsplit=1)
            left += leftover("unparsed", "".join(rest))
        spaced = spaced or bool(_BLANK_LINE.search(value))
        if number == 0 and _introduces(value) and following < len(items) and items[following].number <= item.number > 1:
            left += leftover("unparsed", value)
        elif value:
            found.append(value)
        number = following
    return ReadInstructions(tuple(found), tuple(left))


def _items(text: str, whole: bool) -> Iterator[_Item]:
    """Every line that opens with a marker; in a cut text, not a last line that holds nothing more."""
    position = 0
    for line in text.split("\n"):
        marker = _MARKER.match(line)
        end = position + len(line)
        if marker:
            number = int(marker[3] or (numeric(marker[4]) if marker[4] else 0))
            item = _Item(
                position, position + marker.end(), len(marker[1]), number, marker[5] or marker[6] or "", marker[2] or ""
            )
        else:
            label = next(labels_in(line), None)
            if not label or label.kind != "instruction" or not label.qualifier.isdecimal():
                position = end + 1
                continue
            item = _Item(position, position + label.end, label.indent, int(label.qualifier), "", label.unclosed)
        if whole or end < len(text) or text[item.begin :].strip():
            yield item
        position = end + 1


def _following(text: str, items: Sequence[_Item], number: int, whole: bool) -> int:
    """The place of the item that ends this one: the next, or where the outer list goes on behind an inner one."""
    item = items[number]
    following = number + 1
    inner = (
        item.number and following < len(items) and items[following].number == 1
        and _introduces(text[item.begin : items[following].line])
    )  # fmt: skip
    if not inner:
        return following
    for place in range(following + 1, min(following + _INNER_ITEMS, len(items))):
        if items[place].number == item.number + 1 and items[place - 1].number != item.number:
            return place
    return following if whole else len(items)


def _introduces(text: str) -> bool:
    return text.rstrip().endswith((":", "："))


def _value(text: str, item: _Item, end: int) -> str:
    """The item's text without separators behind it and without emphasis around it."""
    end, _ = trimmed(text, item.begin, end, frozenset(), False)
    value = content(text[item.begin : end])
    if item.emphasis:
        return value.replace(item.emphasis, "", 1).strip() if value.count(item.emphasis) % 2 else value
    if value.startswith("**") and value.endswith("**") and value.count("**") == 2:
        return value[2:-2].strip()
    return value
