"""What to do after a request that got no answer: the one policy of all HTTP teachers.

The rule: pure functions of what came back, the attempt's number and the time; nothing here sleeps or asks. The server's
own word (`x-should-retry`) counts first, then the status; an account without quota is refused whatever else is said.
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
"""Seconds that a server's Retry-After is obeyed for, at most: the limit of OpenAI's own client."""

FIRST_WAIT, LAST_WAIT = 0.5, 8.0
"""Seconds: the exponential backoff doubles from the one to the other, as OpenAI's and Anthropic's clients do."""

JITTER = 0.25
"""The part of a wait that is drawn, as OpenAI's client does: with full jitter a later wait is often the shorter one.
How many requests go out at a time is for the pace to say."""

AGAIN = frozenset({0, 200, 408, 409, 425, 429})
"""Statuses worth another try, beside the servers' own failures; 0 is no response, 200 one without an answer in it."""

HINTS: Mapping[int, str] = {
    401: "check the key: --api-key-env and --api-key-file say where it comes from",
    402: "the account needs credit",
    403: "the key may not use this model, or the server does not serve this place",
    404: "check the model's name; a base URL usually ends in /v1",
    405: "check the base URL: it usually ends in /v1",
}
"""Statuses that end the run, whatever is asked, and what to do about each."""

OVERLOADED = frozenset({429, 503, 529})
"""Statuses that say that there are too many requests; a time-out says it too."""

OUT_OF_QUOTA = "insufficient_quota"
SPENT = frozenset(
    {
        OUT_OF_QUOTA,
        "enforced_spend_limit_reached",
        "contract_spend_limit_reached",
        "linked_organization_spend_limit_reached",
    }
)
"""Codes that no waiting mends, with status 429 or 400: OpenAI's, and Anthropic's."""

BAD_KEY = "API_KEY_INVALID"
"""Google's reason for turning down a wrong key, with status 400 and INVALID_ARGUMENT."""
_RESET = re.compile(r"x-ratelimit-reset-(\w+)|anthropic-ratelimit-([\w-]+)-reset")
_REMAINING = re.compile(r"x-ratelimit-remaining-\w+|anthropic-ratelimit-[\w-]+-remaining")
_SPAN = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[hms]))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[hms])")
_UNITS: Mapping[str, float] = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}

NO_QUOTA_LEFT = "exceeded your current quota"
QUOTA_HINT = "the account's quota is used up: raise it or take another key"
REDIRECT_HINT = "redirects are not followed: give the address it leads to as --base-url"


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that got no answer."""

    status: int
    """The HTTP status; 0 where no response came."""
    message: str = ""
    code: str = ""
    """The server's name for the error, where it gives one."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """By lower-case name."""
    wait: float | None = None
    """Seconds to wait that the body asks for, where it does."""
    timed_out: bool = False

    @property
    def overloaded(self) -> bool:
        """Whether the server was sent too much."""
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
        attempt: counts from 1.
        tries: requests to make at most.
        now: seconds since the epoch, against which dates are read.
        rng: for the jitter, so that equal prompts wait equally long.
    """
    judged = _judged(failure)
    if not _worth_asking(failure, judged.action):
        return Decision("item") if judged.action == "again" else judged
    if attempt >= tries:
        return Decision("item") if judged.action == "again" else judged
    if failure.wait is not None and failure.wait > 0:
        return Decision("again", wait=min(failure.wait, LONGEST_WAIT))
    told = failure.headers if failure.overloaded else _without_resets(failure.headers)
    return Decision("again", wait=wait_before_next(told, attempt=attempt, now=now, rng=rng))


def wait_before_next(headers: Mapping[str, str], *, attempt: int, now: float, rng: Random) -> float:
    """Seconds until the next try: the server's wish where it gives one, else exponential backoff with jitter."""
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
    """Whether an answer says that one of the allowances is used up, as OpenAI's and Anthropic's do."""
    return any(value == "0" and _REMAINING.fullmatch(name) for name, value in headers.items())


def until_reset(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds until the last of a server's limits is reset, where its headers say so.

    Args:
        headers: by lower-case name: `x-ratelimit-reset-requests: 6m0s` (OpenAI),
            `anthropic-ratelimit-tokens-reset: 2026-11-24T10:00:00Z` and their like.
        now: seconds since the epoch.
    """
    waits = [_span(value) or _until_moment(value, now) for name, value in headers.items() if _RESET.fullmatch(name)]
    known = [wait for wait in waits if wait is not None]
    return min(max(known), LONGEST_WAIT) if known else None


def _without_resets(headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers of a failure that has nothing to do with a limit: its reset is not to be waited for."""
    return {name: value for name, value in headers.items() if not _RESET.fullmatch(name)}


def _span(value: str) -> float | None:
    """Seconds in a span such as `1s`, `6m0s`, `1h2m3.5s` or `20ms`, or a bare number of them."""
    if _SPAN.fullmatch(value.strip()):
        return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(value)) or None
    return _seconds(value)


def _until_moment(value: str, now: float) -> float | None:
    """Seconds until a moment as RFC 3339 writes it, where it is still to come."""
    try:
        moment = datetime.fromisoformat(value.strip())
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now
    except (ValueError, OverflowError):
        return None
    return seconds if seconds > 0 else None


def _judged(failure: Failure) -> Decision:
    """The decision by code and status alone."""
    if failure.code == FLAGGED:
        return Decision("item")
    if hint := _ends_the_run(failure):
        return Decision("run", hint=hint)
    if failure.status in AGAIN or failure.status >= 500:
        return Decision("again")
    return Decision("item")


def _ends_the_run(failure: Failure) -> str:
    """What to do about a failure that all other prompts would meet, too; "" for any other."""
    if _out_of_quota(failure):
        return QUOTA_HINT
    if failure.code == BAD_KEY:
        return HINTS[401]
    if 300 <= failure.status < 400:
        return REDIRECT_HINT
    return HINTS.get(failure.status, "")


def _worth_asking(failure: Failure, judged: Action) -> bool:
    said = failure.headers.get("x-should-retry", "").strip().lower()
    if said in {"true", "false"} and not _out_of_quota(failure):
        return said == "true"
    return judged == "again"


def _out_of_quota(failure: Failure) -> bool:
    return failure.code in SPENT or (failure.status == 429 and NO_QUOTA_LEFT in failure.message.lower())


def _seconds(value: str | None, unit: float = 1.0) -> float | None:
    """The positive finite number that a header holds, in seconds."""
    try:
        number = float(value or "") * unit
    except ValueError:
        return None
    return number if math.isfinite(number) and number > 0 else None


def _until(value: str | None, now: float) -> float | None:
    """Seconds until the HTTP date that a header holds, where it is still to come; a date without a zone is UTC."""
    try:
        date = parsedate_to_datetime(value or "")
        seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now
    except (ValueError, OverflowError):
        return None
    return seconds if seconds > 0 else None
