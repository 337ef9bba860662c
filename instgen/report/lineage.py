"""Families: how tasks were evolved from a root to its deepest descendant, with the changes of each step."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from rapidfuzz.distance import Indel

from instgen.records import Record, Step
from instgen.report.sample import Sample, key_of

FAMILIES = 40
"""Families shown."""
_ROOTS = 10_000
"""Maximum number of unevolved rows kept, any of which may be the root of a family."""
_CHILDREN = 500
"""Maximum number of descendants kept for each root."""
_MEMBERS = 30
"""Maximum number of tasks in a chain."""
_LONGEST = 2_000
"""Characters of each text that are compared."""
_EXAMPLES = 8
"""Maximum number of example tasks kept for a root: as many as one prompt shows (Wang et al. 2023, section 2.2)."""
_WORDS = re.compile(r"\s+|[^\W_]+|.", re.DOTALL)

Change = Literal["same", "added", "removed"]


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of text, and whether it was kept, added or removed between parent and child."""

    change: Change
    text: str


@dataclass(frozen=True, slots=True)
class Member:
    """One task of a family, as changes to the task before it."""

    op: str
    round: int
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """A chain from a root to its deepest descendant."""

    examples: tuple[str, ...]
    """The example tasks, mostly seeds, in the prompt that generated the root; empty if it was not generated."""
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class _Node:
    """The parts of a record that a family is built from."""

    id: str
    task: str
    op: str = ""
    round: int = 0
    parent: str = ""
    examples: tuple[str, ...] = ()


@dataclass(slots=True)
class Families:
    """The descendants of a sample of roots: those with the lowest hashes, so the order of the rows does not matter."""

    _children: dict[tuple[int, str], Sample[_Node]] = field(default_factory=dict)
    """Descendants by the root's hash and id."""
    _roots: Sample[_Node] = field(default_factory=lambda: Sample(_ROOTS))
    _known: dict[str, str] = field(default_factory=dict)
    """The tasks of possible ancestors from other files, by id."""

    def add(self, record: Record) -> None:
        """Add one record of the data; one that was not evolved may be a root."""
        step = evolved(record)
        if step is None or not step.root:
            self._roots.offer(record.id, _node(record, step))
            return
        key = (key_of(step.root), step.root)
        if key not in self._children and len(self._children) >= FAMILIES:
            last = max(self._children)
            if key >= last:
                return
            del self._children[last]
        self._children.setdefault(key, Sample(_CHILDREN)).offer(record.id, _node(record, step))

    def know(self, record: Record) -> None:
        """Add a record that may be an ancestor but is not part of the data: a seed, or a row of an earlier stage."""
        self._known[record.id] = _task(record)

    def shown(self) -> list[Family]:
        """The families in which the texts of at least two members are known."""
        known = self._known | {root.id: root.task for root in self._roots.items()}
        families = [_family(root, children.items(), known) for (_, root), children in sorted(self._children.items())]
        return [family for family in families if len(family.members) > 1]


def _family(root: str, children: list[_Node], known: Mapping[str, str]) -> Family:
    deepest = max(children, key=lambda child: (child.round, child.id))
    nodes = {child.id: child for child in children}
    chain: list[_Node] = []
    at = deepest.id
    while len(chain) < _MEMBERS and (node := nodes.get(at) or _ancestor(at, known)):
        chain.append(node)
        at = node.parent
    oldest = chain[-1]
    if oldest.round and oldest.id != root and (first := _ancestor(root, known)):
        chain.append(first)
    chain.reverse()
    befores = [chain[0], *chain]
    members = [
        Member(node.op, node.round, changes(before.task, node.task))
        for node, before in zip(chain, befores, strict=False)
    ]
    return Family(tuple(known[name] for name in deepest.examples if name in known), tuple(members))


def _ancestor(identity: str, known: Mapping[str, str]) -> _Node | None:
    return _Node(identity, known[identity]) if identity in known else None


def _node(record: Record, step: Step | None) -> _Node:
    first = next((made.parents for made in record.origin if not made.round and made.parents), ())
    if step is None:
        return _Node(record.id, _task(record), examples=first[:_EXAMPLES])
    parent = step.parents[0] if step.parents else ""
    return _Node(record.id, _task(record), step.op, step.round or 0, parent, first[:_EXAMPLES])


def evolved(record: Record) -> Step | None:
    """The last step that evolved the record from another one; None if there is none."""
    return next((step for step in reversed(record.origin) if step.round), None)


def changes(before: str, after: str) -> tuple[Span, ...]:
    """The kept, removed and added parts of a text, compared word by word; consecutive changes are merged."""
    old, new = _WORDS.findall(before[:_LONGEST]), _WORDS.findall(after[:_LONGEST])
    spans: list[Span] = []
    removed = added = ""
    for edit in Indel.opcodes(old, new):
        source, target = "".join(old[edit.src_start : edit.src_end]), "".join(new[edit.dest_start : edit.dest_end])
        if edit.tag != "equal" or (removed and added and target.isspace()):
            removed, added = removed + source, added + target
            continue
        spans += [Span("removed", removed), Span("added", added), Span("same", target)]
        removed = added = ""
    spans += [Span("removed", removed), Span("added", added)]
    return tuple(span for span in spans if span.text)


def _task(record: Record) -> str:
    return f"{record.instruction[:_LONGEST]}\n\n{record.input[:_LONGEST]}".strip()
