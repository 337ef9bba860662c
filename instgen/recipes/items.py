"""Read the items of a list in any notation: "9. …", "9) …", "（9）…", "⑨ …", "Task 9: …", "- …", "• …".

The first item sets the notation: a line in another notation, or indented more, belongs to the item it is in. Numbers
are only evidence. A list that restarts at 1 after a colon is part of its item if the outer numbers continue later; and
a first item that ends in a colon and is followed by a lower or equal number is an introduction, not an item.
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
"""How many markers ahead the continuation of the outer numbers is searched for after a list within an item."""


@dataclass(frozen=True, slots=True)
class _Item:
    """An item's marker. Offsets are from the beginning of the text."""

    line: int
    """Where its line begins."""
    begin: int
    """Where the item's own text begins."""
    indent: int
    number: int
    """0 if the marker is a bullet."""
    bullet: str
    emphasis: str
    """Emphasis that was opened before the marker."""


def is_item(line: str) -> bool:
    """Whether the line begins with an item's marker."""
    return bool(_MARKER.match(line))


def read_items(text: str, whole: bool) -> ReadInstructions:
    """The items in a text, and what is left over: a cut last item, a numbered introduction, talk after the list."""
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
    """The markers in a text; in a cut text, without one that is all there is on the last line."""
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
    """The index of the item that ends this one: the next, or the first of the outer list after an inner list."""
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
    """The item's text without trailing separators and without emphasis around it."""
    end, _ = trimmed(text, item.begin, end, frozenset(), False)
    value = content(text[item.begin : end])
    if item.emphasis:
        return value.replace(item.emphasis, "", 1).strip() if value.count(item.emphasis) % 2 else value
    if value.startswith("**") and value.endswith("**") and value.count("**") == 2:
        return value[2:-2].strip()
    return value
