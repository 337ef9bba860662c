"""A terminal of the few sequences that the display uses, to see what stands on it in the end."""

from __future__ import annotations

import re

_PIECE = re.compile(r"\x1b\[(\??\d*)([A-Za-z])|.", re.DOTALL)


class Screen:
    """So many columns, and as many rows as it takes; it has no wide characters."""

    def __init__(self, columns: int = 80) -> None:
        """Begin empty."""
        self.columns = columns
        self.wraps = True
        self._rows = [""]
        self._at = self._row = 0

    @property
    def rows(self) -> list[str]:
        """What stands there, without the blanks at the ends of rows and below them."""
        rows = [row.rstrip() for row in self._rows]
        while rows and not rows[-1]:
            rows.pop()
        return rows

    def write(self, text: str) -> None:
        """Do what a terminal does."""
        for piece in _PIECE.finditer(text):
            if piece[2] is None:
                self._put(piece[0])
            else:
                self._obey(piece[2], piece[1])

    def _put(self, char: str) -> None:
        if char == "\r":
            self._at = 0
        elif char == "\n":
            self._down()
        else:
            assert char.isprintable(), f"{char!r} reached the terminal"
            if self._at == self.columns:
                assert self.wraps, "a line of the display is too long"
                self._at = 0
                self._down()
            row = self._rows[self._row].ljust(self._at)
            self._rows[self._row] = row[: self._at] + char + row[self._at + 1 :]
            self._at += 1

    def _obey(self, letter: str, number: str) -> None:
        match letter:
            case "A":
                assert int(number) <= self._row, "it goes up beyond where it began"
                self._row -= int(number)
            case "K":
                self._rows[self._row] = self._rows[self._row][: self._at]
            case "J":
                self._rows[self._row] = self._rows[self._row][: self._at]
                del self._rows[self._row + 1 :]
            case "h" | "l":
                assert number == "?7"
                self.wraps = letter == "h"
            case _:
                assert letter == "m", f"{letter} is none of the display's sequences"

    def _down(self) -> None:
        self._row += 1
        if self._row == len(self._rows):
            self._rows.append("")
