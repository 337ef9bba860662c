"""Which file a row goes to, and where in it: by hash, so that one row more or less moves no other.

A split is drawn by the root that siblings share, never by the place of a row; a shuffled file is sorted by the hash of
each line, so its order depends on what is in it and on nothing else.
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
    """The names of the files, and where the share of each ends."""

    names: tuple[str, ...] = ("train",)
    ends: tuple[float, ...] = (1.0,)
    seed: int = 0

    def of(self, root: str) -> str:
        """The split of all that has this root."""
        at = _hash(self.seed, root.encode("utf-8", "surrogatepass")) / 2**64
        return next((name for name, end in zip(self.names, self.ends, strict=True) if at < end), self.names[-1])


def splits_said(said: str, seed: int) -> Splits:
    """What `--split` means; "" is one file for all.

    Raises:
        UsageError: it is no list of names with shares that come to 1.
    """
    if not said:
        return Splits(seed=seed)
    parts = [part.partition("=") for part in said.split(",")]
    names = tuple(name.strip() for name, _, _ in parts)
    shares = [_share(said, share) for _, _, share in parts]
    if not all(map(_NAME.match, names)):
        raise UsageError(f"--split {said}: a name has letters, digits and _ only", _EXAMPLE)
    if len(set(names)) < len(names):
        raise UsageError(f"--split {said}: two splits have the same name", _EXAMPLE)
    if abs(sum(shares) - 1) > 1e-6:
        raise UsageError(f"--split {said}: the shares come to {sum(shares):g}, not to 1", _EXAMPLE)
    return Splits(names, _ends(shares), seed)


def order_key(seed: int, line: bytes) -> int:
    """What a shuffled file is sorted by."""
    return _hash(seed, line)


def _share(said: str, share: str) -> float:
    try:
        number = float(share)
    except ValueError:
        number = 0.0
    if not 0 < number <= 1:
        raise UsageError(f"--split {said}: {share or 'nothing'!r} is no share between 0 and 1", _EXAMPLE)
    return number


def _ends(shares: Sequence[float]) -> tuple[float, ...]:
    ends: list[float] = []
    for share in shares:
        ends.append((ends[-1] if ends else 0.0) + share)
    return tuple(ends)


def _hash(seed: int, data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8, key=seed.to_bytes(8, "big")).digest(), "big")
