"""Rows in other languages than asked, and languages with too many rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from instgen.errors import UsageError
from instgen.filters.language import BalanceLanguages, Language, OutputLanguage, speaks_of_language
from instgen.lines import records_of
from instgen.records import Record
from instgen.seedlist import seed_file
from tests.text.test_language import SENTENCES

EN, DE, ZH = SENTENCES["en"], SENTENCES["de"], SENTENCES["zh"]
EN_LONG = f"{EN} Tell them that there will be some noise on Saturday."
DE_LONG = f"{DE} Sag ihnen, dass es am Samstag etwas lauter wird."
ZH_LONG = f"{ZH}告诉他们星期六晚上会有一点吵，请他们多多包涵。"
SHARED = Path(__file__).parents[2].parent / "shared" / "data"


def value(step, record):
    found = step.judge([record])[0]
    return found and (found.reason, found.value)


def test_an_instruction_or_an_output_in_another_language_is_found():
    assert value(Language(["en", "de"]), Record(EN, output=DE)) is None
    assert value(Language(["en"]), Record(EN, output=DE)) == ("wrong-language", "de")
    assert value(Language(["de"]), Record(EN, output=DE)) == ("wrong-language", "en")


@pytest.mark.parametrize("output", ["", "Ja.", "42", "print('hello world and the rest of it')"])
def test_what_cannot_be_told_passes(output):
    assert value(Language(["en"]), Record(EN, output=output)) is None


def test_a_translation_may_be_in_any_language_but_not_its_instruction():
    record = Record(f"Translate this letter into German for my neighbours: {ZH_LONG}", output=DE_LONG)
    assert value(Language(["en"]), record) is None
    assert value(Language(["de"]), record) == ("wrong-language", "en")


@pytest.mark.parametrize("wanted", [["xx"], ["yue"], []])
def test_a_language_that_is_not_known_is_refused(wanted):
    with pytest.raises(UsageError):
        Language(wanted)


@pytest.mark.parametrize(("asked", "said"), [(EN_LONG, ZH_LONG), (ZH_LONG, DE_LONG), (DE_LONG, EN_LONG)])
def test_an_answer_in_another_language_than_its_task_is_found(asked, said):
    found = OutputLanguage().judge([Record(asked, output=said)])[0]
    assert found is not None
    assert found.reason == "language-mismatch"


@pytest.mark.parametrize(
    "record",
    [
        Record(EN_LONG, output=EN_LONG),
        Record(EN_LONG, output="Das ist ein kurzer Satz auf dem Papier."),
        Record(f"{EN_LONG} Write it in German.", output=DE_LONG),
        Record(f"{ZH_LONG}请翻译成德语。", output=DE_LONG),
        Record("用“do away with”这个短语写一个完整的句子，越长越好。", output=EN_LONG),
        Record("Correct the mistakes in this letter, and leave everything else alone.", DE_LONG, DE_LONG),
    ],
    ids=["same", "short", "asked for", "asked for in Chinese", "quoted", "the input's"],
)
def test_an_answer_that_may_be_in_that_language_is_fine(record):
    assert value(OutputLanguage(), record) is None


@pytest.mark.parametrize(
    "text",
    [
        "Translate this.",
        "Say it in French",
        "Übersetze das.",
        "Traduce esto",
        "Traduis ceci",
        "Переведи это",
        "翻译一下",
        "英語に訳して",
        "번역해 주세요",
        "ترجم هذا",
    ],
)
def test_translating_is_spoken_of(text):
    assert speaks_of_language(text)


@pytest.mark.parametrize("text", [EN, ZH, DE, "Catalogue the porcelain.", "Rustle up a crepe."])
def test_other_things_are_not(text):
    assert not speaks_of_language(text)


def rows(**counts: int) -> list[Record]:
    return [Record(SENTENCES[code], id=f"{code}{at}") for code, count in counts.items() for at in range(count)]


def left(records: list[Record], wanted: tuple[str, ...] = ()) -> list[str]:
    balance = BalanceLanguages(wanted)
    for position, record in enumerate(records):
        balance.add(position, record)
    rejected = balance.rejected()
    return [record.id for position, record in enumerate(records) if position not in rejected]


def test_each_language_keeps_as_many_rows_as_the_rarest():
    kept = left(rows(en=9, de=4, zh=6))
    assert [sum(1 for row in kept if row.startswith(code)) for code in ("en", "de", "zh")] == [4, 4, 4]


def test_the_same_rows_stay_in_any_order():
    records = rows(en=9, de=4)
    assert sorted(left(records)) == sorted(left(records[::-1]))


def test_the_rarest_is_one_of_the_wanted_that_occur():
    kept = left(rows(en=9, de=4, zh=6), ("en", "zh", "fr"))
    assert [sum(1 for row in kept if row.startswith(code)) for code in ("en", "de", "zh")] == [6, 4, 6]


def test_a_stray_language_levels_nothing():
    assert len(left(rows(en=150, zh=1))) == 151


def test_a_row_too_many_says_which_language_and_how_many():
    balance = BalanceLanguages()
    for position, record in enumerate([*rows(en=3, de=2), Record("?")]):
        balance.add(position, record)
    (verdict,) = balance.rejected().values()
    assert (verdict.reason, verdict.value, verdict.threshold, verdict.evidence) == ("language-share", 3, 2, "en")


@pytest.mark.parametrize("code", ["en", "es", "fr", "zh"])
def test_our_seeds_are_in_their_language(code):
    seeds = list(records_of([seed_file(code)]))
    assert not any(Language([code]).judge(seeds))
    assert not any(OutputLanguage().judge(seeds))


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data are not here")
@pytest.mark.parametrize("code", ["zh", "ru", "da", "vi"])
def test_the_seeds_of_others_are_in_theirs(code):
    (path,) = (SHARED / "multilingual").glob(f"{code}_*")
    records = list(records_of([path]))
    assert not any(Language([code]).judge(records))
    assert not any(OutputLanguage().judge(records))
