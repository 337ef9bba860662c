"""`instgen teachers`: list the providers, and check whether a teacher answers and what it supports.

The rule: a check uses a teacher only through `complete`, like every command, and reports only what its answers show.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from instgen import console
from instgen.cli.config import explicit
from instgen.cli.options import ASKING, WRITING
from instgen.running.options import Asking

if TYPE_CHECKING:
    from instgen.records import Completion, Prompt
    from instgen.teachers.teacher import Teacher

teachers = typer.Typer(help="List teachers, or test one.", no_args_is_help=True, rich_markup_mode=None)

ANSWER_TOKENS = 256
"""Maximum tokens per answer: enough for a sentence, and for most reasoning before it."""
QUESTION = "Write down fifteen unusual words, in one line, in any order that you like."
"""A question with so many possible answers that two equal ones are not a coincidence."""
PROSE = "Describe the sea in one sentence of plain prose. Do not write JSON."
SCHEMA = {
    "type": "object",
    "properties": {"colour": {"type": "string"}, "calm": {"type": "boolean"}},
    "required": ["colour", "calm"],
    "additionalProperties": False,
}
SEED = 20_240_607
ONE_TRY = 1
"""A check reports the teacher's current state, so it does not retry unless --tries is given."""

Seeded = Literal["repeats", "varies", "declined"]
"""Whether the same seed gives the same answer; "declined" if the server does not accept a seed."""
Formed = Literal["enforced", "ignored", "declined"]
"""Whether a JSON schema overrides a prompt that asks for prose; "declined" if the server does not accept a schema."""

_WORDS = {
    "repeats": "the same seed gives the same answer",
    "varies": "the same seed gives another answer",
    "enforced": "enforced, against a prompt that asks for prose",
    "ignored": "not enforced (the answer had a different form)",
    "declined": "not taken",
}


@dataclass(frozen=True, slots=True)
class Report:
    """The results of a check; tokens and cost are totals of all calls, `seconds` is the time of the first answer."""

    teacher: str
    host: str
    """"" for a teacher in this process."""
    seconds: float
    finish: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    estimated: bool
    """Whether the tokens were counted here, because the server reports none."""
    cost: float | None
    seed: Seeded
    schema: Formed
    told: tuple[str, ...]
    """The teacher's messages about settings that it left out or renamed."""


@teachers.callback()
def _teachers() -> None:
    """List teachers, or test one."""


@teachers.command("list")
def list_teachers() -> None:
    """List the providers for `--teacher PROVIDER/MODEL`."""
    from instgen.teachers.find import known_providers

    for name in known_providers():
        console.show(name)


@teachers.command("check")
def check(
    spec: Annotated[str, typer.Argument(metavar="TEACHER", help="PROVIDER/MODEL, or a name from your settings.")],
    base_url: Annotated[list[str] | None, ASKING["base_url"]] = None,
    api_key_env: Annotated[str | None, ASKING["api_key_env"]] = None,
    api_key_file: Annotated[Path | None, ASKING["api_key_file"]] = None,
    allow_http: Annotated[bool, ASKING["allow_http"]] = False,
    timeout: Annotated[float, ASKING["timeout"]] = Asking().timeout,
    tries: Annotated[int, ASKING["tries"]] = ONE_TRY,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    config: Annotated[Path | None, WRITING["config"]] = None,
) -> None:
    """Ask a teacher four short questions: whether it answers, how fast, at what cost, with which settings."""
    import asyncio

    import orjson

    from instgen.errors import InstgenError
    from instgen.running.teachers import open_teacher

    told: list[str] = []
    asking = Asking(
        teacher=spec,
        base_url=base_url,
        api_key_env=api_key_env,
        api_key_file=api_key_file,
        allow_http=allow_http,
        timeout=timeout,
        tries=tries,
        explicit=explicit(),
    )
    teacher = open_teacher(asking, config, told.append)
    console.say(f"instgen: asking {teacher.name} four short questions")
    try:
        report = asyncio.run(_examined(teacher, told))
    except InstgenError as problem:
        problem.can_continue = False  # there is no run to continue
        if as_json:
            console.show_json(orjson.dumps({"teacher": teacher.name, "problem": problem.message, "told": told}))
        raise
    if as_json:
        console.show_json(orjson.dumps(asdict(report)))
    else:
        console.show(_page(report))


