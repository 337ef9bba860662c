"""Opens the teachers of a run, each with its base URLs and API key.

The rule: a key goes only to the teacher it was given for and to teachers of the same provider. Errors never repeat a
key.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from instgen import console
from instgen.errors import UsageError
from instgen.records import Role
from instgen.running.keys import api_key
from instgen.running.options import Asking, Explicit, Writing

if TYPE_CHECKING:
    from instgen.running.named_schema import NamedTeacher
    from instgen.teachers.teacher import Settings, Teacher


@dataclass(frozen=True, slots=True)
class Teachers:
    """The teacher; the judge, which may be the same object; and others, which answer in turn with the first."""

    teacher: Teacher
    judge: Teacher
    others: tuple[Teacher, ...] = ()

    def by_role(self) -> dict[Role, Teacher]:
        """The teacher that answers the prompts of each role."""
        return {"teacher": self.teacher, "judge": self.judge, "user": self.teacher}

    def writers(self) -> tuple[Teacher, ...]:
        """The teachers that write data: all but the judge."""
        return (self.teacher, *self.others)

    def each(self) -> tuple[Teacher, ...]:
        """All teachers, each once."""
        own = (self.teacher,) if self.judge is self.teacher else (self.teacher, self.judge)
        return (*own, *self.others)

    @property
    def paid(self) -> bool:
        """Whether calls of any of them are paid for."""
        return any(teacher.traits.paid for teacher in self.each())

    async def aclose(self) -> None:
        """Close all of them."""
        for teacher in self.each():
            await teacher.aclose()


@dataclass(frozen=True, slots=True)
class Reach:
    """A teacher's spec, base URLs and API key."""

    spec: str
    base_urls: tuple[str, ...] = ()
    api_key: str | None = field(default=None, repr=False)
    named: NamedTeacher | None = None
    """The table of the user's settings that these come from, if they do."""


def open_teachers(asking: Asking, writing: Writing, others: Sequence[str] = ()) -> Teachers:
    """The teachers that the options name; `others` are the values of `--with`.

    A teacher defined in the user's settings has its own base URLs and key. Those of the options are for `--teacher`,
    and for a judge or other teacher of the same provider, never for one of another provider. In a pipeline, a model in
    this process uses one thread, which leaves room for the other stages.

    Raises:
        UsageError: a teacher is unknown, its key cannot be read, or two of the writers are the same teacher.
    """
    from instgen.teachers.find import find_teacher

    tell = console.silent if writing.quiet else _tell
    teacher = open_teacher(asking, writing.config, tell)

    def beside(spec: str) -> Teacher:
        reach = _reach_beside(spec, asking, writing.config)
        return find_teacher(reach.spec, _settings(reach, asking, writing.config, tell, beside=True))

    judge = teacher if asking.judge is None or asking.judge == asking.teacher else beside(asking.judge)
    more = tuple(beside(spec) for spec in others)
    if more:
        _check_different((asking.teacher, *others), (teacher, *more))
    return Teachers(teacher, judge, more)


def open_teacher(asking: Asking, config: Path | None, tell: Callable[[str], None]) -> Teacher:
    """The teacher that `--teacher` names; `tell` is called with its messages to the user.

    Raises:
        UsageError: the teacher is unknown, or its key cannot be read.
    """
    from instgen.running.named import named_teacher
    from instgen.teachers.find import find_teacher

    if named := named_teacher(asking.teacher, config):
        for option in ("base_url", "api_key_env", "api_key_file"):
            if option in asking.explicit.flags:
                flag = f"--{option.replace('_', '-')}"
                raise UsageError(
                    f"{flag} does not go with {asking.teacher}, which has an address and a key of its own",
                    f"change [teachers.{asking.teacher}] in your settings, or use {named.teacher}",
                )
        reach = _reach_of(named, asking.teacher)
    else:
        reach = _reach_by_options(asking, asking.teacher)
    return find_teacher(reach.spec, _settings(reach, asking, config, tell))


def judge_alone(asking: Asking) -> Asking:
    """The options with the judge as the only teacher, for commands that ask no other.

    The base URLs and key of the options are the teacher's, so a judge of another provider does not get them.
    """
    if asking.judge is None or asking.judge == asking.teacher:
        return asking
    alone = replace(asking, teacher=asking.judge, judge=None)
    if asking.judge.partition("/")[0] == asking.teacher.partition("/")[0]:
        return alone
    theirs = {"base_url", "api_key_env", "api_key_file"}
    explicit = Explicit(asking.explicit.flags - theirs, asking.explicit.variables - theirs)
    return replace(alone, base_url=None, api_key_env=None, api_key_file=None, explicit=explicit)


def _reach_beside(spec: str, asking: Asking, config: Path | None) -> Reach:
    """How to reach a judge or other teacher, asked in addition to the teacher."""
    from instgen.running.named import named_teacher

    if named := named_teacher(spec, config):
        return _reach_of(named, spec)
    return _reach_by_options(asking, spec) if _provider(spec) == _provider(asking.teacher) else Reach(spec)


def _check_different(specs: Sequence[str], teachers: Sequence[Teacher]) -> None:
    """Raise UsageError if two are the same teacher, since they would share their answers through the journal."""
    seen: dict[str, str] = {}
    for spec, teacher in zip(specs, teachers, strict=True):
        if (same := seen.get(teacher.identity)) is not None:
            which = (
                f"{spec} is named twice" if same == spec else f"{same} and {spec} are the same teacher, {teacher.name}"
            )
            raise UsageError(
                f"--with: {which}", "--samples asks one teacher several times; several --base-url share its load"
            )
        seen[teacher.identity] = spec


def _reach_by_options(asking: Asking, spec: str) -> Reach:
    key = api_key(asking.api_key_env, asking.api_key_file, "--api-key-env", "--api-key-file")
    return Reach(spec, tuple(asking.base_url or ()), key)


def _reach_of(named: NamedTeacher, name: str) -> Reach:
    table = f"[teachers.{name}]"
    key = api_key(named.api_key_env, named.api_key_file, f"{table} api_key_env", f"{table} api_key_file")
    return Reach(named.teacher, named.base_urls, key, named)


def _settings(
    reach: Reach, asking: Asking, config: Path | None, tell: Callable[[str], None], *, beside: bool = False
) -> Settings:
    """Settings for one teacher.

    Its table takes precedence over the options, except that for `--teacher` explicit options override the table.
    """
    from instgen.running.named import price_of
    from instgen.teachers.teacher import Settings

    named = reach.named

    def limit(option: str) -> Any:
        own = getattr(named, option, None)
        return getattr(asking, option) if own is None or (option in asking.explicit and not beside) else own

    return Settings(
        base_urls=reach.base_urls,
        api_key=reach.api_key,
        timeout=limit("timeout"),
        tries=limit("tries"),
        threads=1 if console.is_pipe(console.STDIN) or console.is_pipe(console.STDOUT) else None,
        concurrency=asking.concurrency,
        rpm=limit("rpm"),
        tpm=limit("tpm"),
        price=(named.price if named else None) or price_of(reach.spec, reach.base_urls, config),
        allow_http=asking.allow_http,
        tell=tell,
    )


def _provider(spec: str) -> str:
    return spec.partition("/")[0]


def _tell(line: str) -> None:
    console.say(f"instgen: {line}")
