"""`scripted/FILE`: a fake teacher that answers from a file of rules. For tests, docs and dry runs; public and stable.

The rule: an answer depends on the prompt's messages or text, its sample number and its seed, never on when it is asked
or what was asked before. FILE is JSONL with one rule per line. The first rule that applies answers; a prompt to which
none applies fails. A rule has `reply`, `error` or `fatal` (or only a `finish` of refusal) and optionally:

    when       text that must occur in the prompt
    match      regular expression that must match in the prompt, in RE2's syntax, which cannot hang
    chance     0 to 1: the share of prompts to which the rule applies
    reply      the answer, or a list from which one is drawn
    reasoning  the teacher's reasoning before the answer
    finish     stop (default), length or refusal
    cut        maximum number of characters; a longer reply is cut off, with finish length
    error      this prompt gets no answer, for this reason
    fatal      no prompt gets an answer any more, for this reason
    latency    seconds, or [least, most], until the answer; concurrent calls wait at the same time
    tokens     usage to report: completion tokens, or {"prompt": 7, "completion": 9, "cached": 0, "reasoning": 0};
               if missing, words are counted, and marked as an estimate
    cost       US dollars (default 0)

All random choices (chance, reply, latency, slots) are seeded with the prompt's digest. Slots in a reply:

    {{words 8}}       eight words; different ones for different prompts
    {{pick a|b|c}}    one of the alternatives
    {{number 1 100}}  an integer, both ends included
    {{last}}          the last user message, or the document
    {{line 2}}        its second line, "" if there is none
    {{digest}}        the prompt's digest, 32 hex digits

The first line may be a head instead: `{"traits": {"tasks_per_call": 1, "window": 8}, "log": "calls.log"}`. Traits are
those of `Traits`. `log` names a file to which the prompt's digest is appended, as one line, at the start of each call;
an existing file that is not such a log is an error and is left unchanged.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import os
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Self

import orjson

from instgen.errors import InputError, ItemFailed, TeacherRefused, UsageError
from instgen.records import Completion, Prompt, Usage, content_hash
from instgen.teachers.prices import FREE
from instgen.teachers.rules import Row, Rule, rows_of, script
from instgen.teachers.slots import Asked
from instgen.teachers.teacher import Settings

NEW_FILE = 0o600
"""Mode of a new log: only its owner can read it."""
_LOG_LINE = 33
"""Bytes of a line of the log: a digest and the line feed."""


def open(model: str, settings: Settings) -> Scripted:
    """The teacher for `scripted/FILE`.

    Raises:
        UsageError: no file is named.
        InputError: it cannot be read, or a rule in it is invalid.
    """
    del settings  # nothing here is reached over a network
    if not model:
        raise UsageError("scripted needs a file of rules", hint="for example -t scripted/rules.jsonl")
    try:
        data = Path(model).read_bytes()
        lines = data.decode("utf-8-sig").split("\n")
    except OSError as problem:
        raise InputError(model, f"cannot be read: {problem.strerror}", hint="scripted/FILE names a file") from problem
    except UnicodeDecodeError as problem:
        raise InputError(model, f"is not UTF-8 text: {problem.reason} at byte {problem.start}") from problem
    return Scripted.from_lines(lines, model, digest=_digest(data))


class Scripted:
    """A teacher whose answers are functions of the prompt."""

    def __init__(self, rules: Iterable[Row], name: str = "rules", digest: str = "", lines: Iterable[int] = ()) -> None:
        """Set up with rules in the format of a file.

        Args:
            rules: one mapping per rule; the first may be a head.
            name: the teacher's name after `scripted/`.
            digest: the digest of the file that the rules came from; by default, one of the rules themselves.
            lines: the line number of each rule, for error messages; by default, counting from 1.

        Raises:
            InputError: a rule is invalid, or the log is a file with other content.
        """
        rows = list(rules)
        read = script(dict(zip(lines or itertools.count(1), rows, strict=False)), name)
        self.name = f"scripted/{name}"
        self.identity = f"scripted@{digest or _digest(orjson.dumps(rows))}"
        self.traits = replace(read.traits, price=FREE)
        self._rules = read.rules
        self._log = read.log
        if read.log is not None:
            _check_log(read.log)

    @classmethod
    def from_lines(cls, lines: Iterable[str], name: str = "rules", digest: str = "") -> Self:
        """The teacher for a file's lines; blank lines are skipped, but counted in line numbers.

        Raises:
            InputError: a line is not a valid rule, or there is no rule at all.
        """
        rows = rows_of(lines, name)
        return cls(rows.values(), name, digest, rows)

    async def complete(self, prompt: Prompt) -> Completion:
        """The answer of the first rule that applies, after its latency; see `Teacher.complete`."""
        turns = [part for turn in prompt.messages for part in (turn.role, turn.content)]
        digest = content_hash(str(prompt.sample), str(prompt.seed), prompt.text, *turns)
        if self._log is not None:
            _append(self._log, f"{digest}\n".encode())
        asked = prompt.text or "\n".join(turn.content for turn in prompt.messages)
        for number, rule in enumerate(self._rules):
            if _applies(rule, asked, f"{digest} {number}"):
                await asyncio.sleep(Random(f"{digest} {number} latency").uniform(*rule.latency))
                return self._answer(rule, prompt, asked, digest)
        raise ItemFailed(f"{self.name}: no rule applies to this prompt")

    async def aclose(self) -> None:
        """Nothing to close."""

    def _answer(self, rule: Rule, prompt: Prompt, asked: str, digest: str) -> Completion:
        if rule.fatal:
            raise TeacherRefused(f"{self.name}: {rule.fatal}", hint="a rule of the script says so")
        if rule.error:
            raise ItemFailed(f"{self.name}: {rule.error}")
        luck = Random(f"{digest} reply")
        reply = luck.choice(rule.replies).filled(Asked(_last(prompt), digest, luck))
        cut = rule.cut is not None and len(reply) > rule.cut
        text = reply[: rule.cut] if cut else reply
        return Completion(
            text,
            "length" if cut else rule.finish,
            reasoning=rule.reasoning,
            usage=rule.usage or Usage(len(asked.split()), len((text + " " + rule.reasoning).split()), estimated=True),
            cost=rule.cost,
            teacher=self.name,
        )


def _applies(rule: Rule, asked: str, luck: str) -> bool:
    found = rule.when in asked and (rule.match is None or rule.match.occurs_in(asked))
    return found and (rule.chance >= 1 or Random(f"{luck} chance").random() < rule.chance)


def _last(prompt: Prompt) -> str:
    """The last user message, or the document if there is none."""
    users = [turn.content for turn in prompt.messages if turn.role == "user"]
    return users[-1] if users else prompt.text


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _check_log(path: Path) -> None:
    """Raise InputError for a file that is not a log of calls: untrusted rules must not append to arbitrary files."""
    if not path.is_file():
        return
    try:
        with path.open("rb") as file:
            head = file.read(_LOG_LINE)
    except OSError as problem:
        raise InputError(str(path), f"the log cannot be read: {problem.strerror}") from problem
    if head and not re.fullmatch(rb"[0-9a-f]{32}\n", head):
        raise InputError(str(path), "exists, and is not a log of calls", "name another file as `log` in the rules")


def _append(path: Path, line: bytes) -> None:
    """Append a line with a single write, so that several processes can share the file."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, NEW_FILE)
        try:
            os.write(file, line)
        finally:
            os.close(file)
    except OSError as problem:
        raise InputError(str(path), f"the log cannot be written: {problem.strerror}") from problem
