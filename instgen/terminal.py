"""Untrusted text made safe for a terminal: without characters that control it or disguise what is shown.

The rule: only visible characters reach a terminal. Control characters (an escape sequence can set the title, fill the
clipboard, hide or forge lines), marks that change the writing direction, and other invisible characters do not: in
prose they are replaced by U+FFFD, in JSON by their escape, which means the same. The two zero-width joiners are kept:
Persian and emoji need them.
"""

from __future__ import annotations

import re

SIGN = "�"
_SEEN = frozenset("\u00a0\u1680\u202f\u205f\u3000\u200c\u200d") | frozenset(map(chr, range(0x2000, 0x200B)))
"""Spaces and joiners that are allowed although Python counts them as not printable."""
_UNSEEN_IN_JSON = re.compile(
    rb"\x7f|\xc2[\x80-\x9f\xad]|\xd8\x9c|\xe2\x80[\x8b\x8e\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf"
    rb"|\xf3\xa0[\x80\x81][\x80-\xbf]"
)
"""The characters to escape in UTF-8 JSON, in which those below U+0020 are escaped already: DEL, C1 controls, the soft
hyphen, direction marks, line separators, zero-width characters and tags."""


def one_line(text: str) -> str:
    """The text with each invisible character, line breaks included, replaced by U+FFFD."""
    return text if text.isprintable() else "".join(map(_shown, text))


def prose(text: str) -> str:
    """The text like `one_line`, but with its line breaks kept and its tabs expanded to spaces."""
    return "\n".join(map(one_line, text.expandtabs().split("\n")))


def json_lines(data: bytes) -> bytes:
    """Equivalent JSON lines in which invisible characters are escaped."""
    return _UNSEEN_IN_JSON.sub(_escaped, data)


def _shown(character: str) -> str:
    return character if character.isprintable() or character in _SEEN else SIGN


def _escaped(found: re.Match[bytes]) -> bytes:
    units = found[0].decode().encode("utf-16-be")
    return b"".join(b"\\u%04x" % int.from_bytes(units[at : at + 2]) for at in range(0, len(units), 2))
