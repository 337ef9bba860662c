"""What to do after a request that got no answer: the retry policy of all HTTP teachers.

The rule: pure functions of what came back, the attempt's number and the time; nothing here sleeps or sends. The
server's `x-should-retry` header takes precedence over the status; an exhausted quota ends the run whatever that says.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from random import Random
from typing import Literal

from instgen.teachers.dialect import FLAGGED

Action = Literal["again", "item", "run"]
"""Ask again; give up this prompt; give up the run."""

LONGEST_WAIT = 120.0
"""Maximum seconds for which a server's Retry-After is obeyed: the limit of OpenAI's own client."""

FIRST_WAIT, LAST_WAIT = 0.5, 8.0
"""Seconds: the exponential backoff doubles from the first to the last, as in OpenAI's and Anthropic's clients."""

JITTER = 0.25
"""The random share of a wait, as in OpenAI's client: with full jitter, a later wait would often be the shorter one. The
number of requests in flight is not controlled here but in `pace`."""

AGAIN = frozenset({0, 200, 408, 409, 425, 429})
"""Statuses to retry besides 5xx; 0 means no response, 200 a response without an answer."""

HINTS: Mapping[int, str] = {
    401: "check the key: --api-key-env and --api-key-file say where it comes from",
    402: "the account needs credit",
    403: "the key may not use this model, or the service is not available in this region",
    404: "check the model's name; a base URL usually ends in /v1",
    405: "check the base URL: it usually ends in /v1",
}
"""Statuses that end the run, because every prompt would get them, and a hint for each."""

OVERLOADED = frozenset({429, 503, 529})
"""Statuses that mean too many requests; so does a timeout."""

OUT_OF_QUOTA = "insufficient_quota"
SPENT = frozenset(
    {
        OUT_OF_QUOTA,
        "enforced_spend_limit_reached",
        "contract_spend_limit_reached",
        "linked_organization_spend_limit_reached",
    }
)
"""Codes of OpenAI and Anthropic, with status 429 or 400, for an exhausted quota, which waiting does not solve."""

BAD_KEY = "API_KEY_INVALID"
"""Google's reason for rejecting a wrong key, with status 400 and INVALID_ARGUMENT."""
_RESET = re.compile(r"x-ratelimit-reset-(\w+)|anthropic-ratelimit-([\w-]+)-reset")
_REMAINING = re.compile(r"x-ratelimit-remaining-\w+|anthropic-ratelimit-[\w-]+-remaining")
_SPAN = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[hms]))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[hms])")
_UNITS: Mapping[str, float] = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}

