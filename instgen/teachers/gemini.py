"""`gemini/MODEL`: Google's Gemini API, v1beta `generateContent`: prompts into bodies, replies into completions.

The rule: pure translation. What all HTTP teachers share is in `wire`; a setting that this API does not support is named
in `unsent`, so that it is reported and never dropped silently. The key is sent in a header, never in the URL.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from instgen.errors import ItemFailed, UsageError
from instgen.records import Completion, Finish, Prompt, Usage
from instgen.teachers import dialect
from instgen.teachers.dialect import SEEDS, Answer, Complaint, Unusable, count, counted, mapping, string
from instgen.teachers.retry import BAD_KEY, NO_QUOTA_LEFT, OUT_OF_QUOTA
from instgen.teachers.teacher import Settings, Traits
from instgen.teachers.wire import HttpTeacher

TRAITS = Traits(tasks_per_call=10)
"""The same as for other chat models; see `openai.TRAITS`."""

ROLES: Mapping[str, str] = {"user": "user", "assistant": "model"}

FINISHES: Mapping[str, Finish] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "CONTINUATION": "length",
    "SAFETY": "refusal",
    "RECITATION": "refusal",
    "LANGUAGE": "refusal",
    "BLOCKLIST": "refusal",
    "PROHIBITED_CONTENT": "refusal",
    "SPII": "refusal",
    "ESCALATION": "refusal",
    "MODEL_ARMOR": "refusal",
}
"""Meaning of each `finishReason`; the names are those of Google's own client 3.3."""

UNASKED = frozenset(
    {
        "IMAGE_SAFETY",
        "IMAGE_PROHIBITED_CONTENT",
        "IMAGE_RECITATION",
        "IMAGE_OTHER",
        "NO_IMAGE",
        "TOO_MANY_TOOL_CALLS",
        "MISSING_THOUGHT_SIGNATURE",
        "PUP_LIMITED_DISABLED",  # the account is limited for breaking the use policy
    }
)
"""Finish reasons that another try would not change: images and tools, which we never ask for, and a restricted account.
A malformed or unexpected tool call is not among them: models invent one now and then, and answer when asked again."""

EXHAUSTED = "RESOURCE_EXHAUSTED"

DAILY = "PerDay"
"""Part of the name of a quota that resets at midnight Pacific time, whatever wait the server asks for."""

_NOTHING = re.compile(r"\blimit: 0\b")
"""Part of the message if the account has no quota at all for the model; the details omit a limit of zero."""

_SECONDS = re.compile(r"(\d{1,9}(?:\.\d+)?)s")


def open(model: str, settings: Settings) -> HttpTeacher:
    """The teacher for `gemini/MODEL`, not yet connected.

    Raises:
        UsageError: no model is named, or an address or the key is invalid.
    """
    if not model:
        raise UsageError("gemini needs a model", hint="for example -t gemini/MODEL")
    return HttpTeacher(DIALECT, model, settings, TRAITS)


class Gemini:
    """Gemini's dialect; see `wire.Dialect` for what each part does.

    `presence_penalty` is not sent although `generationConfig` has a field for it: models from 2.5 on reject every
    request that sets it.
    """

    provider: str = "gemini"
    home: str = "https://generativelanguage.googleapis.com/v1beta"
    key_variable: str = "GEMINI_API_KEY"
    optional: Mapping[str, str | None] = {}
    unsent: tuple[str, ...] = ("presence_penalty",)

    def headers(self, key: str) -> dict[str, str]:
        """The key, if there is one."""
        return {"x-goog-api-key": key} if key else {}

    def path(self, model: str, prompt: Prompt) -> str:
        """The model's own endpoint; `models/` is prepended unless the name already has such a prefix."""
        del prompt
        name = model if model.startswith(("models/", "tunedModels/")) else f"models/{model}"
        return f"{quote(name)}:generateContent"

    def body(self, model: str, prompt: Prompt) -> dict[str, Any]:
        """The request body. System messages, wherever they are, become its `systemInstruction`.

        Raises:
            ItemFailed: the prompt is a bare document, has only system messages, or has one with an unknown role.
        """
        del model
        body: dict[str, Any] = {"contents": _contents(prompt)}
        system = "\n\n".join(turn.content for turn in prompt.messages if turn.role == "system")
        if system:
            body["systemInstruction"] = {"parts": [{"text": system}]}
        config = _config(prompt)
        if config:
            body["generationConfig"] = config
        return body

    def read(self, reply: object, prompt: Prompt) -> Completion:
        """The completion in a decoded reply, without its teacher and host; a blocked prompt is a refusal.

        Raises:
            Unusable: the reply has no completion: it is an error, or lacks content or a known finish reason.
            ItemFailed: it ended for a reason that another try would not change.
        """
        whole = dialect.whole(_unwrapped(reply))
        counts = mapping(whole.get("usageMetadata"))
        candidate = _candidate(whole)
        if candidate is None:
            return Completion("", "refusal", usage=_usage(counts, prompt, ""))
        finish = dialect.ending(candidate.get("finishReason"), FINISHES, UNASKED)
        answer = _answer(candidate)
        if answer.text is None and finish == "stop" and not answer.reasoning:
            raise Unusable("the reply has no content")
        text = answer.text or ""
        usage = _usage(counts, prompt, text + answer.reasoning)
        return Completion(text, finish, reasoning=answer.reasoning, usage=usage)

    def complaint(self, reply: object) -> Complaint:
        """What an error body says: its status is the code, except for a wrong key or an exhausted quota.

        Google words a per-minute limit like a daily one. The names of the quotas distinguish them; for a limit that
        will pass, they replace the message, so that it is not mistaken for the other.
        """
        body = _unwrapped(reply)
        error = mapping(mapping(body).get("error"))
        found = dialect.complaint(body)
        status = string(error.get("status"))
        if status == EXHAUSTED:
            return _limit(found, error)
        reasons = {string(info.get("reason")) for info in _details(error, "ErrorInfo")}
        fields = [string(mapping(violation).get("field")) for violation in _violations(error, "BadRequest")]
        return replace(
            found,
            code=BAD_KEY if BAD_KEY in reasons else status or found.code,
            parameter=fields[0] if fields else "",
        )

    def wait(self, reply: object) -> float | None:
        """Seconds that an error body asks to wait; None if it does not."""
        return _delay(mapping(mapping(_unwrapped(reply)).get("error")))


