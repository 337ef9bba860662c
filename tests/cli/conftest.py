"""The real program in a process of its own, with a scripted teacher."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.forked import Server

Program = Callable[..., subprocess.CompletedProcess[str]]
COMMAND = (sys.executable, "-m", "instgen")

TASKS = (
    "Instruction: {{words 9}}\nInput: {{words 4}}\nOutput: {{words 12}}\n###\n"
    "Instruction: {{words 9}}\nOutput: {{words 12}}\n###\n"
    "Instruction: {{words 8}}\nOutput: {{words 5}}\n###\n"
    "Instruction: {{words 7}}\nOutput: N/A"
)

HAN = "{{pick 森林|海洋|老师|苹果|桥梁|音乐|电脑|书包|月亮|火车|冬天|蝴蝶|面包|邮局|足球|茶叶|山谷|画家|雨伞|钟表}}"

CLASSIC = (
    {"when": "numbered list", "reply": "1. {{words 9}}\n2. {{words 9}}\n3. {{words 8}}"},
    {"when": "Answer with Yes or No", "reply": "{{pick Yes|No}}"},
    {"when": "first a label", "reply": "Class label: yes\nInput: {{words 4}}\nClass label: no\nInput: {{words 5}}"},
    {
        "when": "examples of it being done",
        "reply": "Example 1\nInput: {{words 4}}\nOutput: {{words 7}}\n"
        "Example 2\nInput: {{words 3}}\nOutput: {{words 6}}",
    },
)

EVOLUTION = (
    {"when": "Are they equal?", "chance": 0.2, "reply": "Equal"},
    {"when": "Are they equal?", "reply": "Not equal"},
    {"when": "它们是否相同", "reply": "不同"},
    {"match": r"任务：\s+<instruction>", "reply": f"<instruction>请说明{HAN * 6}。</instruction>"},
    {"when": "<instruction>", "reply": "<instruction>{{words 12}}</instruction>\n<input>{{words 4}}</input>"},
)
CHINESE = (
    {"match": r"[\u4e00-\u9fff][\s\S]*Now write", "reply": f"Instruction: 请写{HAN * 6}。\nOutput: {HAN * 9}。"},
    {"match": r"[\u4e00-\u9fff]", "reply": f"好，{HAN * 8}。"},
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder, with the rules of a teacher that writes three tasks a call, and answers."""
    monkeypatch.chdir(tmp_path)
    for name in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    write_rules(tmp_path / "rules.jsonl")
    return tmp_path


def write_rules(path: Path, latency: list[float] | None = None, **traits: Any) -> None:
    more = {"latency": latency} if latency else {}
    rows = [
        {
            "traits": {"tasks_per_call": 3, "window": 8, "concurrency": 8, **traits},
            "log": str(path.with_name("calls.log")),
        },
        *({**rule, **more} for rule in (*CLASSIC, *EVOLUTION)),
        {**CHINESE[0], **more},
        {"when": "Now write", "reply": TASKS, **more},
        {**CHINESE[1], **more},
        {"reply": "An answer of {{words 6}}.", **more},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def instgen(folder: Path, server: Server) -> Program:
    """Runs the program to its end; the teacher is the scripted one unless the test says otherwise."""

    def run(*arguments: str, input: str | bytes = "", **environment: str) -> subprocess.CompletedProcess[str]:
        data = input if isinstance(input, bytes) else input.encode()
        done = server.run(arguments, data, settings(environment))
        out, err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        return subprocess.CompletedProcess(done.args, done.returncode, out, err)

    return run


def settings(more: dict[str, str] | None = None) -> dict[str, str]:
    return {**os.environ, "INSTGEN_TEACHER": "scripted/rules.jsonl", **(more or {})}


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def calls(folder: Path) -> list[str]:
    log = folder / "calls.log"
    return log.read_text().splitlines() if log.exists() else []
