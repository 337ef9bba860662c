"""What TRL makes of each export, without torch: its own `data_utils`, and the text that a chat template renders.

That a file loads proves little: with ShareGPT's roles TRL trains on the wrong prompt without a word. So it is the
rendered text that is compared.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.consumers.exports import Said, said
from tests.consumers.tokens import byte_tokenizer

pytestmark = [pytest.mark.consumers, pytest.mark.filterwarnings("default")]
Exports = dict[tuple[str, str], Path]


@pytest.fixture(scope="session")
def utils() -> Any:
    return importlib.import_module("trl.data_utils")


@pytest.fixture(scope="session")
def tokenizer() -> Any:
    return byte_tokenizer()


def rows(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "train.jsonl").read_text("utf-8").split("\n") if line]


def prompt(one: Said) -> str:
    system = f"<|im_start|>system\n{one.system}<|im_end|>\n" if one.system else ""
    roles = ("user", "assistant")
    turns = "".join(f"<|im_start|>{roles[at % 2]}\n{text}<|im_end|>\n" for at, text in enumerate(one.turns))
    return f"{system}{turns}"


BEGIN = "<|im_start|>assistant\n"
END = "<|im_end|>\n"


def test_messages_render_to_the_whole_conversation(exports: Exports, utils: Any, tokenizer: Any) -> None:
    for row, one in zip(rows(exports["trl", "sft"]), said(), strict=True):
        assert utils.is_conversational(row)
        assert utils.apply_chat_template(row, tokenizer) == {"text": f"{prompt(one)}{BEGIN}{one.answer}{END}"}


def test_prompt_and_completion_are_cut_where_the_answer_begins(exports: Exports, utils: Any, tokenizer: Any) -> None:
    for row, one in zip(rows(exports["trl", "prompt-completion"]), said(), strict=True):
        assert utils.apply_chat_template(row, tokenizer) == {
            "prompt": f"{prompt(one)}{BEGIN}",
            "completion": f"{one.answer}{END}",
        }


def test_pairs_have_the_better_and_the_worse_answer(exports: Exports, utils: Any, tokenizer: Any) -> None:
    for row, one in zip(rows(exports["trl", "dpo"]), said(), strict=True):
        assert utils.apply_chat_template(row, tokenizer) == {
            "prompt": f"{prompt(one)}{BEGIN}",
            "chosen": f"{one.answer}{END}",
            "rejected": f"{one.worse}{END}",
        }


def test_a_reward_models_pairs_have_the_prompt_inside(exports: Exports, utils: Any, tokenizer: Any) -> None:
    for row, one in zip(rows(exports["trl", "rm"]), said(), strict=True):
        assert utils.maybe_extract_prompt(row)["prompt"][-1]["content"] == one.turns[-1]
        assert utils.apply_chat_template(row, tokenizer) == {
            "chosen": f"{prompt(one)}{BEGIN}{one.answer}{END}",
            "rejected": f"{prompt(one)}{BEGIN}{one.worse}{END}",
        }


def test_unpaired_rows_are_what_trl_makes_of_the_pairs_itself(exports: Exports, utils: Any) -> None:
    datasets = importlib.import_module("datasets")
    pairs = datasets.Dataset.from_list(rows(exports["trl", "dpo"]))
    unpaired = utils.unpair_preference_dataset(pairs).to_list()
    ours = rows(exports["trl", "kto"])
    assert all(type(row["label"]) is bool for row in ours)
    assert sorted(map(json.dumps, ours)) == sorted(json.dumps({**row}) for row in unpaired)


def test_a_prompt_alone_waits_for_the_assistant(exports: Exports, utils: Any, tokenizer: Any) -> None:
    for row, one in zip(rows(exports["trl", "prompt"]), said(), strict=True):
        assert utils.apply_chat_template(row, tokenizer) == {"prompt": f"{prompt(one)}{BEGIN}"}


def test_sharegpt_is_not_for_trl(exports: Exports, utils: Any) -> None:
    """The trap that this file is about: it converts without an error and keeps the roles of others."""
    row = utils.maybe_convert_to_chatml(rows(exports["sharegpt", "sft"])[0])
    assert [turn["role"] for turn in row["messages"]] == ["human", "gpt"]
