"""Whatever a teacher replies is read, or left over: no reply breaks a reader, holds it up, or says what it does not."""

from __future__ import annotations

from collections.abc import Iterator

from instgen.export.lines import HALF
from instgen.recipes.converse_turns import read_user, spoken
from instgen.recipes.evolve_reading import contradiction, equality, read_evolved, says_unchanged
from instgen.recipes.labels import is_no_input, yes_or_no
from instgen.recipes.parts import content
from instgen.recipes.reading import (
    read_instances_input_first,
    read_instances_output_first,
    read_instructions,
    read_tasks,
    read_yes_no,
)
from tests.fuzz import inputs
from tests.fuzz.fuzzing import fuzzed, moment
from tests.fuzz.texts import replies, runs

BEGUN = inputs.sampled_from(["", "4. Instruction:", "9.", "指令：", '{"instruction": "'])


def found_in(reply: str, whole: bool, begun: str) -> Iterator[str]:
    """All texts that any reader finds in a reply."""
    tasks = read_tasks(reply, whole=whole, begun=begun)
    for task in (*tasks.tasks, read_evolved(reply)):
        yield from (task.instruction, task.input, task.output)
    listed = read_instructions(reply, whole=whole, begun=begun)
    yield from listed.instructions
    yield from (piece.text for piece in (*tasks.leftovers, *listed.leftovers))
    for instance in (*read_instances_input_first(reply, whole=whole), *read_instances_output_first(reply, whole=whole)):
        yield from (instance.input, instance.output)
    said = whole_characters(reply)
    yield from (read_user(said).text, spoken(said))


def whole_characters(text: str) -> str:
    """The text as a file can hold it."""
    return HALF.sub("\ufffd", text)


def judge(reply: str) -> None:
    """Ask all readers of a yes, a no or an objection."""
    for read in (equality, contradiction, read_yes_no, yes_or_no, says_unchanged, is_no_input):
        read(reply)


@fuzzed(reply=replies, whole=inputs.booleans(), begun=BEGUN)
def test_no_reply_breaks_a_reader(reply: str, whole: bool, begun: str) -> None:
    with moment():
        for text in found_in(reply, whole, begun):
            assert content(text) == text.strip()
        judge(reply)


@fuzzed(reply=replies, whole=inputs.booleans())
def test_readers_find_what_is_there_and_nothing_else(reply: str, whole: bool) -> None:
    if "{" in reply or "\\" in reply:
        return  # of JSON, the decoded strings are found
    there = bare(whole_characters(reply))
    for text in found_in(reply, whole, ""):
        for line in text.split("\n"):
            assert bare(line) in there


def bare(text: str) -> str:
    """The text without white space and emphasis, which readers take off."""
    return "".join(text.translate({ord(mark): None for mark in "*_"}).split())


@fuzzed(reply=runs, whole=inputs.booleans(), begun=BEGUN)
def test_no_reply_holds_a_reader_up(reply: str, whole: bool, begun: str) -> None:
    with moment():
        list(found_in(reply, whole, begun))
    with moment():
        judge(reply)
