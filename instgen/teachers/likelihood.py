"""Log-probabilities of a given text, from servers that echo a prompt with its log-probabilities.

The model is asked like any teacher, with a document; the completion is a JSON list with one log-probability per token
of the document, null for the first. vLLM's server supports this. Chat endpoints do not, and llama.cpp's server returns
only those of new tokens (observed with xllamacpp 2026.10), so a model in this process cannot be asked either.
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
    """A teacher with the same model and servers that answers with the log-probabilities of the prompt.

    Raises:
        UsageError: this kind of teacher cannot return them.
    """
    if not isinstance(teacher, HttpTeacher) or not teacher.name.startswith("openai/"):
        raise UsageError(f"ifd needs the log-probabilities of a given text, which {teacher.name} cannot give", HINT)
    return teacher.with_dialect(DIALECT, f"{teacher.identity} log-probabilities")


def _path(model: str, prompt: Prompt) -> str:
    """The endpoint for documents."""
    del model, prompt
    return "completions"


def _body(model: str, prompt: Prompt) -> dict[str, Any]:
    """The request body; it asks for one new token because servers do not accept zero."""
    return {"model": model, "prompt": prompt.text, "max_tokens": 1, "temperature": 0, "echo": True, "logprobs": 1}


def _read(reply: object, prompt: Prompt) -> Completion:
    """The document's log-probabilities, without those of the new token.

    Raises:
        TeacherRefused: the server does not return them.
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
"""OpenAI's older dialect for documents, of which only the echoed prompt is used."""
