"""Personal data in a text: addresses and numbers that identify a person, recognized by form and check digits.

The rule: only data with a reliable form. Names, postal addresses and dates of birth have none, and are not looked for.
Examples do not count: domains and numbers that standards reserve for documentation, the test card numbers of payment
services, and IP addresses that are not on the public internet.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address

from instgen.filters.found import Found, apart, covered, first
from instgen.filters.rule import TextRule
from instgen.filters.signs import constant


def _each(words: str) -> frozenset[str]:
    return frozenset(words.split())


_EMAIL = re.compile(
    r"(?<![\w.+%-])[a-z0-9](?:[\w.+%-]{0,62}[\w+%-])?@((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,6}[a-z]{2,24})(?![\w-])",
    re.I | re.A,
)
_RESERVED = re.compile(
    r"(?:^|\.)(?:example\.(?:com|net|org|edu)|(?:my|your)?(?:domain|company|email|site|website)\.(?:com|org|net)"
    r"|(?:example|test|invalid|localhost|local|internal))$"
)
"""Domains for documentation and tests (RFC 2606, RFC 6761), and placeholders common in examples."""
_NOBODY = _each(
    "abc contact email example firstname.lastname hello help info jane.doe janedoe john.doe johndoe me name no-reply "
    "noreply support test user username xyz you your.email your.name youremail yourname"
)
"""Mailboxes that belong to no particular person, and placeholders."""


_LOGIN = re.compile(r"://[^\s/@]*\Z")
"""The part of a URL before a password, which together with the host looks like a mailbox."""


def _emails(text: str) -> Iterator[Found]:
    for found in _EMAIL.finditer(text):
        mailbox = found[0].split("@")[0].casefold()
        login = _LOGIN.search(text[max(0, found.start() - 100) : found.start()])
        if not login and mailbox not in _NOBODY and not _RESERVED.search(found[1].casefold()):
            yield Found("email", *found.span())


_CARD = re.compile(
    r"(?<![\w.-])(?:[3-6]\d{3}(?:([ -]?)\d{4})(?:\1\d{4})(?:\1\d{1,7})|3[47]\d\d([ -]?)\d{6}\2\d{5})(?![\w-]|\.\d)"
)
_CARD_LENGTHS = {"3": (14, 15, 16), "4": (13, 16, 19), "5": (16,), "6": (16, 19)}
_TEST_CARDS = _each(
    "378282246310005 371449635398431 378734493671000 4012888888881881 4242424242424242 4000056655665556 "
    "4222222222222 5105105105105100 5555555555554444 5200828282828210 2223003122003222 6011111111111117 "
    "6011000990139424 3056930009020004 36227206271667 30569309025904 38520000023237 3530111333300000 3566002020360505 "
    "4111111111111111 4532015112830366 4000000000000002 4916338506082832 4539578763621486"
)
"""Test numbers published by payment services, and numbers used in explanations of the Luhn check."""


def passes_luhn(digits: str) -> bool:
    """Whether the last digit is the correct Luhn check digit (ISO/IEC 7812-1)."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def _cards(text: str) -> Iterator[Found]:
    for found in _CARD.finditer(text):
        digits = re.sub(r"\D", "", found[0])
        if (
            len(digits) in _CARD_LENGTHS[digits[0]]
            and digits not in _TEST_CARDS
            and len(set(digits)) > 3
            and passes_luhn(digits)
        ):
            yield Found("card", *found.span())


_IBAN = re.compile(r"(?<![\w-])[A-Z]{2}\d\d(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![\w-])", re.A)
_IBAN_EXAMPLES = _each(
    "GB82WEST12345698765432 GB33BUKB20201555555555 GB29NWBK60161331926819 DE89370400440532013000 "
    "DE75512108001245126199 FR1420041010050500013M02606 FR7630006000011234567890189 ES9121000418450200051332 "
    "ES7921000813610123456789 IT60X0542811101000000123456 NL91ABNA0417164300 BE68539007547034 CH9300762011623852957 "
    "AT611904300234573201 PL61109010140000071219812874 SE4550000000058398257466 DK5000400440116243"
)
"""Account numbers that the IBAN registry (SWIFT) and encyclopedias give as examples."""


