import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.recipes.parts import Leftover
from instgen.recipes.reading import read_instructions

REPLIES = Path(__file__).parents[2] / ".." / "shared" / "data" / "self_instruct_raw_runs"

MARKERS = ["{}.", "{})", "({})", "（{}）", "{}、", "{}：", "**{}.**", "Task {}:", "指令{}：", "-", "*", "•"]
ITEMS = st.lists(
    st.sampled_from(
        [
            "Name three trees.",
            "List NASA's 5 probes; 3.5 lines each.",
            'Do you agree?\n"Better late than never."',
            "Sort these:\n- b\n  - a",
            "写一首诗。",
            "Fix it:\n    x  = 1",
        ]
    ),
    min_size=1,
    max_size=6,
)
NUMBERED = st.sampled_from([marker for marker in MARKERS if "{}" in marker])


def rendered(items, marker, between="\n", first=9):
    return between.join(f"{marker.format(number)} {item}" for number, item in enumerate(items, first))


def instructions_in(reply, **how):
    return read_instructions(reply, **({"whole": True} | how)).instructions


def leftovers_of(reply, **how):
    return read_instructions(reply, **({"whole": True} | how)).leftovers


@given(ITEMS, NUMBERED, st.sampled_from(["\n", "\n\n"]))
def test_items_come_back_exactly_from_numbered_lists(items, marker, between):
    assert instructions_in(rendered(items, marker, between)) == tuple(items)


@pytest.mark.parametrize("marker", MARKERS)
def test_every_marker_of_a_list_is_known(marker):
    assert instructions_in(rendered(["Name three trees.", "Add 2 and 3."], marker)) == (
        "Name three trees.",
        "Add 2 and 3.",
    )


@given(ITEMS, NUMBERED, st.integers(min_value=0, max_value=300))
def test_a_reply_cut_anywhere_gives_a_prefix_of_its_items(items, marker, cut):
    found = instructions_in(rendered(items, marker)[:cut], whole=False)
    assert found == tuple(items[: len(found)])


def test_the_beginning_is_put_in_front():
    assert instructions_in(" Name a tree.\n10. Name a bird.", begun="9.") == ("Name a tree.", "Name a bird.")


def test_a_reply_that_numbers_anew_stands_alone():
    assert instructions_in("1. Name a tree.\n2. Name a bird.", begun="9.") == ("Name a tree.", "Name a bird.")


def test_the_last_item_of_a_cut_reply_is_truncated():
    read = read_instructions("1. Name a tree.\n2. Name a", whole=False)
    assert read.instructions == ("Name a tree.",)
    assert read.leftovers == (Leftover("truncated", "Name a"),)


def test_numbers_may_be_wrong():
    assert instructions_in("3. Name a tree.\n3. Name a bird.\n7. Name a fish.") == (
        "Name a tree.",
        "Name a bird.",
        "Name a fish.",
    )


def test_circled_numbers_are_numbers():
    assert instructions_in("① 写诗。\n② 翻译。") == ("写诗。", "翻译。")


def test_a_raised_number_in_a_heading_is_none():
    assert leftovers_of("Task (²): Name a tree.") == (Leftover("unparsed", "Task (²): Name a tree."),)


def test_a_list_within_an_item_belongs_to_it():
    reply = "8. Name a tree.\n9. Follow these steps:\n1. Read.\n2. Write.\n10. Name a bird."
    assert instructions_in(reply) == ("Name a tree.", "Follow these steps:\n1. Read.\n2. Write.", "Name a bird.")


def test_an_introduction_that_got_the_number_is_left_over():
    read = read_instructions("Here are some instructions:\n1. Name a tree.\n2. Name a bird.", whole=True, begun="9. ")
    assert read.instructions == ("Name a tree.", "Name a bird.")
    assert read.leftovers == (Leftover("unparsed", "Here are some instructions:"),)


def test_talk_around_the_list_is_no_instruction():
    read = read_instructions("Sure!\n\n1. Name a tree.\n2. Name a bird.\n\nHope this helps!", whole=True)
    assert read.instructions == ("Name a tree.", "Name a bird.")
    assert read.leftovers == (Leftover("unparsed", "Hope this helps!"),)


def test_emphasis_around_an_item_is_no_part_of_it():
    assert instructions_in("1. **Name a tree.**\n**2. Name a bird.**") == ("Name a tree.", "Name a bird.")


def test_a_year_at_the_head_of_a_line_is_no_marker():
    assert instructions_in("1. Explain what happened in\n2008. Be brief.\n2. Name a tree.") == (
        "Explain what happened in\n2008. Be brief.",
        "Name a tree.",
    )


def test_a_reply_without_a_list_is_unparsed():
    assert leftovers_of("I'd rather not.") == (Leftover("unparsed", "I'd rather not."),)


@pytest.mark.parametrize("piece", ["1. a:\n", "- a\n", "1.\n", "\n \n", "*", "Task 1: a\n", "1. a:\n1. b\n2. c\n"])
@pytest.mark.parametrize("whole", [True, False])
def test_a_hundred_kilobytes_of_anything_are_read(piece, whole):
    read = read_instructions("1. Name a tree.\n" + piece * (100_000 // len(piece)), whole=whole)
    assert read.instructions or read.leftovers


def test_what_the_reference_accepted_of_real_replies_is_found():
    """207 of 209; the other two are introductions, such as "Come up with a series of tasks:"."""
    path = REPLIES / "share_oracle_instruction_stage.jsonl"
    if not path.exists():
        pytest.skip("the shared data is not here")
    missed = []
    for row in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
        begun = row["prompt"].rpartition("\n")[2] if row["prompt"] else ""
        read = read_instructions(row["response"], whole=row["finish_reason"] != "length", begun=begun)
        found = {plain(instruction) for instruction in read.instructions}
        missed += [instruction for instruction in row["accepted"] if plain(instruction) not in found]
    assert len(missed) == 2
    assert all(instruction.endswith(":") for instruction in missed)


def plain(text):
    """Modulo what the reference code does to an instruction: case, spaces, the full stop."""
    return re.sub(r"\s+", " ", text).strip().lower().rstrip(".")
