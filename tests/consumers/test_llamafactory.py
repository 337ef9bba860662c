"""What LLaMA-Factory makes of its folder: its own parser and converter, unchanged, without torch.

Its package imports torch from the top, so `llamafactory` and two packages below are bare here, and of `extras` only
what the two modules ask for is there.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import logging
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.consumers.exports import said

pytestmark = [pytest.mark.consumers, pytest.mark.filterwarnings("default")]
Exports = dict[tuple[str, str], Path]


@pytest.fixture(scope="session")
def factory() -> SimpleNamespace:
    spec = importlib.util.find_spec("llamafactory")
    if spec is None or spec.origin is None:
        pytest.skip("llamafactory is not installed")
    root = Path(spec.origin).parent
    for name in ("llamafactory", "llamafactory.data", "llamafactory.extras"):
        bare = ModuleType(name)
        bare.__path__ = [str(root.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = bare
    extras: dict[str, dict[str, Any]] = {
        "constants": {"DATA_CONFIG": "dataset_info.json"},
        "misc": {"use_modelscope": lambda: False, "use_openmind": lambda: False},
        "logging": {"get_logger": _logger},
    }
    for name, contents in extras.items():
        module = ModuleType(f"llamafactory.extras.{name}")
        module.__dict__.update(contents)
        sys.modules[module.__name__] = module
        setattr(sys.modules["llamafactory.extras"], name, module)
    parser = importlib.import_module("llamafactory.data.parser")
    converter = importlib.import_module("llamafactory.data.converter")
    return SimpleNamespace(parser=parser, converter=converter)


def _logger(name: str) -> Any:
    logger: Any = logging.getLogger(name)
    logger.warning_rank0 = logger.warning_rank0_once = logger.info_rank0 = pytest.fail
    return logger


def converted(factory: SimpleNamespace, folder: Path) -> list[dict[str, Any]]:
    (attributes,) = factory.parser.get_dataset_list(["instgen_train"], str(folder))
    convert = factory.converter.get_dataset_converter(attributes.formatting, attributes, SimpleNamespace(media_dir=""))
    lines = (folder / attributes.dataset_name).read_text("utf-8").split("\n")
    return [convert(json.loads(line)) for line in lines if line]


def texts(turns: list[dict[str, str]]) -> tuple[str, ...]:
    return tuple(turn["content"] for turn in turns)


def test_sft_keeps_every_turn_and_the_system_text(exports: Exports, factory: SimpleNamespace) -> None:
    for row, one in zip(converted(factory, exports["llamafactory", "sft"]), said(), strict=True):
        assert (texts(row["_prompt"]), texts(row["_response"]), row["_system"]) == (
            one.turns,
            (one.answer,),
            one.system,
        )
        assert [turn["role"] for turn in row["_prompt"]][-1] == "user"


@pytest.mark.parametrize("kind", ["dpo", "rm"])
def test_a_pair_has_the_better_answer_first(exports: Exports, factory: SimpleNamespace, kind: str) -> None:
    for row, one in zip(converted(factory, exports["llamafactory", kind]), said(), strict=True):
        assert texts(row["_prompt"]) == one.turns
        assert texts(row["_response"]) == (one.answer, one.worse)
        assert row["_system"] == one.system


def test_a_label_puts_the_answer_on_its_side(exports: Exports, factory: SimpleNamespace) -> None:
    rows = converted(factory, exports["llamafactory", "kto"])
    expected = [responses for one in said() for responses in ((one.answer, ""), ("", one.worse))]
    assert [texts(row["_response"]) for row in rows] == expected


def test_alpaca_rows_keep_their_input(exports: Exports, factory: SimpleNamespace) -> None:
    (attributes,) = factory.parser.get_dataset_list(["mine"], {"mine": {"file_name": "train.jsonl"}})
    convert = factory.converter.get_dataset_converter("alpaca", attributes, SimpleNamespace(media_dir=""))
    lines = (exports["alpaca", "sft"] / "train.jsonl").read_text("utf-8").split("\n")
    rows = [json.loads(line) for line in lines if line]
    assert [texts(convert(row)["_response"]) for row in rows] == [(row["output"],) for row in rows]
