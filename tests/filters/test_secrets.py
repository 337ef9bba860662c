"""Secrets are told by their issuers' forms; keys made up in plain sight pass. All keys here are drawn by lot."""

import base64
import json
import random
import string

import pytest

from instgen.filters.secrets import SECRET, mask, secrets
from instgen.records import Record

LETTERS = string.ascii_letters + string.digits


def drawn(length, signs=LETTERS):
    return "".join(random.Random(length).choices(signs, k=length))


def web_token(**head):
    parts = (json.dumps(part).encode() for part in (head, {"sub": "48121", "iat": 1716239022}))
    return ".".join([*(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts), drawn(43)])


KEYS = {
    "aws-key": "AK" + "IA" + drawn(16, string.ascii_uppercase + "234567"),
    "github-token": "gh" + "p_" + drawn(36),
    "gitlab-token": "gl" + "pat-" + drawn(20),
    "slack-token": "xo" + "xb-" + "7362819405-8391027465-" + drawn(24),
    "slack-webhook": "https://hooks.sl" + "ack.com/services/T0A8B3C9D/B0X7Y2Z5W/" + drawn(24),
    "google-key": "AI" + "za" + drawn(35),
    "anthropic-key": "sk-" + "ant-api03-" + drawn(93),
    "openai-key": "sk-" + "proj-" + drawn(64),
    "stripe-key": "sk_" + "live_" + drawn(24),
    "hugging-face-token": "hf" + "_" + drawn(34, string.ascii_letters),
    "npm-token": "np" + "m_" + drawn(36),
    "pypi-token": "py" + "pi-AgE" + drawn(80),
    "sendgrid-key": "S" + "G." + drawn(22) + "." + drawn(43),
    "telegram-token": "827361940:A" + "A" + drawn(33),
    "web-token": web_token(alg="HS256"),
}

NONE = [
    "AKIAIOSFODNN7EXAMPLE",
    "sk-" + "x" * 48,
    "sk-your-api-key-goes-here-and-nowhere-else",
    "sk-proj-" + "1234567890" * 5,
    "AI" + "zaSyEXAMPLE" + drawn(26),
    "ghp_" + "a" * 36,
    "task-ant-hill and risk-free",
    "a sha: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "postgres://user:password1@db.shop.net/x",
    "postgres://anna:t7Kq9wZ2@localhost/x",
    "http://anna:{TOKEN_1}@files.shop.net",
    "-----BEGIN PUBLIC KEY-----\n" + drawn(64),
    "-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----",
    web_token(typ="JWT"),
    "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
]


@pytest.mark.parametrize(("kind", "key"), KEYS.items())
def test_a_key_of_each_form_is_found_whole(kind, key):
    text = f'API_KEY = "{key}"'
    assert [(one.kind, text[one.start : one.end]) for one in secrets(text)] == [(kind, key)]


@pytest.mark.parametrize("text", NONE)
def test_what_is_made_up_or_no_key_passes(text):
    assert secrets(f"Use {text} here.") == []


def test_a_private_key_is_covered_whole():
    block = "-----BEGIN RSA PRIVATE KEY-----\n" + drawn(64) + "\n" + drawn(40) + "\n-----END RSA PRIVATE KEY-----"
    assert mask(f"Key:\n{block}\nKeep it.") == "Key:\n[private-key]\nKeep it."


def test_of_a_login_the_password_alone_is_covered():
    assert mask("ftp://lena:t7Kq9wZ2@files.shop.net/a") == "ftp://lena:[password]@files.shop.net/a"


def test_the_verdict_does_not_hold_the_secret():
    key = KEYS["openai-key"]
    verdict = SECRET.on("output")(Record("Write code.", output=f"key = '{key}'"))
    assert verdict is not None
    assert (verdict.reason, verdict.value) == ("secret", "openai-key")
    assert key[-8:] not in verdict.evidence
