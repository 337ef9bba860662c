"""Assigns rows to splits, and shuffles them, by hash: adding or removing a row moves no other.

A row's split depends on the root that related records share, never on the row's position. A shuffled file is sorted by
the hash of each line, so its order depends only on its content and the seed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from instgen.errors import UsageError

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*\Z")
_EXAMPLE = "for example --split train=0.98,val=0.02"


@dataclass(frozen=True, slots=True)
class Splits:
    """The names of the splits, and the cumulative share at which each ends."""

    names: tuple[str, ...] = ("train",)
    ends: tuple[float, ...] = (1.0,)
    seed: int = 0

    def of(self, root: str) -> str:
        """The split of all records with this root."""
        at = _hash(self.seed, root.encode("utf-8", "surrogatepass")) / 2**64
        return next((name for name, end in zip(self.names, self.ends, strict=True) if at < end), self.names[-1])


def parse_splits(option: str, seed: int) -> Splits:
    """Parse the value of `--split`; "" is one split, `train`.

    Raises:
        UsageError: it is not a list of names with shares that add up to 1.
    """
    if not option:
        return Splits(seed=seed)
    parts = [part.partition("=") for part in option.split(",")]
    names = tuple(name.strip() for name, _, _ in parts)
    shares = [_share(option, share) for _, _, share in parts]
    if not all(map(_NAME.match, names)):
        raise UsageError(f"--split {option}: a name is a letter followed by letters, digits and _", _EXAMPLE)
    if len(set(names)) < len(names):
        raise UsageError(f"--split {option}: two splits have the same name", _EXAMPLE)
    if abs(sum(shares) - 1) > 1e-6:
        raise UsageError(f"--split {option}: the shares add up to {sum(shares):g}, not 1", _EXAMPLE)
    return Splits(names, _ends(shares), seed)


def order_key(seed: int, line: bytes) -> int:
    """The sort key of a line in a shuffled file."""
    return _hash(seed, line)


def _share(option: str, share: str) -> float:
    try:
        number = float(share)
    except ValueError:
        number = 0.0
    if not 0 < number <= 1:
        raise UsageError(f"--split {option}: {share or 'nothing'!r} is not a share between 0 and 1", _EXAMPLE)
    return number


def _ends(shares: Sequence[float]) -> tuple[float, ...]:
    ends: list[float] = []
    for share in shares:
        ends.append((ends[-1] if ends else 0.0) + share)
    return tuple(ends)


def _hash(seed: int, data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8, key=seed.to_bytes(8, "big")).digest(), "big")
