"""Families: where roots are found, what a chain leads through, and what is told of a change."""

from __future__ import annotations

from instgen.records import Record, Step, born
from instgen.report.lineage import Families, Span, changes


def evolved(text: str, number: int, root: Record, parent: str, made: tuple[Step, ...] = ()) -> Record:
    step = Step("evolve", op="deepen", round=number, root=root.id, parents=(parent,))
    return born(Record(text, origin=(*made, step)))


def texts(families: Families) -> list[list[str]]:
    return [
        ["".join(span.text for span in member.spans if span.change != "removed") for member in family.members]
        for family in families.shown()
    ]


def test_a_root_among_the_data_is_found_wherever_it_stands() -> None:
    root = born(Record("Name a colour."))
    child = evolved("Name a warm colour.", 1, root, root.id)
    for order in ((root, child), (child, root)):
        families = Families()
        for record in order:
            families.add(record)
        assert texts(families) == [["Name a colour.", "Name a warm colour."]]


def test_the_deepest_child_of_many_is_reached_in_any_order() -> None:
    root = born(Record("Name 0."))
    chain = [root]
    for number in range(1, 6):
        chain.append(evolved(f"Name {number}.", number, root, chain[-1].id))
    twins = [evolved(f"Say {number}.", 1, root, root.id) for number in range(100)]
    one, other = Families(), Families()
    for record in (*twins, *chain):
        one.add(record)
    for record in reversed((*twins, *chain)):
        other.add(record)
    assert texts(one) == texts(other) == [[record.instruction for record in chain]]


def test_the_seeds_that_a_root_was_written_after_are_told() -> None:
    seed = Record("Name a bird.", id="en-001")
    made = (Step("self-instruct", op="alpaca", parents=("en-001", "gone")),)
    root = born(Record("Name a colour.", origin=made))
    families = Families()
    families.know(seed)
    families.add(root)
    families.add(evolved("Name a warm colour.", 1, root, root.id, made))
    (family,) = families.shown()
    assert family.examples == ("Name a bird.",)


def test_parents_that_lead_in_a_circle_end() -> None:
    root = Record("Name a colour.", id="r")
    families = Families()
    for name, parent in (("a", "b"), ("b", "a")):
        step = Step("evolve", op="deepen", round=1, root="r", parents=(parent,))
        families.add(Record(f"Name {name}.", id=name, origin=(step,)))
    families.know(root)
    assert len(families.shown()) == 1


def test_words_that_change_in_a_row_are_told_together() -> None:
    assert changes("Name a red bird now", "Name a small fish now") == (
        Span("same", "Name a "),
        Span("removed", "red bird"),
        Span("added", "small fish"),
        Span("same", " now"),
    )
