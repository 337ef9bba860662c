"""Secrets in a text: keys, tokens and passwords that grant access, recognized by their form.

The rule: only forms specific to an issuer, key blocks, web tokens and passwords in URLs; never randomness alone, which
ordinary text has too. Obviously made-up keys do not count: AKIAIOSFODNN7EXAMPLE, sk-xxxxxxxx, and all with too few
different characters.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator

from instgen.filters.found import Found, apart, covered, first
from instgen.filters.rule import TextRule
from instgen.filters.signs import constant

_FORMS = {
    "aws-key": r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}",
    "github-token": r"gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}",
    "gitlab-token": r"glpat-[\w-]{20,64}",
    "slack-token": r"xox[abeoprs]-(?:\d+-)+[\w-]{8,200}|xapp-\d-[A-Z0-9]+-\d+-[a-f0-9]{32,128}",
    "slack-webhook": r"https://hooks\.slack\.com/services/T[A-Z0-9]{7,12}/B[A-Z0-9]{7,12}/[A-Za-z0-9]{20,32}",
    "google-key": r"AIza[\w-]{35}|GOCSPX-[\w-]{28}|ya29\.[\w-]{40,400}",
    "anthropic-key": r"sk-ant-[a-z]{2,8}\d\d-[\w-]{60,140}",
    "openai-key": r"sk-(?:proj-|svcacct-|admin-)[\w-]{40,200}|sk-(?:or-v1-)?[A-Za-z0-9]{32,64}",
    "stripe-key": r"(?:sk|rk)_live_[A-Za-z0-9]{16,120}|whsec_[A-Za-z0-9+/]{32,64}",
    "hugging-face-token": r"hf_[A-Za-z]{34}",
    "npm-token": r"npm_[A-Za-z0-9]{36}",
    "pypi-token": r"pypi-AgE[\w-]{60,250}",
    "sendgrid-key": r"SG\.[\w-]{22}\.[\w-]{43}",
    "telegram-token": r"\d{8,10}:AA[\w-]{33}",
}
_ANY = re.compile(
    r"(?<![A-Za-z0-9_/+-])(?:"
    + "|".join(f"(?P<{kind.replace('-', '_')}>{form})" for kind, form in _FORMS.items())
    + r")(?![A-Za-z0-9_-])",
    re.A,
)
_KEY_BLOCK = re.compile(
    r"-----BEGIN ((?:RSA |EC |DSA |OPENSSH |ENCRYPTED |PGP )?PRIVATE KEY(?: BLOCK)?)-----"
    r"(?:\s|\\n|[\w-]{1,40}: [^\n]{0,200}\n){0,40}"
    r"([A-Za-z0-9+/=\s\\]{40,20000})(?:-----END \1-----)?"
)
_JWT = re.compile(r"(?<![\w-])(eyJ[\w-]{8,2000})\.(eyJ[\w-]{8,8000})\.([\w-]{20,2000})(?![\w-])", re.A)
_LOGIN = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[\w.%-]{1,64}:([^\s:@/]{6,100})@([\w.-]{1,253})", re.A)
_EXAMPLE = re.compile(
    r"example|sample|dummy|fake|your|change|placeholder|secret|password|insert|redacted|x{4}|\*{3}|\.{3}|1234567|abcdef|<|\{|\$",
    re.I,
)
_LEAST_DIFFERENT = 9
"""Fewest different characters of a random key: with 20 drawn from 32, one key in ten million has fewer than nine."""
_LOCAL = re.compile(r"localhost|127\.|(?:^|\.)example\.|host$|^db$|^postgres$|^redis$|^mongo$", re.I)


def _is_random(key: str) -> bool:
    """Whether a key may have been generated: enough different characters, and no word that marks it as an example."""
    return len(set(key)) >= _LEAST_DIFFERENT and not _EXAMPLE.search(key)


def _keys(text: str) -> Iterator[Found]:
    for found in _ANY.finditer(text):
        if _is_random(found[0]) and (any(map(str.isdigit, found[0])) or found.lastgroup == "hugging_face_token"):
            yield Found((found.lastgroup or "").replace("_", "-"), *found.span())


def _key_blocks(text: str) -> Iterator[Found]:
    for found in _KEY_BLOCK.finditer(text):
        if _is_random(found[2]):
            yield Found("private-key", *found.span())


def _decoded(part: str) -> object:
    """The JSON value of one part of a web token; None if it does not decode."""
    try:
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError):
        return None


_PUBLISHED = "eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9l"
"""The beginning of the claims in the token that tutorials show: subject 1234567890, name John Doe."""


def _web_tokens(text: str) -> Iterator[Found]:
    """JSON web tokens (RFC 7519): the header must name an algorithm, and the claims must be an object."""
    for found in _JWT.finditer(text):
        head = _decoded(found[1])
        if (
            isinstance(head, dict)
            and "alg" in head
            and isinstance(_decoded(found[2]), dict)
            and not found[2].startswith(_PUBLISHED)
            and _is_random(found[3])
        ):
            yield Found("web-token", *found.span())


def _logins(text: str) -> Iterator[Found]:
    """Passwords in URLs."""
    for found in _LOGIN.finditer(text):
        if not _EXAMPLE.search(found[1]) and not _LOCAL.search(found[2]) and any(map(str.isdigit, found[1])):
            yield Found("password", *found.span(1))


_KINDS = (_keys, _key_blocks, _web_tokens, _logins)
_SIGN = (
    r"a[ksbc][ic]a[a-z2-7]{4}|gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|xapp-|hooks\.slack|aiza|gocspx-|ya29\.|\bsk-"
    r"|[sr]k_live_|whsec_|\bhf_|npm_|pypi-|\bsg\.[a-z0-9_-]|[0-9]:aa|private key|eyj[a-z0-9_-]{4}|://[^\s/@]*@"
)


def secrets(text: str) -> list[Found]:
    """The keys, tokens and passwords in the text, in text order."""
    return apart(found for kind in _KINDS for found in kind(text))


def mask(text: str) -> str:
    """The text with secrets replaced by placeholders such as [github-token]."""
    return covered(text, secrets(text))


SECRET = TextRule(
    "secret",
    "secret",
    "A field contains a key, a token, a private key or a password in a URL, recognized by its form.",
    lambda text: first(text, secrets),
    constant(_SIGN),
)