NO_QUOTA_LEFT = "exceeded your current quota"
QUOTA_HINT = "the account's quota is used up: raise it, or use another key"
REDIRECT_HINT = "redirects are not followed: give the address it leads to as --base-url"


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that got no answer."""

    status: int
    """The HTTP status; 0 if there was no response."""
    message: str = ""
    code: str = ""
    """The server's name for the error; "" if it gives none."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """By lower-case name."""
    wait: float | None = None
    """Seconds that the body asks to wait; None if it does not."""
    timed_out: bool = False

    @property
    def overloaded(self) -> bool:
        """Whether the failure means that the server got too many requests."""
        return self.status in OVERLOADED or self.timed_out


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do about a failure."""

    action: Action
    wait: float = 0.0
    """Seconds to wait before asking again."""
    hint: str = ""


def decide(failure: Failure, *, attempt: int, tries: int, now: float, rng: Random) -> Decision:
    """What to do after the `attempt`-th of `tries` requests has failed.

    Args:
        failure: what came back.
        attempt: the number of the request, counting from 1.
        tries: maximum number of requests.
        now: seconds since the epoch, to which dates in headers are compared.
        rng: random numbers for the jitter, seeded so that equal prompts wait equally long.
    """
    judged = _judged(failure)
    if not _worth_asking(failure, judged.action):
        return Decision("item") if judged.action == "again" else judged
    if attempt >= tries:
        return Decision("item") if judged.action == "again" else judged
    if failure.wait is not None and failure.wait > 0:
        return Decision("again", wait=min(failure.wait, LONGEST_WAIT))
    headers = failure.headers if failure.overloaded else _without_resets(failure.headers)
    return Decision("again", wait=wait_before_next(headers, attempt=attempt, now=now, rng=rng))


def wait_before_next(headers: Mapping[str, str], *, attempt: int, now: float, rng: Random) -> float:
    """Seconds until the next try: what the server asks for, if it does, else exponential backoff with jitter."""
    wishes = (
        _seconds(headers.get("retry-after-ms"), unit=0.001),
        _seconds(headers.get("retry-after")),
        _until(headers.get("retry-after"), now),
        until_reset(headers, now),
    )
    for wish in wishes:
        if wish is not None:
            return min(wish, LONGEST_WAIT)
    return rng.uniform(1 - JITTER, 1) * min(LAST_WAIT, FIRST_WAIT * 2.0 ** min(attempt - 1, 10))


def nothing_remains(headers: Mapping[str, str]) -> bool:
    """Whether the rate limit headers of OpenAI or Anthropic say that one of the allowances is used up."""
    return any(value == "0" and _REMAINING.fullmatch(name) for name, value in headers.items())


def until_reset(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds until the last of a server's limits resets; None if its headers do not say.

    Args:
        headers: by lower-case name, such as `x-ratelimit-reset-requests: 6m0s` (OpenAI) or
            `anthropic-ratelimit-tokens-reset: 2026-11-24T10:00:00Z`.
        now: seconds since the epoch.
    """
    waits = [_span(value) or _until_moment(value, now) for name, value in headers.items() if _RESET.fullmatch(name)]
    known = [wait for wait in waits if wait is not None]
    return min(max(known), LONGEST_WAIT) if known else None


def _without_resets(headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers without the resets of limits, for a failure that is not due to a limit."""
    return {name: value for name, value in headers.items() if not _RESET.fullmatch(name)}


def _span(value: str) -> float | None:
    """Seconds in a duration such as `1s`, `6m0s`, `1h2m3.5s` or `20ms`, or in a bare number of seconds."""
    if _SPAN.fullmatch(value.strip()):
        return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(value)) or None
    return _seconds(value)


def _until_moment(value: str, now: float) -> float | None:
    """Seconds until an RFC 3339 time; None if it is invalid or past."""
    try:
        moment = datetime.fromisoformat(value.strip())
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now
    except (ValueError, OverflowError):
        return None
    return seconds if seconds > 0 else None


def _judged(failure: Failure) -> Decision:
    """The decision by error code and status alone."""
    if failure.code == FLAGGED:
        return Decision("item")
    if hint := _ends_the_run(failure):
        return Decision("run", hint=hint)
    if failure.status in AGAIN or failure.status >= 500:
        return Decision("again")
    return Decision("item")


def _ends_the_run(failure: Failure) -> str:
    """The hint for a failure that every other prompt would meet too; "" for any other failure."""
    if _out_of_quota(failure):
        return QUOTA_HINT
    if failure.code == BAD_KEY:
        return HINTS[401]
    if 300 <= failure.status < 400:
        return REDIRECT_HINT
    return HINTS.get(failure.status, "")


def _worth_asking(failure: Failure, judged: Action) -> bool:
    verdict = failure.headers.get("x-should-retry", "").strip().lower()
    if verdict in {"true", "false"} and not _out_of_quota(failure):
        return verdict == "true"
    return judged == "again"


def _out_of_quota(failure: Failure) -> bool:
    return failure.code in SPENT or (failure.status == 429 and NO_QUOTA_LEFT in failure.message.lower())


def _seconds(value: str | None, unit: float = 1.0) -> float | None:
    """The positive finite number in a header, converted to seconds; None if there is none."""
    try:
        number = float(value or "") * unit
    except ValueError:
        return None
    return number if math.isfinite(number) and number > 0 else None


def _until(value: str | None, now: float) -> float | None:
    """Seconds until the HTTP date in a header; None if it is invalid or past. A date without a time zone is UTC."""
    try:
        date = parsedate_to_datetime(value or "")
        seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now
    except (ValueError, OverflowError):
        return None
    return seconds if seconds > 0 else None
