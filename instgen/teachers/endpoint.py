"""Where an HTTP teacher lives, and the key that opens it: checked before use, and kept out of all that is shown.

The rule: a key goes into one header of a request to the host that the user named, in the clear to this machine only.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from instgen.errors import UsageError

EXCERPT = 300
"""Characters of a server's words that an error message may hold."""

HIDDEN = "[key]"
_KEY_LIKE = re.compile(r"(?i)\bbearer\s+\S+|\bsk-[\w-]{8,}|\bAIza[\w-]{20,}")
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def checked_url(url: str) -> str:
    """The base URL without its closing slash.

    Raises:
        UsageError: it is no HTTP address, or one that carries a password, a query or a fragment.
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
    """The key without the white space around it, or "" where there is none.

    Args:
        key: as it was found.
        urls: where it will be sent.
        in_the_clear: whether it may travel unencrypted to other machines.

    Raises:
        UsageError: it cannot stand in a header, or one of the addresses would carry it in the clear.
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
    """Whether the address is this machine's own."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def host_of(url: str) -> str:
    """The `host:port` of an address, the port left out where the address does."""
    return urlsplit(url).netloc


def shown(text: str, key: str) -> str:
    """The text as one short printable line in which the key, and whatever looks like one, does not occur."""
    bare = text.replace(key, HIDDEN) if key else text
    line = _UNSEEN.sub(" ", _KEY_LIKE.sub(HIDDEN, bare)).strip()
    return line if len(line) <= EXCERPT else line[: EXCERPT - 1] + "…"


_EXAMPLE = "for example --base-url http://127.0.0.1:8000/v1"
