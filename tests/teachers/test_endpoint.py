from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instgen.errors import UsageError
from instgen.teachers.endpoint import EXCERPT, checked_key, checked_url, host_of, is_loopback, shown

KEY = "sk-CANARY0123456789"


@pytest.mark.parametrize("url", ["https://api.openai.com/v1/", "http://[::1]:8000/v1", "HTTP://localhost:8000"])
def test_a_base_url_loses_its_closing_slash_only(url: str) -> None:
    assert checked_url(url) == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:8000/v1",
        "ftp://host/v1",
        "http://",
        "http://host:port/v1",
        "http://host:99999/v1",
        "http://[::1/v1",
        "https://user:secret@host/v1",
        "https://@host/v1",
        "https://host/v1?api-version=3",
        "https://host/v1#part",
    ],
)
def test_what_is_no_base_url_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        checked_url(url)


def test_a_refused_address_does_not_show_its_password() -> None:
    with pytest.raises(UsageError) as caught:
        checked_url("https://user:hunter2@host/v1")
    assert "hunter2" not in str(caught.value) + caught.value.hint


def test_a_key_loses_the_white_space_around_it() -> None:
    assert checked_key(f" {KEY}\n", ("https://host/v1",)) == KEY


@pytest.mark.parametrize("key", [None, "", " \n"])
def test_no_key_is_empty(key: str | None) -> None:
    assert checked_key(key, ("http://192.0.2.1/v1",)) == ""


@pytest.mark.parametrize("key", ["sk-a\nsk-b", "sk a", "schlüssel", "sk-\x00"])
def test_a_key_that_cannot_stand_in_a_header_is_refused_unseen(key: str) -> None:
    with pytest.raises(UsageError) as caught:
        checked_key(key, ())
    assert key not in str(caught.value) + caught.value.hint


@pytest.mark.parametrize(
    "url", ["http://192.168.1.5:8000/v1", "HTTP://vllm.lab/v1", "http://localhost.evil.example/v1"]
)
def test_a_key_does_not_travel_in_the_clear(url: str) -> None:
    with pytest.raises(UsageError, match="unencrypted"):
        checked_key(KEY, ("https://fine.example/v1", url))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000/v1", "http://127.8.8.8/v1", "http://[::1]:1/v1", "http://localhost/v1"]
)
def test_this_machine_may_have_the_key_in_the_clear(url: str) -> None:
    assert checked_key(KEY, (url,)) == KEY


@pytest.mark.parametrize("url", ["http://10.0.0.1/v1", "http://example.com", "http://127.0.0.1.example.com"])
def test_other_machines_are_not_this_one(url: str) -> None:
    assert not is_loopback(url)


def test_a_host_is_named_with_its_port() -> None:
    assert host_of("http://127.0.0.1:8000/v1") == "127.0.0.1:8000"


@given(st.text(), st.text(), st.text("abcdefABCDEF0123456789-_.", min_size=1))
def test_a_key_is_never_shown(before: str, after: str, key: str) -> None:
    assert KEY + key not in shown(before + KEY + key + after, KEY + key)


@pytest.mark.parametrize("text", [f"Incorrect key: {KEY[:-4]}", "Authorization: Bearer abc.def", "bearer  xyz12345"])
def test_what_looks_like_a_key_is_not_shown(text: str) -> None:
    assert "[key]" in shown(text, "another")


def test_a_key_at_the_end_of_an_excerpt_is_not_shown_in_half() -> None:
    assert "CANARY" not in shown("x" * (EXCERPT - 8) + "canary-without-prefix-CANARY", "canary-without-prefix-CANARY")


@given(st.text())
def test_what_is_shown_is_one_short_printable_line(text: str) -> None:
    line = shown(text, "")
    assert len(line) <= EXCERPT
    assert not any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in line)
    assert len(line.splitlines()) <= 1
