"""The base URL and API key of an HTTP teacher: validated before use, and the key removed from everything shown.

The rule: a key is sent only in one header, to the host that the user named, and unencrypted only to this machine,
unless the user allows it.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from instgen.errors import UsageError

EXCERPT = 300
"""Maximum number of characters of a server's message that an error message quotes."""

HIDDEN = "[key]"
_KEY_LIKE = re.compile(r"(?i)\bbearer\s+\S+|\bsk-[\w-]{8,}|\bAIza[\w-]{20,}")
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def checked_url(url: str) -> str:
    """The base URL without trailing slashes.

    Raises:
        UsageError: it is not an HTTP address, or has a user name, a password, a query or a fragment.
    """
    try:
        parts = urlsplit(url)
        host, user = parts.hostname, "@" in parts.netloc
        _ = parts.port
    except ValueError as problem:
        raise UsageError(f"--base-url is not a web address: {problem}", hint=_EXAMPLE) from problem
    if parts.scheme not in {"http", "https"} or not host:
        raise UsageError("--base-url must begin with http:// or https:// and name a host", hint=_EXAMPLE)
    if user or parts.query or parts.fragment:
        raise UsageError(
            f"--base-url for {host} holds a password, a query or a fragment",
            hint="give the bare address; a key comes from --api-key-env or --api-key-file",
        )
    return url.rstrip("/")


def checked_key(key: str | None, urls: tuple[str, ...], in_the_clear: bool = False) -> str:
    """The key without surrounding white space; "" if there is none.

    Args:
        key: the key as configured.
        urls: the addresses to which it will be sent.
        in_the_clear: whether it may be sent to other machines unencrypted.

    Raises:
        UsageError: it cannot be part of a header, or would be sent unencrypted to one of the addresses.
    """
    bare = (key or "").strip()
    if not all("!" <= character <= "~" for character in bare):
        raise UsageError(
            "the API key holds a space, a line break or a character outside ASCII",
            hint="look at what --api-key-env or --api-key-file names",
        )
    for url in urls:
        if bare and not in_the_clear and url.lower().startswith("http://") and not is_loopback(url):
            raise UsageError(
                f"the API key would travel unencrypted to {host_of(url)}",
                hint="use an https:// address, or --allow-http where you trust the network in between",
            )
    return bare


def is_loopback(url: str) -> bool:
    """Whether the address is on this machine's loopback interface."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def host_of(url: str) -> str:
    """The `host:port` of an address, or its `host` if it has no port."""
    return urlsplit(url).netloc


def shown(text: str, key: str) -> str:
    """The text as one short printable line in which the key, and anything that looks like one, is hidden."""
    bare = text.replace(key, HIDDEN) if key else text
    line = _UNSEEN.sub(" ", _KEY_LIKE.sub(HIDDEN, bare)).strip()
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1] + "…"


_EXAMPLE = "for example --base-url http://127.0.0.1:8000/v1"
