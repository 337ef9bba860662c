"""Options on a command line, each declared once; a command takes the groups it needs, as one argument each.

    @expanded
    def respond(files: Files, asking: Asking, writing: Writing) -> None: ...

`expanded` gives the command one option for every declared field of a group: the field has its type and default, the
declaration its names, help and limits. Importing this module must stay cheap, because `--help` waits for it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from instgen.cli.config import config_option, explicit, load_config
from instgen.running.options import Asking, Writing

Files = Annotated[
    list[Path] | None,
    typer.Argument(metavar="FILES", help="JSONL files, .gz and .zst too; none or - means stdin.", show_default=False),
]


TEACHER = "Teacher"
OUTPUT = "Output"
"""Titles in help of the groups of shared options."""


def _option(*names: str, help: str, env: str | None = None, panel: str = TEACHER, **more: Any) -> Any:
    return typer.Option(*names, help=help, envvar=env, show_envvar=False, rich_help_panel=panel, **more)


def written(*names: str, help: str, **more: Any) -> Any:
    """The declaration of an option that help shows in the group Output."""
    return _option(*names, help=help, panel=OUTPUT, **more)


ASKING: Mapping[str, Any] = {
    "teacher": _option(
        "-t", "--teacher", help="PROVIDER/MODEL, a provider, or a name from your settings.", env="INSTGEN_TEACHER"
    ),
    "judge": _option(
        "--judge",
        help="Teacher that checks and judges; uses --base-url and the key only if it has the same provider."
        "  [default: the teacher]",
        env="INSTGEN_JUDGE",
    ),
    "base_url": _option(
        "--base-url",
        help="Address of an HTTP teacher; may be repeated, to spread the load.  [default: the provider's]",
        env="INSTGEN_BASE_URL",
    ),
    "api_key_env": _option(
        "--api-key-env",
        help="Name of the variable that holds the key.  [default: the provider's, such as OPENAI_API_KEY]",
        env="INSTGEN_API_KEY_ENV",
    ),
    "api_key_file": _option("--api-key-file", help="File that holds the key.", env="INSTGEN_API_KEY_FILE"),
    "allow_http": _option(
        "--allow-http", help="Allow sending the key unencrypted to other machines.", env="INSTGEN_ALLOW_HTTP"
    ),
    "concurrency": _option(
        "--concurrency", min=1, help="Calls in flight.  [default: 4 local, 64 HTTP]", env="INSTGEN_CONCURRENCY"
    ),
    "timeout": _option("--timeout", min=0.1, help="Seconds until a call times out.", env="INSTGEN_TIMEOUT"),
    "tries": _option("--tries", min=1, help="Attempts at a call before it counts as failed.", env="INSTGEN_TRIES"),
    "rpm": _option(
        "--rpm",
        min=0.1,
        help="Requests per minute that the provider allows.  [default: no limit]",
        env="INSTGEN_RPM",
    ),
    "tpm": _option(
        "--tpm", min=1, help="Tokens per minute that the provider allows.  [default: no limit]", env="INSTGEN_TPM"
    ),
    "grace": _option(
        "--grace",
        min=0,
        help="Seconds to wait for calls in flight when stopped.  [default: 0 local, 10 HTTP]",
        env="INSTGEN_GRACE",
    ),
    "temperature": _option(
        "--temperature", min=0, max=5, help="Overrides the prompt file's.", env="INSTGEN_TEMPERATURE"
    ),
    "top_p": _option("--top-p", min=0, max=1, help="Overrides the prompt file's.", env="INSTGEN_TOP_P"),
    "max_tokens": _option("--max-tokens", min=1, help="Overrides the prompt file's.", env="INSTGEN_MAX_TOKENS"),
    "seed": _option(
        "--seed", min=0, max=2**63 - 1, help="Random seed; a different one makes different data.", env="INSTGEN_SEED"
    ),
    "max_requests": _option(
        "--max-requests", min=0, help="Budget: calls, including replayed ones.", env="INSTGEN_MAX_REQUESTS"
    ),
    "max_total_tokens": _option(
        "--max-total-tokens", min=0, help="Budget: tokens read and written.", env="INSTGEN_MAX_TOTAL_TOKENS"
    ),
    "max_cost": _option("--max-cost", min=0, help="Budget: US dollars.", env="INSTGEN_MAX_COST"),
    "max_failures": _option("--max-failures", help="Items that may fail, N or P%.", env="INSTGEN_MAX_FAILURES"),
    "journal": _option(
        "--journal",
        help="File in which completions are stored.  [default: the user's state folder]",
        env="INSTGEN_JOURNAL",
    ),
    "no_journal": _option(
        "--no-journal", help="Store nothing: an interrupted run starts over.", env="INSTGEN_NO_JOURNAL"
    ),
    "retry_failed": _option(
        "--retry-failed", help="Retry calls that failed in an earlier run.", env="INSTGEN_RETRY_FAILED"
    ),
    "prompts": _option(
        "--prompts", help="Folder of prompt files that replace built-in ones by name.", env="INSTGEN_PROMPTS"
    ),
    "dry_run": _option(
        "--dry-run",
        help="Show the first prompts, and estimate calls, tokens and cost; send nothing.",
        env="INSTGEN_DRY_RUN",
    ),
}
"""How a teacher is reached, asked and paid for."""

WRITING: Mapping[str, Any] = {
    "output": written("-o", "--output", help="File to write or resume.  [default: stdout]"),
    "force": written("--force", help="Overwrite an output file that holds something else."),
    "rejects": written("--rejects", help="File for rejected rows, with the reasons."),
    "summary": written("--summary", help="File to append this run's statistics to.", env="INSTGEN_SUMMARY"),
    "quiet": written("-q", "--quiet", help="Print only errors.", env="INSTGEN_QUIET"),
    "verbose": written("-v", "--verbose", help="Print more, such as examples of rejected rows.", env="INSTGEN_VERBOSE"),
    "config": config_option(rich_help_panel=OUTPUT, is_eager=True, callback=load_config),
}
"""Where records and messages go."""

GROUPS: Mapping[Any, Mapping[str, Any]] = {Asking: ASKING, Writing: WRITING}
"""The declarations of each group, by its fields."""
ANNOTATED: Any = Annotated
"""`Annotated` for types that are known only at run time, which type checkers reject."""


def expanded(command: Callable[..., None]) -> Callable[..., None]:
    """The command, with every declared option of its groups as a separate parameter, for typer to see."""
    return expanded_with()(command)


def expanded_with(**declared: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """`expanded`, for a command in which some options of its groups are `declared` differently, by field name."""
    return lambda command: _expanded(command, declared)


def _expanded(command: Callable[..., None], instead: Mapping[str, Any]) -> Callable[..., None]:
    own = inspect.signature(command, eval_str=True).parameters
    groups = {name: given.annotation for name, given in own.items() if given.annotation in GROUPS}
    shown = [given for name, given in own.items() if name not in groups]
    for group in groups.values():
        types = get_type_hints(group)
        defaults = {each.name: each.default for each in fields(group)}
        for name, option in GROUPS[group].items():
            declared = ANNOTATED[types[name], instead.get(name, option)]
            kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
            shown.append(inspect.Parameter(name, kind, default=defaults[name], annotation=declared))

    @wraps(command)
    def call(**values: Any) -> None:
        filled = {name: _filled(group, values) for name, group in groups.items()}
        command(**values, **filled)

    call.__dict__["__signature__"] = inspect.Signature(shown)
    call.__annotations__ = {given.name: given.annotation for given in shown} | {"return": None}
    return call


def _filled(group: Any, values: dict[str, Any]) -> Any:
    """An instance of a group, with its values removed from `values`, which holds all of a command's."""
    own = {name: values.pop(name) for name in GROUPS[group]}
    return group(**own, explicit=explicit()) if group is Asking else group(**own)
