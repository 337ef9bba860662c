"""Steps and selections see what those before them kept, in order, however the rows came; every row is accounted for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.cli.funnel import Funnel
from instgen.cli.sifting import Inputs, sift
from instgen.filters.presets import PRESETS
from instgen.filters.rulebook import Rulebook
from instgen.lines import BadLine, read_batches
from instgen.records import Record, Verdict
from instgen.running.options import Writing
from instgen.running.sieve import Item, Sieve, Station
from instgen.running.spool import Spool

NO_RULES = Rulebook(())


class Unseen:
    """A step: leaves out what it has kept before, by one field."""

    def __init__(self, name: str, field: str = "instruction") -> None:
        self.name = name
        self.seen: list[str] = []
        self._field = field

    def judge(self, records: Sequence[Record]) -> list[Verdict | None]:
        verdicts: list[Verdict | None] = []
        for record in records:
            said = getattr(record, self._field)
            verdicts.append(Verdict("seen", self.name) if said in self.seen else None)
            if said not in self.seen:
                self.seen.append(said)
        return verdicts


class Without:
    """A selection: leaves out every row whose number, among those it was shown, divides by a number."""

    def __init__(self, name: str, number: int) -> None:
        self.name = name
        self.shown: list[tuple[int, str]] = []
        self._number = number

    def add(self, position: int, record: Record) -> None:
        self.shown.append((position, record.instruction))

    def rejected(self) -> Mapping[int, Verdict]:
        return {
            position: Verdict("divides", self.name)
            for at, (position, _) in enumerate(self.shown)
            if at % self._number == 0
        }


def row(instruction: str, output: str = "It is so.", **more: object) -> dict[str, object]:
    return {"instruction": instruction, "output": output, **more}


def data(*given: object) -> bytes:
    return "".join(json.dumps(each) + "\n" for each in given).encode()


def judged(sieve: Sieve, blocks: Sequence[bytes]) -> list[tuple[str, str, bytes]]:
    """Of each row: which step left it out, why, and its line."""
    told = (one for batch in read_batches(blocks, "f") for one in sieve.judge(batch))
    return [
        ("bad", one.problem.message, one.raw)
        if isinstance(one, BadLine)
        else (one.step, one.verdict.reason if one.verdict else "", one.line() if not one.verdict else b"")
        for one in told
    ]


ROWS = st.lists(
    st.sampled_from(
        [
            data(row("Name a tree.")),
            data(row("Name a tree.", "")),
            data(row("Name a sea. ")),
            data(row("Name a sea.")),
            data({"instruction": "Name both.", "instances": [{"output": "Oak."}, {"output": ""}, {"output": "Elm."}]}),
            data({"text": "nothing"}),
            b"{broken\n",
        ]
    ),
    max_size=12,
)


@given(ROWS, st.lists(st.integers(1, 60), max_size=12))
def test_how_the_rows_come_changes_nothing(lines: list[bytes], sizes: list[int]) -> None:
    whole = b'{"instruction":"Name a first one.","output":"One."}\n' + b"".join(lines)
    ends = [*accumulate(sizes), len(whole)]
    cut = [whole[start:end] for start, end in zip([0, *ends], ends, strict=False)]

    def outcome(blocks: Sequence[bytes]) -> list[tuple[str, str, bytes]]:
        stations = [Station(Unseen("a")), Station(Unseen("b", "output"), by_task=True)]
        return judged(Sieve(Rulebook(PRESETS["default"].rules), repairs=True, stations=stations), blocks)

    assert outcome(cut) == outcome([whole])


def test_a_step_sees_only_what_the_steps_before_kept() -> None:
    first, second = Unseen("first"), Unseen("second", "output")
    sieve = Sieve(NO_RULES, repairs=False, stations=[Station(first), Station(second)])
    told = judged(sieve, [data(row("a", "x"), row("a", "y"), row("b", "y"), row("c", "y"))])
    assert [step for step, _, _ in told] == ["", "first", "", "second"]
    assert second.seen == ["x", "y"]


def test_a_step_judges_each_instance_or_the_task_by_its_first() -> None:
    task = {"instruction": "a", "instances": [{"output": "x"}, {"output": "y"}]}
    each = Sieve(NO_RULES, repairs=False, stations=[Station(Unseen("each"))])
    (told,) = judged(each, [data(task)])
    assert json.loads(told[2])["instances"] == [{"output": "x"}]
    whole = Sieve(NO_RULES, repairs=False, stations=[Station(Unseen("whole"), by_task=True)])
    assert [step for step, _, _ in judged(whole, [data(task, task)])] == ["", "whole"]


def test_a_row_that_loses_all_its_instances_goes_with_the_last_verdict() -> None:
    task = {"instruction": "Say what it is.", "instances": [{"output": ""}, {"output": "x"}]}
    step = Unseen("step", "output")
    step.seen.append("x")
    sieve = Sieve(Rulebook(PRESETS["default"].rules), repairs=False, stations=[Station(step)])
    (item,) = (one for batch in read_batches([data(task)], "f") for one in sieve.judge(batch))
    assert isinstance(item, Item)
    assert item.step == "step"
    (line,) = item.rejects()
    assert json.loads(line)["instances"] == task["instances"]


def test_records_have_ids_for_steps_to_name_them_by() -> None:
    class Ids(Unseen):
        def judge(self, records: Sequence[Record]) -> list[Verdict | None]:
            assert all(record.id for record in records)
            return super().judge(records)

    assert judged(Sieve(NO_RULES, repairs=False, stations=[Station(Ids("ids"))]), [data(row("a"), row("b", id="1"))])


def test_each_selection_sees_what_the_one_before_left_and_all_is_accounted_for(tmp_path: Path) -> None:
    given_ = [row(f"task {number}") for number in range(12)]
    (tmp_path / "in.jsonl").write_bytes(data(*given_))
    first, second = Without("first", 3), Without("second", 4)
    out, rejects, summary = (tmp_path / name for name in ("out.jsonl", "no.jsonl", "sum.jsonl"))
    sieve = Sieve(NO_RULES, repairs=False, selections=[first, second])
    sift(sieve, Inputs([tmp_path / "in.jsonl"]), Writing(output=out, rejects=rejects, summary=summary, quiet=True))
    assert [position for position, _ in first.shown] == list(range(12))
    assert [position for position, _ in second.shown] == [1, 2, 4, 5, 7, 8, 10, 11]
    assert out.read_bytes() == data(*(given_[at] for at in (2, 4, 5, 8, 10, 11)))
    gone = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert [each["rejected"]["rule"] for each in gone] == ["first", "second", "first", "first", "second", "first"]
    told = json.loads(summary.read_text())
    assert (told["read"], told["kept"], told["rejected"]) == (12, 6, 6)
    assert [step["kept"] for step in told["steps"]] == [8, 6]


def test_rows_that_a_selection_leaves_out_count_neither_as_rewritten_nor_for_their_parts(tmp_path: Path) -> None:
    task = {"instruction": "Name a tree.", "instances": [{"output": "Oak."}, {"output": ""}]}
    given_ = [row("Name a sea.", "The Baltic. "), task, row("Name a lake.", "Mamry. "), task, row("Name a river.")]
    (tmp_path / "in.jsonl").write_bytes(data(*given_))
    sieve = Sieve(Rulebook(PRESETS["default"].rules), repairs=True, selections=[Without("even", 2)])
    summary = tmp_path / "sum.jsonl"
    sift(sieve, Inputs([tmp_path / "in.jsonl"]), Writing(output=tmp_path / "out", summary=summary, quiet=True))
    told = json.loads(summary.read_text())
    assert (told["kept"], told["rewritten"], told["parts"]) == (2, 2, 2)


def test_rows_that_do_not_add_up_are_a_bug() -> None:
    funnel = Funnel([], quiet=True, read=3, kept=1)
    funnel.reject("rules", Verdict("empty-output"), "")
    with pytest.raises(RuntimeError, match="3 rows read"):
        funnel.check()


@given(st.lists(st.lists(st.binary(max_size=9), max_size=4), max_size=4))
def test_lines_that_were_put_aside_come_back(batches: list[list[bytes]]) -> None:
    with Spool() as spool:
        for batch in batches:
            spool.add(batch)
        lines = [line for batch in batches for line in batch]
        assert list(spool.lines()) == list(spool.lines()) == lines
        assert len(spool) == len(lines)
