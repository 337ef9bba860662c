"""How likely a model finds a text that it is given: for servers that echo a prompt with its log-probabilities.

It is asked like any teacher, with a document; its answer is a JSON list, one log-probability a token of the document,
null for the first. vLLM's server gives them; a chat endpoint has no place for them, and llama.cpp's server gives
those of new tokens alone (seen with xllamacpp 2026.10), so no model in this process can be asked either.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from instgen.errors import TeacherRefused, UsageError
from instgen.records import Completion, Prompt
from instgen.teachers import chat
from instgen.teachers.dialect import mapping
from instgen.teachers.openai import OpenAI
from instgen.teachers.teacher import Teacher
from instgen.teachers.wire import HttpTeacher

HINT = "a server that echoes a prompt with its log-probabilities, such as vLLM's: -t openai/MODEL --base-url URL"


def likelihood(teacher: Teacher) -> HttpTeacher:
    """The same model at the same servers, asked for the log-probabilities of what it is sent.

    Raises:
        UsageError: it is none that could give them.
    """
    if not isinstance(teacher, HttpTeacher) or not teacher.name.startswith("openai/"):
        raise UsageError(f"ifd needs the log-probabilities of a given text, which {teacher.name} cannot give", HINT)
    return teacher.speaking(DIALECT, f"{teacher.identity} log-probabilities")


def _path(model: str, prompt: Prompt) -> str:
    """Documents only."""
    del model, prompt
    return "completions"


def _body(model: str, prompt: Prompt) -> dict[str, Any]:
    """The document; the one new token is asked for because servers do not take none."""
    return {"model": model, "prompt": prompt.text, "max_tokens": 1, "temperature": 0, "echo": True, "logprobs": 1}


def _read(reply: object, prompt: Prompt) -> Completion:
    """The document's log-probabilities.

    Raises:
        TeacherRefused: the server does not give them.
    """
    completion = chat.read(reply, prompt)
    choices = mapping(reply).get("choices") or [{}]
    found = mapping(mapping(choices[0]).get("logprobs")).get("token_logprobs")
    count = mapping(mapping(reply).get("usage")).get("prompt_tokens")
    if not isinstance(found, list) or not completion.text.startswith(prompt.text):
        raise TeacherRefused("this server does not give the log-probabilities of a text that it is sent", HINT)
    own = found[:count] if isinstance(count, int) else found[:-1]
    return replace(completion, text=orjson.dumps(own).decode(), finish="stop")


DIALECT = OpenAI(_path, _body, _read)
"""OpenAI's older dialect, for documents, of which only the echo is used."""
