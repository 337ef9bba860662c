"""Options, each declared once; a command takes the groups it needs, as one argument each.

    @expanded
    def respond(files: Files, asking: Asking, writing: Writing) -> None: ...

`expanded` shows typer every field of a group as an option of the command. Importing this module must stay cheap: it is
what `--help` waits for.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from instgen.cli.config import config_option, load_config

Files = Annotated[
    list[Path] | None,
    typer.Argument(metavar="FILES", help="JSONL files, .gz and .zst too; none or - means stdin.", show_default=False),
]


TEACHER = "Teacher"
OUTPUT = "Output"
"""How help calls the groups of options that commands share."""


def _option(*names: str, help: str, env: str | None = None, panel: str = TEACHER, **more: Any) -> Any:
    return typer.Option(*names, help=help, envvar=env, show_envvar=False, rich_help_panel=panel, **more)


class Profile(StrEnum):
    """Whose constants hold."""

    DEFAULT = "default"
    PAPER = "paper"


@dataclass(frozen=True, slots=True)
class Asking:
    """How a teacher is reached, asked and paid for."""

    teacher: Annotated[
        str,
        _option(
            "-t", "--teacher", help="PROVIDER/MODEL, a provider, or a name from your settings.", env="INSTGEN_TEACHER"
        ),
    ] = "local"
    judge: Annotated[
        str | None,
        _option(
            "--judge",
            help="Teacher that checks and judges; one of another provider gets no address or key from here."
            "  [default: the teacher]",
            env="INSTGEN_JUDGE",
        ),
    ] = None
    base_url: Annotated[
        list[str] | None,
        _option(
            "--base-url",
            help="Where an HTTP teacher answers; may be repeated, to spread the load.  [default: the provider's]",
            env="INSTGEN_BASE_URL",
        ),
    ] = None
    api_key_env: Annotated[
        str | None,
        _option(
            "--api-key-env",
            help="Name of the variable that holds the key.  [default: the provider's, such as OPENAI_API_KEY]",
            env="INSTGEN_API_KEY_ENV",
        ),
    ] = None
    api_key_file: Annotated[
        Path | None, _option("--api-key-file", help="File that holds the key.", env="INSTGEN_API_KEY_FILE")
    ] = None
    allow_http: Annotated[
        bool, _option("--allow-http", help="Send the key unencrypted to other machines, too.", env="INSTGEN_ALLOW_HTTP")
    ] = False
    concurrency: Annotated[
        int | None,
        _option(
            "--concurrency", min=1, help="Calls in flight.  [default: 4 local, 64 HTTP]", env="INSTGEN_CONCURRENCY"
        ),
    ] = None
    timeout: Annotated[
        float, _option("--timeout", min=0.1, help="Seconds until a call counts as lost.", env="INSTGEN_TIMEOUT")
    ] = 120.0
    tries: Annotated[
        int, _option("--tries", min=1, help="Times a call is made before it counts as failed.", env="INSTGEN_TRIES")
    ] = 5
    rpm: Annotated[
        float | None,
        _option(
            "--rpm",
            min=0.1,
            help="Requests a minute that the provider allows.  [default: no limit]",
            env="INSTGEN_RPM",
        ),
    ] = None
    tpm: Annotated[
        float | None,
        _option(
            "--tpm", min=1, help="Tokens a minute that the provider allows.  [default: no limit]", env="INSTGEN_TPM"
        ),
    ] = None
    grace: Annotated[
        float | None,
        _option(
            "--grace",
            min=0,
            help="Seconds that calls in flight get to arrive when stopped.  [default: 0 local, 10 HTTP]",
            env="INSTGEN_GRACE",
        ),
    ] = None
    temperature: Annotated[
        float | None,
        _option("--temperature", min=0, max=5, help="Overrides the prompt file's.", env="INSTGEN_TEMPERATURE"),
    ] = None
    top_p: Annotated[
        float | None, _option("--top-p", min=0, max=1, help="Overrides the prompt file's.", env="INSTGEN_TOP_P")
    ] = None
    max_tokens: Annotated[
        int | None, _option("--max-tokens", min=1, help="Overrides the prompt file's.", env="INSTGEN_MAX_TOKENS")
    ] = None
    seed: Annotated[
        int, _option("--seed", min=0, max=2**63 - 1, help="Another seed makes other data.", env="INSTGEN_SEED")
    ] = 0
    max_requests: Annotated[
        int | None,
        _option("--max-requests", min=0, help="Budget: calls used, replayed ones too.", env="INSTGEN_MAX_REQUESTS"),
    ] = None
    max_total_tokens: Annotated[
        int | None,
        _option("--max-total-tokens", min=0, help="Budget: tokens read and written.", env="INSTGEN_MAX_TOTAL_TOKENS"),
    ] = None
    max_cost: Annotated[
        float | None, _option("--max-cost", min=0, help="Budget: US dollars.", env="INSTGEN_MAX_COST")
    ] = None
    max_failures: Annotated[
        str,
        _option(
            "--max-failures", help="Failed items, N or P%, that still count as success.", env="INSTGEN_MAX_FAILURES"
        ),
    ] = "0"
    journal: Annotated[
        Path | None,
        _option(
            "--journal",
            help="Where completions are kept.  [default: the user's state folder]",
            env="INSTGEN_JOURNAL",
        ),
    ] = None
    no_journal: Annotated[
        bool, _option("--no-journal", help="Keep nothing: a run that ends early starts anew.", env="INSTGEN_NO_JOURNAL")
    ] = False
    retry_failed: Annotated[
        bool, _option("--retry-failed", help="Ask again what failed in an earlier run.", env="INSTGEN_RETRY_FAILED")
    ] = False
    prompts: Annotated[
        Path | None,
        _option("--prompts", help="Folder of prompt files that replace ours by name.", env="INSTGEN_PROMPTS"),
    ] = None
    dry_run: Annotated[
        bool,
        _option(
            "--dry-run",
            help="Show the first prompts, and estimate calls, tokens and cost; send nothing.",
            env="INSTGEN_DRY_RUN",
        ),
    ] = False


def _written(*names: str, help: str, **more: Any) -> Any:
    return _option(*names, help=help, panel=OUTPUT, **more)


@dataclass(frozen=True, slots=True)
class Writing:
    """Where records and talk go."""

    output: Annotated[
        Path | None, _written("-o", "--output", help="File to write, and to resume.  [default: stdout]")
    ] = None
    force: Annotated[bool, _written("--force", help="Overwrite an output file that holds something else.")] = False
    rejects: Annotated[Path | None, _written("--rejects", help="File for what is left out, with the reasons.")] = None
    summary: Annotated[
        Path | None, _written("--summary", help="File to append this run's figures to.", env="INSTGEN_SUMMARY")
    ] = None
    quiet: Annotated[bool, _written("-q", "--quiet", help="Say nothing but errors.", env="INSTGEN_QUIET")] = False
    verbose: Annotated[
        bool, _written("-v", "--verbose", help="Say more: examples of what was left out.", env="INSTGEN_VERBOSE")
    ] = False
    config: Annotated[Path | None, config_option(rich_help_panel=OUTPUT, is_eager=True, callback=load_config)] = None


GROUPS = (Asking, Writing)


def expanded(command: Callable[..., None]) -> Callable[..., None]:
    """The command, with the fields of its option groups as parameters of their own, for typer to see."""
    own = inspect.signature(command, eval_str=True).parameters
    groups = {name: given.annotation for name, given in own.items() if given.annotation in GROUPS}
    shown = [given for name, given in own.items() if name not in groups]
    for group in groups.values():
        hints = get_type_hints(group, include_extras=True)
        for each in fields(group):
            kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
            shown.append(inspect.Parameter(each.name, kind, default=each.default, annotation=hints[each.name]))

    @wraps(command)
    def call(**values: Any) -> None:
        filled = {
            name: group(**{each.name: values.pop(each.name) for each in fields(group)})
            for name, group in groups.items()
        }
        command(**values, **filled)

    call.__dict__["__signature__"] = inspect.Signature(shown)
    call.__annotations__ = {given.name: given.annotation for given in shown} | {"return": None}
    return call
