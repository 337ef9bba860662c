"""Two runs at one time: on one output the second is turned away; on one journal both are right, and share it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.torture.runs import (
    JOURNAL,
    Known,
    asked,
    begin,
    copy_of,
    finish,
    kept,
    learned,
    luck,
    prepare,
    run,
    stderr,
    tell,
    trials,
    undisturbed,
)

TRIALS = trials(40)
DONE, LOCKED = 0, 7
LATENCY = (0.02, 0.06)
ANSWER = ("respond", "rows.jsonl", "--max-failures", "100%", "--journal", JOURNAL, "-q")
FILES = ("a.jsonl", "no.jsonl")
LINE = (*ANSWER, "-o", "a.jsonl", "--rejects", "no.jsonl")


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    base = tmp_path_factory.mktemp("two")
    folder = base / "prepared"
    prepare(folder, LATENCY)
    rows = (f'{{"instruction": "Name tree {number}."}}\n' for number in range(100))
    (folder / "rows.jsonl").write_text("".join(rows))
    digests = learned(folder, *ANSWER, "-o", "all.jsonl")
    return undisturbed(copy_of(folder, base / "undisturbed", "rows.jsonl"), digests, FILES, LINE)


def wait_for(path: Path) -> None:
    ends = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < ends, f"{path.name} never came"
        time.sleep(0.001)


SECONDS: Sequence[tuple[str, Sequence[str]]] = (
    ("the same line", LINE),
    ("another journal", (*LINE, "--journal", "other.sqlite")),
    ("the records only", (*ANSWER, "-o", "a.jsonl")),
    ("the rejects only", (*ANSWER, "-o", "b.jsonl", "--rejects", "no.jsonl")),
    ("by force", (*LINE, "--force")),
    ("filter", ("filter", "rows.jsonl", "-q", "-o", "a.jsonl")),
)


@pytest.mark.parametrize(("name", "second"), SECONDS, ids=[name for name, _ in SECONDS])
def test_the_second_run_on_an_output_is_turned_away(
    name: str, second: Sequence[str], known: Known, tmp_path: Path
) -> None:
    turned_away = 0
    for trial in range(max(1, TRIALS // 4)):
        random, place = luck("output", name, trial), copy_of(known.folder, tmp_path / str(trial), "rows.jsonl")
        first = begin(place, (*LINE, "--concurrency", "1"))  # which takes seconds
        wait_for(place / "no.jsonl")
        time.sleep(random.uniform(0, 1))
        other = copy_of(known.folder, place / "other")  # its words stand there, its files are the first one's
        line = [
            f"../{word}" if (place / word).exists() or word.endswith((".jsonl", ".sqlite")) else word for word in second
        ]
        (code,) = run(other, line)
        was_running = first[0].running()
        assert finish(first) == [DONE], stderr(place)
        assert code == LOCKED or not was_running, f"trial {trial}: {code} {stderr(other)}"
        if code == LOCKED:
            turned_away += 1
            assert "another run is writing it" in stderr(other)
            assert known.differing(place) == [], f"trial {trial}"
            assert asked(other) == [], f"trial {trial}: it bought before it was turned away"
    assert turned_away
    tell(f"a second run on one output, {name}: {turned_away} turned away")


def test_two_runs_on_one_journal_are_both_right_and_buy_no_kept_answer(known: Known, tmp_path: Path) -> None:
    twice = bought = 0
    for trial in range(TRIALS):
        random, place = luck("journal", trial), copy_of(known.folder, tmp_path / str(trial), "rows.jsonl")
        other = copy_of(known.folder, place / "other", "rows.jsonl")
        first = begin(place, LINE)
        time.sleep(random.uniform(0, known.seconds))
        there = kept(place)
        second = begin(other, (*LINE, "--journal", f"../{JOURNAL}"))
        assert finish([*first, *second]) == [DONE, DONE], stderr(place) + stderr(other)
        assert known.differing(place) == known.differing(other) == [], f"trial {trial}"
        assert {known.digests[key] for key in there}.isdisjoint(asked(other)), f"trial {trial}: bought what was there"
        both = [*asked(place), *asked(other)]
        assert len(asked(place)) == len(set(asked(place))), f"trial {trial}"
        assert len(asked(other)) == len(set(asked(other))), f"trial {trial}"
        assert set(kept(place)) == set(known.digests), f"trial {trial}: both together have all"
        twice += len(both) - len(set(both))
        bought += len(set(both))
    tell(f"two runs on one journal: {TRIALS} trials, {bought} calls, {twice} of them made by both at once")