def passes_mod_97(iban: str) -> bool:
    """Whether the check digits of an account number are correct (ISO 13616: the remainder modulo 97 is 1)."""
    return int("".join(str(int(char, 36)) for char in iban[4:] + iban[:4])) % 97 == 1


def _ibans(text: str) -> Iterator[Found]:
    for found in _IBAN.finditer(text):
        iban = found[0].replace(" ", "")
        if 15 <= len(iban) <= 34 and iban not in _IBAN_EXAMPLES and passes_mod_97(iban):
            yield Found("iban", *found.span())


_SSN = re.compile(r"(?<![\w.-])(?!000|666|9)\d{3}-(?!00)\d\d-(?!0000)\d{4}(?![\w-]|\.\d)")
_SSN_EXAMPLES = frozenset({"078-05-1120", "219-09-9999", "123-45-6789", "987-65-4321", "111-11-1111", "555-55-5555"})
"""Numbers printed on sample cards, and obviously made-up ones."""


def _ssns(text: str) -> Iterator[Found]:
    return (Found("ssn", *found.span()) for found in _SSN.finditer(text) if found[0] not in _SSN_EXAMPLES)


_IP = re.compile(
    r"(?<![\w.:-])(?:\d{1,3}(?:\.\d{1,3}){3}(?![\w-]|\.\d)|(?:[0-9a-f]{1,4}:){2,7}(?::?[0-9a-f]{1,4}|:)"
    r"(?::[0-9a-f]{1,4}){0,6}(?![\w:]))",
    re.I | re.A,
)
_WELL_KNOWN = _each("8.8.8.8 8.8.4.4 1.1.1.1 1.0.0.1 9.9.9.9 1.2.3.4 2001:4860:4860::8888")
"""Well-known public name servers, and a common placeholder."""
_VERSION = re.compile(r"\b(?:v|ver|version|release|build|section|chapter)\.?\s*$", re.I)


def _addresses(text: str) -> Iterator[Found]:
    for found in _IP.finditer(text):
        try:
            address = ip_address(found[0])
        except ValueError:
            continue
        if address.is_global and found[0] not in _WELL_KNOWN and not _is_no_host(found, text):
            yield Found("ip", *found.span())


def _is_no_host(found: re.Match[str], text: str) -> bool:
    """Whether the match is a version number, or a network or broadcast address."""
    return bool(_VERSION.search(text, 0, found.start())) or found[0].endswith((".0", ".255", "::"))


_PHONE = re.compile(
    r"(?<![\w+.-])(?:\+|00(?=[1-9]\d{0,2}[ -]))[1-9]\d{0,2}(?:[ .-]?(?:\(0?\d{1,4}\)|\d{1,5})){1,6}(?![\w-]|[.,]\d)"
)
_FICTION = re.compile(r"1?\d{3}555\d{4}|1\d{3}5550\d{3}|4420794609\d\d|447700900\d{3}|4416329600\d\d")
"""Numbers reserved for fiction: 555 in North America, Ofcom's drama numbers in the United Kingdom."""


def _phones(text: str) -> Iterator[Found]:
    for found in _PHONE.finditer(text):
        digits = re.sub(r"\D", "", found[0]).removeprefix("00")
        made_up = len(set(digits)) <= 3 or "12345" in digits or _FICTION.fullmatch(digits)
        if 9 <= len(digits) <= 15 and not made_up:
            yield Found("phone", *found.span())


_KINDS = (_emails, _cards, _ibans, _ssns, _addresses, _phones)
_SIGN = r"@|[0-9][ .)(-]?[0-9][ .)(-]?[0-9]|[0-9a-f]:[0-9a-f:]|[0-9]\.[0-9]"


def personal_data(text: str) -> list[Found]:
    """The personal data in the text, in text order, of the kinds email, card, iban, ssn, ip and phone."""
    return apart(found for kind in _KINDS for found in kind(text))


def mask(text: str) -> str:
    """The text with personal data replaced by placeholders such as [email]."""
    return covered(text, personal_data(text))


PERSONAL = TextRule(
    "personal-data",
    "personal-data",
    "A field contains an e-mail address, a card, account, social security or phone number, or an IP address.",
    lambda text: first(text, personal_data),
    constant(_SIGN),
)