async def _examined(teacher: Teacher, told: Sequence[str]) -> Report:
    """Make four calls: a plain one, the same one with a seed, twice, and one with a schema.

    Each differs from the first in the one setting that it tests, so any new message in `told` is about that setting.

    Raises:
        TeacherRefused: the teacher answers no prompt.
        Shortfall: the first call failed, or its answer is empty or a refusal.
    """
    from instgen.records import Message, Prompt

    plain = Prompt((Message("user", QUESTION),), temperature=1.0, max_tokens=ANSWER_TOKENS)
    prose = replace(plain, messages=(Message("user", PROSE),), schema=SCHEMA)
    async with contextlib.aclosing(teacher):
        begun = time.monotonic()
        first = await _first(teacher, plain)
        seconds = time.monotonic() - begun
        before = len(told)
        seeded = [await _tried(teacher, replace(plain, seed=SEED)) for _ in range(2)]
        declined = len(told) > before
        before = len(told)
        formed = await _tried(teacher, prose)
    answers = [first, *(answer for answer in (*seeded, formed) if answer)]
    costs = [answer.cost for answer in answers]
    return Report(
        teacher=first.teacher or teacher.name,
        host=first.host,
        seconds=round(seconds, 3),
        finish=first.finish,
        calls=len(answers),
        prompt_tokens=sum(answer.usage.prompt for answer in answers),
        completion_tokens=sum(answer.usage.completion for answer in answers),
        estimated=any(answer.usage.estimated for answer in answers),
        cost=None if None in costs else sum(cost or 0.0 for cost in costs),
        seed="declined" if declined else _seeded(seeded),
        schema=_formed(formed, declined=len(told) > before),
        told=tuple(told),
    )


async def _first(teacher: Teacher, prompt: Prompt) -> Completion:
    """The first answer, which must not be missing, empty or a refusal."""
    from instgen.errors import ItemFailed, Shortfall, TeacherRefused

    try:
        answer = await teacher.complete(prompt)
    except ItemFailed as problem:
        if problem.unreachable:
            raise TeacherRefused(problem.message, "is it running, and is --base-url right?") from problem
        raise Shortfall(problem.message) from problem
    if answer.finish == "refusal":
        raise Shortfall(f"{teacher.name} refuses a harmless question", "is it made for chat?")
    if not (answer.text.strip() or answer.reasoning or answer.usage.reasoning):
        raise Shortfall(f"{teacher.name} answers, but says nothing", "is it made for chat?")
    return answer


async def _tried(teacher: Teacher, prompt: Prompt) -> Completion | None:
    """The answer, or None if the call fails."""
    from instgen.errors import ItemFailed

    try:
        return await teacher.complete(prompt)
    except ItemFailed:
        return None


def _seeded(answers: Sequence[Completion | None]) -> Seeded:
    one, two = answers
    if not one or not two:
        return "declined"
    return "repeats" if (one.text, one.reasoning) == (two.text, two.reasoning) else "varies"


def _formed(answer: Completion | None, *, declined: bool) -> Formed:
    """Whether the answer conforms to SCHEMA."""
    import orjson

    if not answer or declined:
        return "declined"
    try:
        value = orjson.loads(answer.text)
    except orjson.JSONDecodeError:
        return "ignored"
    fits = isinstance(value, dict) and value.keys() == {"colour", "calm"}
    return "enforced" if fits and isinstance(value["colour"], str) and isinstance(value["calm"], bool) else "ignored"


def _page(report: Report) -> str:
    counted = "counted here, the server gives no figures" if report.estimated else "as the server counts"
    calls = f"{report.calls} {console.plural('call', report.calls)}"
    rows = (
        ("teacher", report.teacher),
        ("host", report.host or "this process"),
        ("first answer", f"after {console.duration(report.seconds)}, finish {report.finish}"),
        ("tokens", f"{report.prompt_tokens} read, {report.completion_tokens} written, {calls}; {counted}"),
        ("cost", "price unknown" if report.cost is None else f"{report.cost:.6f} dollars"),
        ("seed", _WORDS[report.seed]),
        ("JSON schema", _WORDS[report.schema]),
        *(("note", line) for line in report.told),
    )
    return "\n".join(f"{name + ':':<14}{value}" for name, value in rows)
