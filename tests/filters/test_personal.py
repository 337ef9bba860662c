"""Personal data is found by its form and check digits, examples are not, and masking covers what was found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.filters.personal import PERSONAL, mask, passes_luhn, passes_mod_97, personal_data
from instgen.records import Record

PERSONAL_DATA = [
    ("email", "j.lindqvist@seaview-hotel.net"),
    ("email", "Anna_B+list@mail.posteo.de"),
    ("card", "4539 1488 0343 6467"),
    ("card", "6011-0009-9013-9432"),
    ("iban", "DE02 1203 0000 0000 2020 51"),
    ("iban", "NL39RABO0300065264"),
    ("ssn", "536-90-4399"),
    ("ip", "93.184.215.14"),
    ("ip", "2a00:1450:4001:82b::200e"),
    ("phone", "+49 30 90182047"),
    ("phone", "+44 (0)20 7219 4272"),
    ("phone", "+86 138 0013 8004"),
]

NOBODYS = [
    "user@example.com", "a.b@mail.example.org", "x@host.test", "support@seaview-hotel.net", "john.doe@acme.com",
    "4111 1111 1111 1111", "4242424242424242", "4539 1488 0343 6468", "1234 5678 9012 3456", "0000 0000 0000 0000",
    "GB82 WEST 1234 5698 7654 32", "DE89370400440532013000", "DE03 1203 0000 0000 2020 51",
    "123-45-6789", "000-12-3456", "666-12-3456", "987-65-4321", "078-05-1120",
    "127.0.0.1", "192.168.1.20", "10.0.0.7", "203.0.113.9", "8.8.8.8", "999.1.2.3", "version 93.184.215.14",
    "::1", "fe80::1", "2001:db8::8", "12:30:45",
    "+1 212 555 0147", "+1-800-555-0199", "+1 234 567 8901", "+44 7700 900123", "+1 234", "030 90182047", "3 + 4 5 6",
    "ftp://lena:t7Kq9wZ2@files.shop.net", "@seaview", "std::vector", "1.2.3.4", "2024-05-17", "7 1234567890123",
    "x = 100 + 20",
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text"), PERSONAL_DATA)
def test_personal_data_is_found_whole(kind, text):
    found = personal_data(f"Write to: {text}, please.")
    assert [(one.kind, f"Write to: {text}, please."[one.start : one.end]) for one in found] == [(kind, text)]


@pytest.mark.parametrize("text", NOBODYS)
def test_examples_and_other_numbers_are_not_personal(text):
    assert personal_data(f"It says {text} here.") == []


@pytest.mark.parametrize(
    "text", ["联系anna.lind@posteo.de吧", "пишите на anna.lind@posteo.de.", "<anna.lind@posteo.de>"]
)
def test_an_address_is_found_beside_any_script(text):
    assert "[email]" in mask(text)


@given(st.lists(st.sampled_from([text for _, text in PERSONAL_DATA] + NOBODYS + ["so", "。", "+", "@"]), max_size=8))
def test_masked_text_holds_no_personal_data(parts):
    assert personal_data(mask(" ; ".join(parts))) == []


@given(st.text(max_size=60))
def test_finds_are_apart_and_in_order(text):
    ends = [end for one in personal_data(text) for end in (one.start, one.end)]
    assert ends == sorted(ends)


def test_masking_keeps_the_rest():
    assert mask("Ask anna.lind@posteo.de or +49 30 90182047 today.") == "Ask [email] or [phone] today."


def test_a_verdict_tells_the_kind_and_does_not_quote_the_find():
    verdict = PERSONAL.on("output")(Record("Who?", output="Ask anna.lind@posteo.de, or 536-90-4399."))
    assert verdict is not None
    assert (verdict.reason, verdict.value, verdict.evidence) == ("personal-data", "email", "Ask [email], or [ssn].")


@given(st.integers(10**14, 10**15 - 1), st.integers(1, 9))
def test_luhn_notices_a_wrong_last_digit(stem, off):
    check = next(digit for digit in range(10) if passes_luhn(f"{stem}{digit}"))
    assert not passes_luhn(f"{stem}{(check + off) % 10}")


def test_mod_97_notices_two_digits_that_changed_places():
    assert passes_mod_97("DE02120300000000202051")
    assert not passes_mod_97("DE02123000000000202051")