DIALECT = Gemini()


def _contents(prompt: Prompt) -> list[dict[str, Any]]:
    if not prompt.messages:
        raise ItemFailed("gemini only answers chats, and the prompt is a document to continue")
    turns = [turn for turn in prompt.messages if turn.role != "system"]
    for turn in turns:
        if turn.role not in ROLES:
            raise ItemFailed(f"gemini accepts no turn of the role {turn.role!r}")
    if not turns:
        raise ItemFailed("gemini needs a turn besides the system's, and the prompt has none")
    return [{"role": ROLES[turn.role], "parts": [{"text": turn.content}]} for turn in turns]


def _config(prompt: Prompt) -> dict[str, Any]:
    settings = {
        "temperature": prompt.temperature,
        "topP": prompt.top_p,
        "maxOutputTokens": prompt.max_tokens,
        "stopSequences": prompt.stop or None,
        "seed": None if prompt.seed is None else prompt.seed % SEEDS,
        "responseMimeType": None if prompt.schema is None else "application/json",
        "responseJsonSchema": prompt.schema,
    }
    return {name: value for name, value in settings.items() if value is not None}


def _candidate(whole: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The first candidate, or None if the prompt itself was blocked."""
    candidates = whole.get("candidates")
    if isinstance(candidates, list) and candidates and isinstance(candidates[0], dict):
        return candidates[0]
    if mapping(whole.get("promptFeedback")).get("blockReason"):
        return None
    raise Unusable("the reply has no candidates")


def _answer(candidate: Mapping[str, Any]) -> Answer:
    """The parts with text: those of the answer, and those marked as thought."""
    parts = [mapping(part) for part in _list(mapping(candidate.get("content")).get("parts"))]
    spoken = [part for part in parts if isinstance(part.get("text"), str)]
    texts = [part["text"] for part in spoken if not part.get("thought")]
    thoughts = [part["text"] for part in spoken if part.get("thought")]
    return Answer("".join(texts) if texts else None, "".join(thoughts))


def _usage(counts: Mapping[str, Any], prompt: Prompt, answer: str) -> Usage:
    """The server's counts; there, thoughts are not part of the candidates' tokens, and a count of zero is omitted."""
    asked = counted(counts.get("promptTokenCount"))
    if asked is None:
        return dialect.estimated(prompt, answer)
    thoughts = count(counts.get("thoughtsTokenCount"))
    answered = count(counts.get("candidatesTokenCount")) + thoughts
    return Usage(asked, answered, cached=count(counts.get("cachedContentTokenCount")), reasoning=thoughts)


def _limit(complaint: Complaint, error: Mapping[str, Any]) -> Complaint:
    """A complaint about a quota, marked as one that will pass or one that the run cannot wait out."""
    names = [string(mapping(violation).get("quotaId")) for violation in _violations(error, "QuotaFailure")]
    worded_as_spent = NO_QUOTA_LEFT in complaint.message.lower()
    no_end = worded_as_spent and _delay(error) is None
    if no_end or _NOTHING.search(complaint.message) or any(DAILY in name for name in names):
        return replace(complaint, code=OUT_OF_QUOTA)
    if not worded_as_spent:
        return replace(complaint, code=EXHAUSTED)
    return Complaint(f"rate limit reached: {', '.join(filter(None, names)) or 'no quota is named'}", EXHAUSTED)


def _delay(error: Mapping[str, Any]) -> float | None:
    for info in _details(error, "RetryInfo"):
        seconds = _SECONDS.fullmatch(string(info.get("retryDelay")))
        if seconds and float(seconds[1]) > 0:
            return float(seconds[1])
    return None


def _details(error: Mapping[str, Any], kind: str) -> Iterator[Mapping[str, Any]]:
    """The details of one kind, such as `RetryInfo`: those whose type name ends in it."""
    for detail in map(mapping, _list(error.get("details"))):
        if string(detail.get("@type")).endswith(f"google.rpc.{kind}"):
            yield detail


def _violations(error: Mapping[str, Any], kind: str) -> list[Any]:
    name = "fieldViolations" if kind == "BadRequest" else "violations"
    return [violation for detail in _details(error, kind) for violation in _list(detail.get(name))]


def _unwrapped(reply: object) -> object:
    """The body without the one-element list that Google's front end wraps around some errors."""
    return reply[0] if isinstance(reply, list) and len(reply) == 1 else reply


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
