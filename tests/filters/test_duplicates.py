"""Duplicates: what is left out is too close to a row that stays, and the verdict names it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instgen import records as records_module
from instgen.errors import UsageError
from instgen.filters.duplicates import Clusters, Exact, Near, Novel, digest
from instgen.filters.rule import EVIDENCE
from instgen.filters.seen import Digests, Names
from instgen.records import Candidate, Message, Record, Verdict
from instgen.text.rouge import exact, more_similar, rouge_l

PAIRS = Path(__file__).parents[2].parent / "shared" / "data" / "near_duplicate_pairs"
WORDS = st.lists(st.sampled_from(["write", "a", "poem", "about", "the", "rain", "写", "诗"]), max_size=8).map(" ".join)
THRESHOLDS = st.sampled_from([0.0, 0.2, 0.5, 0.7, 1 / 3, 0.9, 1.0])


@st.composite
def records(draw: st.DrawFn) -> list[Record]:
    tasks = draw(st.lists(st.tuples(WORDS, WORDS), max_size=12))
    return [Record(instruction, given, id=f"r{number}") for number, (instruction, given) in enumerate(tasks)]


def reasons(verdicts: Sequence[Verdict | None]) -> list[str]:
    return [verdict.reason if verdict else "" for verdict in verdicts]


def near(verdict: Verdict | None) -> records_module.Near:
    assert verdict is not None
    assert verdict.near is not None
    return verdict.near


def named(verdict: Verdict | None) -> str:
    return near(verdict).id


def test_a_row_that_says_the_same_goes_and_the_first_is_named():
    rows = [
        Record("Name a FISH.", "", "Cod", id="one"),
        Record("Name a bird.", "", "Cod", id="two"),
        Record(" name  a\nfish.", "", "cod ", id="three"),
    ]
    verdicts = Exact().judge(rows)
    assert reasons(verdicts) == ["", "", "duplicate"]
    assert named(verdicts[2]) == "one"
    assert near(verdicts[2]).text == " name  a fish."


def test_exact_duplicates_are_found_across_batches_and_against_other_rows():
    step = Exact(against=[Record("a", id="other")])
    assert [named(step.judge([Record("A", id="x")])[0]), *reasons(step.judge([Record("b")]))] == ["other", ""]
    assert reasons(step.judge([Record("b"), Record("c")])) == ["duplicate", ""]


@pytest.mark.parametrize(
    "other",
    [
        Record("a", "b", "c", system="s"),
        Record("a", "", "b c"),
        Record("a b", "", "c"),
        Record("a", "b", "c", candidates=(Candidate("c"), Candidate("d"))),
        Record("a", "b", "c", messages=(Message("user", "a"), Message("assistant", "c"))),
    ],
)
def test_what_differs_in_any_part_is_no_exact_duplicate(other):
    assert digest(Record("a", "b", "c")) != digest(other)


def test_one_exchange_is_the_same_in_every_shape():
    talk = Record("A", output="c", messages=(Message("user", "A"), Message("assistant", "c")))
    assert digest(talk) == digest(Record("a", "", "C"))
    longer = Record("A", output="c", messages=(*talk.messages, Message("user", "d")))
    assert digest(longer) != digest(talk)


def test_half_a_character_can_be_digested():
    assert len(digest(Record("\ud800"))) == 16


@given(st.lists(st.binary(min_size=16, max_size=16) | st.integers(0, 40).map(lambda n: bytes([n] * 8 + [0] * 8))))
def test_digests_are_numbered_as_they_come(drawn):
    digests = Digests()
    known: dict[bytes, int] = {}
    for each in drawn:
        assert digests.number(each) == known.setdefault(each, len(known))
    assert len(digests) == len(known)


def test_more_digests_than_slots_are_all_remembered():
    digests = Digests()
    drawn = [number.to_bytes(16, "little") for number in range(5000)]
    assert [digests.number(each) for each in drawn * 2] == [*range(5000)] * 2


@given(st.lists(st.tuples(st.text(), st.text()), min_size=1))
def test_names_give_back_ids_and_the_beginnings_of_texts(rows):
    names = Names()
    for row in rows:
        names.add(*row)
    assert len(names) == len(rows)
    for number, (row_id, text) in enumerate(rows):
        found = names.near(number, 0.5)
        assert found.id == row_id
        assert len(found.text) <= EVIDENCE
        assert found.text[:20] == "".join(char if char.isprintable() else " " for char in text[:20])


@settings(deadline=None)  # the first example waits for numpy
@given(records(), THRESHOLDS, st.sampled_from([0.5, 0.7, None]), st.integers(1, 5), st.booleans())
def test_novel_decides_as_comparing_with_every_kept_row(rows, threshold, han, size, alone):
    def text(record):
        return record.instruction if alone else f"{record.instruction} {record.input}"

    against, judged = rows[:3], rows[3:]
    scripts = {} if han is None else {"han": han}
    step = Novel(threshold, scripts=scripts, on="instruction" if alone else "task", against=against)
    verdicts = [
        verdict for start in range(0, len(judged), size) for verdict in step.judge(judged[start : start + size])
    ]
    kept = list(against)
    for record, verdict in zip(judged, verdicts, strict=True):
        letters = sum(word in "写诗" for word in text(record).split())
        limit = exact(han if han is not None and 2 * letters > len(text(record).split()) else threshold)
        similarities = [rouge_l(text(record), text(other)) for other in kept]
        best = max(similarities, default=0.0)
        assert (verdict is not None) == any(more_similar(text(record), text(other), limit) for other in kept)
        if verdict is None:
            kept.append(record)
        else:
            assert (verdict.reason, verdict.rule, verdict.value) == ("not-novel", "novelty", best)
            assert verdict.threshold == float(limit)
            assert named(verdict) == kept[similarities.index(best)].id


def test_a_task_is_new_when_its_input_is():
    rows = [Record("Translate.", "the cat sat there", id="1"), Record("Translate.", "dogs bark all night", id="2")]
    assert reasons(Novel().judge(rows)) == ["", ""]
    assert reasons(Novel(on="instruction").judge(rows)) == ["", "not-novel"]


@pytest.mark.parametrize("step", [Near, Novel])
def test_conversations_that_only_begin_alike_are_no_duplicates(step):
    def talk(row_id: str, *said: str) -> Record:
        turns = [Message("user", each) for each in said]
        return Record(said[0], id=row_id, messages=(turns[0], Message("assistant", "Sure, go on."), *turns[1:]))

    first = talk("1", "Hi, can you help me with something?", "How long do red kites live?")
    other = talk("2", "Hi, can you help me with something?", "My tenant does not pay his rent, what can I do?")
    again = talk("3", "Hi, can you help me with something?", "How long does a red kite live?")
    assert reasons(step(0.6).judge([first, other]))[1] == ""
    assert [named(verdict) for verdict in step(0.5).judge([first, again]) if verdict] == ["1"]


def test_near_duplicates_go_by_words_and_their_order():
    said = "Describe how a steam engine turns the heat of coal into the motion of wheels"
    rows = [
        Record(said, id="first"),
        Record(said.replace("wheels", "a wheel"), id="second"),
        Record("Wheels of motion the into coal of heat the turns engine steam a how describe", id="third"),
    ]
    verdicts = Near().judge(rows)
    assert reasons(verdicts) == ["", "near-duplicate", ""]
    assert named(verdicts[1]) == "first"
    assert near(verdicts[1]).similarity >= 0.7


def test_near_duplicates_are_found_against_other_rows():
    step = Near(against=[Record("Name three rivers of Asia", id="known")])
    assert named(step.judge([Record("name three rivers of ASIA!")])[0]) == "known"


ALIKE = [
    Record("List three fruits that grow in cold countries of the north", "", "a, b", id="short"),
    Record("List three fruits that grow in cold countries of the south", "", "apples, pears", id="long"),
    Record("What is rain?", "", "Water.", id="alone"),
]


def clustered_verdicts(step: Clusters, rows: Sequence[Record]) -> dict[str, Verdict]:
    """The verdict against each row that goes."""
    for position, row in enumerate(rows):
        step.add(10 * position, row)
    return {rows[position // 10].id: verdict for position, verdict in step.rejected().items()}


def clustered(step: Clusters, rows: Sequence[Record]) -> dict[str, str]:
    """For each row that goes the one that stays."""
    return {row: named(verdict) for row, verdict in clustered_verdicts(step, rows).items()}


def scored(record: Record, value: float | None) -> Record:
    return Record(record.instruction, "", record.output, record.id, scores={} if value is None else {"quality": value})


def test_the_longest_of_a_cluster_stays():
    assert clustered(Clusters(), ALIKE) == {"short": "long"}


@pytest.mark.parametrize(
    ("values", "gone"), [((2, 1), "long"), ((1, 1), "long"), ((None, 0), "short"), ((0, 2), "short")]
)
def test_the_best_of_a_cluster_stays_the_first_of_equals(values, gone):
    rows = [scored(row, value) for row, value in zip(ALIKE, values, strict=False)]
    assert set(clustered(Clusters(policy="best", score="quality"), rows)) == {gone}


def test_a_best_row_needs_the_name_of_a_score():
    with pytest.raises(UsageError):
        Clusters(policy="best")


@settings(deadline=None)  # as above
@given(records(), st.lists(st.integers(0, 3), min_size=12, max_size=12), st.integers(1, 5))
def test_a_row_goes_for_a_worthier_one_that_stays_and_is_near_enough(rows, lengths, size):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("instgen.filters.duplicates.AT_ONCE", size)
        rows = [
            Record(row.instruction, row.input, "x" * length, row.id) for row, length in zip(rows, lengths, strict=False)
        ]
        verdicts = clustered_verdicts(Clusters(0.5), rows)
    gone = {row: named(verdict) for row, verdict in verdicts.items()}
    assert all(near(verdict).similarity >= 0.5 for verdict in verdicts.values())
    assert not set(gone) & set(gone.values())
    by_id = {row.id: row for row in rows}
    assert all(len(by_id[other].output) >= len(by_id[row].output) for row, other in gone.items())
    stay = sorted((row for row in rows if row.id not in gone), key=lambda row: -len(row.output))
    assert reasons(Near(0.5).judge(stay)) == [""] * len(stay)


def test_a_row_goes_for_one_that_is_there_already_however_long_it_is():
    step = Clusters(against=[Record("Name three rivers of Asia", id="known")])
    rows = [
        Record("name three rivers of ASIA!", "", "The Lena, the Ob and the Mekong.", id="1"),
        Record("Why?", id="2"),
    ]
    assert clustered(step, rows) == {"1": "known"}


def test_a_row_does_not_go_for_one_that_is_near_only_through_others():
    words = [f"w{number}" for number in range(60)]
    rows = [
        Record(" ".join(words[start : start + 30]), "", "x" * (60 - start), str(start)) for start in range(0, 30, 2)
    ]
    verdicts = clustered_verdicts(Clusters(), rows)
    assert 0 < len(verdicts) < len(rows) - 1
    assert all(near(verdict).similarity >= 0.7 for verdict in verdicts.values())


def test_every_cluster_of_a_stream_in_batches_is_found(monkeypatch):
    monkeypatch.setattr("instgen.filters.duplicates.AT_ONCE", 2)
    rows = [Record(f"word{number % 3} and more of it", id=str(number)) for number in range(9)]
    assert clustered(Clusters(), rows) == {str(number): str(number % 3) for number in range(3, 9)}


def labelled() -> dict[str, list[tuple[str, str, bool]]]:
    if not PAIRS.exists():
        pytest.skip("the shared data are not here")
    with (PAIRS / "ko_pair_train.csv").open(encoding="utf-8-sig", newline="") as file:
        korean = [(row["question1"], row["question2"], row["is_duplicate"] == "0") for row in csv.DictReader(file)]
    with (PAIRS / "pawsx_de_dev.tsv").open(encoding="utf-8", newline="") as file:
        german = [
            (row["sentence1"], row["sentence2"], row["label"] == "1")
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        ]
    return {"ko": korean, "de": german}


@pytest.mark.parametrize(
    ("step", "language", "precision", "recall"),
    [(Novel, "ko", 0.98, 0.32), (Near, "ko", 0.98, 0.22), (Novel, "de", 0.55, 0.5), (Near, "de", 0.53, 0.2)],
)
def test_labelled_pairs_are_told_apart_as_well_as_we_say(step, language, precision, recall):
    pairs = labelled()[language][::8]
    same = [step().judge([Record(one), Record(other)])[1] is not None for one, other, _ in pairs]
    right = sum(found and label for found, (*_, label) in zip(same, pairs, strict=True))
    assert right / sum(same) >= precision
    assert right / sum(label for *_, label in pairs) >= recall - 0.1
