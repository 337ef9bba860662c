"""Loops are told from repetition that is meant."""

import pytest

from instgen.text.loops import loop

LOOPED = {
    "a word without end": "The answer is very " + "very " * 40,
    "a sentence without end": "A cat is an animal. " + "It likes to sleep on the sofa. " * 8,
    "a cycle that was cut off": "Here is my plan. " + "First we eat, then we sleep, then we play. " * 7 + "First we",
    "a line three times in half of the text": "Drink plenty of water every day.\nSleep well.\n" * 3,
    "chinese": "春天来了。" + "小鸟在树上唱歌。" * 6,
    "a paragraph again and again": (
        "The town lay quiet under the snow, and nobody spoke of what had happened at the mill in autumn, "
        "though everybody knew, and everybody had their own idea of who was to blame for the fire. "
    )
    * 4,
    "cyrillic": "Кошка спит на тёплом окне. " * 9,
}

MEANT = {
    "laughter": "Ha ha ha ha ha ha! That is funny.",
    "a list": "\n".join(f"{number}. Item number {number}" for number in range(1, 40)),
    "sentences of one mould": "".join(
        f"The capital of {a} is {b}.\n" for a, b in zip("ABCDEFGH", "KLMNOPQR", strict=True)
    ),
    "a table of zeros": "| 0 | 0 | 0 |\n" * 12,
    "code": "if a:\n    return None\nif b:\n    return None\nif c:\n    return None\nif d:\n    return None\n",
    "a refrain": (
        "The ship goes out at morning light,\nhey ho, the wind is fair.\nThe ship comes home at fall of night,\n"
        "hey ho, the wind is fair.\nWe mend the nets and coil the rope,\nhey ho, the wind is fair.\n"
    ),
    "a round": "Sing with me, sing with me,\nmerrily, merrily, merrily,\nsing with me beside the sea.\n" * 2,
    "digits": "0101010101010101010101 0101 01 01 " * 3,
    "thanks": "谢谢。谢谢。谢谢。",
    "": "",
}


@pytest.mark.parametrize("text", LOOPED.values(), ids=LOOPED.keys())
def test_a_loop_is_found(text):
    assert loop(text) is not None


@pytest.mark.parametrize("text", MEANT.values(), ids=MEANT.keys())
def test_repetition_that_is_meant_is_no_loop(text):
    assert loop(text) is None


def test_a_loop_shows_its_cycle_and_its_share():
    found = loop("Once upon a time. " + "And then? " * 30)
    assert found is not None
    assert found.excerpt == "and then"
    assert 0.9 < found.share < 1
