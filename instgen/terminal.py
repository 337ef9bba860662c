"""Text of others as a terminal may have it: without what commands it, or makes it show something else than is there.

The rule: what reaches a terminal is characters to be seen. Control characters (an escape sequence can set the title,
fill the clipboard, hide or forge lines), the marks that turn the direction of writing round, and other characters
without a shape do not: in prose a sign stands in their place, in JSON their escape, which means the same. The two
joiners stay: Persian and emoji are written with them.
"""

from __future__ import annotations

import re

SIGN = "�"
_SEEN = frozenset("\u00a0\u1680\u202f\u205f\u3000\u200c\u200d") | frozenset(map(chr, range(0x2000, 0x200B)))
"""Spaces and joiners, which Python does not count as printable."""
_UNSEEN_IN_JSON = re.compile(
    rb"\x7f|\xc2[\x80-\x9f\xad]|\xd8\x9c|\xe2\x80[\x8b\x8e\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf"
    rb"|\xf3\xa0[\x80\x81][\x80-\xbf]"
)
"""The same in UTF-8 as JSON has it, where those below a space are escaped anyway: DEL, C1, the soft hyphen, marks of
direction, separators of lines, what has no width, and tags."""


def one_line(text: str) -> str:
    """The text as one line."""
    return text if text.isprintable() else "".join(map(_shown, text))


def prose(text: str) -> str:
    """The text with its line breaks, and with spaces for tabs."""
    return "\n".join(map(one_line, text.expandtabs().split("\n")))


def json_lines(data: bytes) -> bytes:
    """Lines of JSON that mean the same."""
    return _UNSEEN_IN_JSON.sub(_escaped, data)


def _shown(character: str) -> str:
    return character if character.isprintable() or character in _SEEN else SIGN


def _escaped(found: re.Match[bytes]) -> bytes:
    units = found[0].decode().encode("utf-16-be")
    return b"".join(b"\\u%04x" % int.from_bytes(units[at : at + 2]) for at in range(0, len(units), 2))
