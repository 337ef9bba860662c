"""`scripted/FILE`: a fake teacher that answers from a file of rules. For tests, docs and dry runs; public and stable.

The rule: an answer depends on the prompt's messages or text, its sample number and its seed, never on when it is asked
or what was asked before. FILE is JSONL, one rule a line; the first that applies answers, and a prompt to which none
does fails. A rule has `reply`, `error` or `fatal` (or only a `finish` of refusal) and, as needed:

    when       text that must occur in the prompt
    match      regular expression that must be found in the prompt, in RE2's syntax: it cannot hang
    chance     0 to 1: the rule applies to this share of the prompts
    reply      the answer, or a list of which one is taken
    reasoning  what the teacher thought before it
    finish     stop (default), length or refusal
    cut        characters after which a longer reply ends, with finish length
    error      this prompt gets no answer, for this reason
    fatal      no prompt gets one any more, for this reason
    latency    seconds, or [least, most], until the answer comes; many wait at once
    tokens     usage to report: completion tokens, or {"prompt": 7, "completion": 9, "cached": 0, "reasoning": 0};
               without it words are counted, and marked as an estimate
    cost       US dollars (default 0)

Whatever is drawn (chance, reply, latency, slots) is drawn by the prompt's digest. Slots in a reply:

    {{words 8}}       eight words; different ones for different prompts
    {{pick a|b|c}}    one of these
    {{number 1 100}}  a whole number, both ends included
    {{last}}          the last user message, or the document
    {{line 2}}        its second line, "" where there is none
    {{digest}}        the prompt's digest, 32 hex digits

The first line may be a head instead: `{"traits": {"tasks_per_call": 1, "window": 8}, "log": "calls.log"}`. Traits are
those of `Traits`; `log` names a file that gets the prompt's digest, one line, at the start of each call; a file that is
there and is no such log is left alone.
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
"""A new log can be read by its owner alone."""
_LOG_LINE = 33
"""Bytes of a line of the log: a digest, and the line's end."""


def open(model: str, settings: Settings) -> Scripted:
    """The teacher for `scripted/FILE`.

    Raises:
        UsageError: no file is named.
        InputError: it cannot be read, or a rule in it is not understood.
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
        """Answer by these rules, written as in a file.

        Args:
            rules: one mapping a rule; the first may be a head.
            name: what the teacher is called after `scripted/`.
            digest: of the file they came from; else one is made of the rules themselves.
            lines: the line that each rule stands on, for error messages; else they count from 1.

        Raises:
            InputError: a rule is not understood, or its log is another file.
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
        """The teacher of a file's lines; blank ones are skipped, and counted.

        Raises:
            InputError: a line holds no rule, or there is none at all.
        """
        rows = rows_of(lines, name)
        return cls(rows.values(), name, digest, rows)

    async def complete(self, prompt: Prompt) -> Completion:
        """The first applying rule's answer, after its latency; see `Teacher.complete`."""
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
        """There is nothing to let go of."""

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
    """The last user message, else the document."""
    said = [turn.content for turn in prompt.messages if turn.role == "user"]
    return said[-1] if said else prompt.text


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _check_log(path: Path) -> None:
    """Refuse to append to a file that holds something else: rules may come from somebody else."""
    if not path.is_file():
        return
    try:
        with path.open("rb") as file:
            head = file.read(_LOG_LINE)
    except OSError as problem:
        raise InputError(str(path), f"the log cannot be read: {problem.strerror}") from problem
    if head and not re.fullmatch(rb"[0-9a-f]{32}\n", head):
        raise InputError(str(path), "is there, and is no log of calls", "let `log` in the rules name another file")


def _append(path: Path, line: bytes) -> None:
    """Add a line by one write at the end of the file, so that several processes may share it."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, NEW_FILE)
        try:
            os.write(file, line)
        finally:
            os.close(file)
    except OSError as problem:
        raise InputError(str(path), f"the log cannot be written: {problem.strerror}") from problem
