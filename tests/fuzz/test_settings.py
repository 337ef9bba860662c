"""Whatever stands in a settings file is a setting or one error with its place."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import typer

from instgen.cli.config import PROJECT_FILE, said_in_words, setting_of, settings_of
from instgen.cli.main import app
from instgen.errors import InputError, UsageError
from instgen.running.named import named_teacher, price_of
from instgen.running.settings import tables_of
from tests.fuzz import inputs
from tests.fuzz.fuzzing import fuzzed, moment, told
from tests.fuzz.texts import spelled

LINES = (
    "seed = 1\n", 'seed = "x"\n', "seed = [1]\n", "seed = 1.5\n", "seed = " + "9" * 5_000 + "\n",
    "seed = 2026-01-01\n", "seed = 07:28:00\n", "seed = nan\n", "seed = {}\n", "seed = true\n",
    'teacher = "openai/m"\n', 'teacher = ["a", "b"]\n', "teacher = 7\n", "[filter]\n", "[filter.x]\n", "[[filter]]\n",
    "filter = 1\n", "[self-instruct]\n", "[nothing]\n", "[teachers]\n", "[teachers.big]\n", '[teachers."ß x"]\n',
    'teacher = "openai/x"\n', 'base_url = "http://h/v1"\n', "base_url = [1]\n", 'api_key_env = "K"\n',
    'api_key = "sk-1234567890"\n', "timeout = 0\n", "tries = 0\n", "rpm = nan\n", "tpm = inf\n",
    "price = { prompt = 0.2, completion = 0.8 }\n", "price = { prompt = -1 }\n", "price = 3\n", "[prices]\n",
    '"openai/m" = { prompt = inf, completion = 1 }\n', '"openai/m" = 1\n', 'output = "x"\n', 'rule = ["a"]\n',
    "rule = [[1]]\n", "max-tokens = -1\n", "temperature = 1e400\n", "a = " + "[" * 3_000 + "\n", "a = \n", '"" = 1\n',
    "a" + ".a" * 1_500 + " = 1\n", "\0", "\x85", '"\\u0000" = 1\n', "'se\ted' = 1\n", "top_p = 0.5\n",
    "top-p = 0.5\n", "force = true\n", "quiet = 2\n", 'lang = "xx"\n', "\r\n", 'language = "zh"\n', "number = 3\n",
    'near = "0.7"\n', "keep = []\n", "yes = false\n", 'prompts = "/"\n', "concurrency = 0\n", "# x\n", 'seed = """\n',
    "x'''\n",
)  # fmt: skip
COMMAND: Any = typer.main.get_command(app)
NAMES = ("filter", "self-instruct", "respond", "evolve")


def values_of(file: Path, name: str) -> None:
    """Find all settings of a command as it does itself."""
    command = COMMAND.commands[name]
    asked = typer.Context(command, parent=typer.Context(COMMAND, info_name="instgen"), info_name=name)
    said = settings_of(asked, file)
    asked.params["config"] = file
    asked.default_map = {key: each.value for key, each in said.items()}
    for option in command.params:
        if option.param_type_name == "option" and setting_of(option) != "config" and option.name in said:
            value, source = option.consume_value(asked, {})
            asked.set_parameter_source(option.name, source)
            with said_in_words(asked):
                option.process_value(asked, value)


@fuzzed(text=spelled(LINES, 8, "a\n"), junk=inputs.binary(max_size=2), name=inputs.sampled_from(NAMES))
def test_a_settings_file_is_read_or_refused(text: str, junk: bytes, name: str) -> None:
    with tempfile.NamedTemporaryFile(suffix=".toml") as file:
        file.write(text.encode() + (junk if junk[:1] == b"\xff" else b""))
        file.flush()
        path = Path(file.name)
        asks = (
            lambda: values_of(path, name),
            lambda: named_teacher("big", path),
            lambda: price_of("openai/m", (), path),
            lambda: tables_of(path),
        )
        for ask in asks:
            try:
                with moment():
                    ask()
            except (InputError, UsageError) as problem:
                told(problem)
    assert not PROJECT_FILE.exists()
