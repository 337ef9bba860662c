"""What trainers do with the rows in earnest: one optimiser step on the CPU, on a model of random numbers, and what
axolotl's and ms-swift's own preparation of data makes of them. `make consumers`; it takes gigabytes, and minutes.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.consumers.exports import PLAIN, said
from tests.consumers.tokens import byte_tokenizer

pytestmark = [pytest.mark.consumers, pytest.mark.filterwarnings("default")]
Exports = dict[tuple[str, str], Path]
TRAINERS = {
    "sft": ("SFTTrainer", "SFTConfig"),
    "prompt-completion": ("SFTTrainer", "SFTConfig"),
    "dpo": ("DPOTrainer", "DPOConfig"),
    "kto": ("KTOTrainer", "KTOConfig"),
    "rm": ("RewardTrainer", "RewardConfig"),
}


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with sixteen dimensions in a folder: trainers look up its name, so it must be loaded from one."""
    transformers = importlib.import_module("transformers")
    folder = tmp_path_factory.mktemp("model")
    tokenizer = byte_tokenizer()
    shape = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = transformers.Qwen2Config(
        vocab_size=len(tokenizer), num_key_value_heads=2, pad_token_id=0, eos_token_id=2, **shape
    )
    transformers.Qwen2ForCausalLM(config).save_pretrained(folder / "lm")
    transformers.Qwen2ForSequenceClassification(
        transformers.Qwen2Config(**{**config.to_dict(), "num_labels": 1})
    ).save_pretrained(folder / "rm")
    for name in ("lm", "rm"):
        tokenizer.save_pretrained(folder / name)
    return folder


def rows(folder: Path, file: str = "train.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / file).read_text("utf-8").split("\n") if line]


@pytest.mark.parametrize(("name", "kind"), [*(("trl", kind) for kind in TRAINERS), ("margin trl", "rm")])
def test_trl_takes_a_step(exports: Exports, model: Path, tmp_path: Path, name: str, kind: str) -> None:
    trl = importlib.import_module("trl")
    datasets = importlib.import_module("datasets")
    transformers = importlib.import_module("transformers")
    trainer_name, config_name = TRAINERS[kind]
    place = model / ("rm" if kind == "rm" else "lm")
    tokenizer = transformers.AutoTokenizer.from_pretrained(place)
    loads = transformers.AutoModelForSequenceClassification if kind == "rm" else transformers.AutoModelForCausalLM
    arguments = getattr(trl, config_name)(
        output_dir=str(tmp_path),
        max_steps=1,
        per_device_train_batch_size=4,
        report_to=[],
        use_cpu=True,
        bf16=False,
        gradient_checkpointing=False,
        max_length=512,
        save_strategy="no",
    )
    data = datasets.load_dataset("json", data_files=str(exports[name, kind] / "train.jsonl"), split="train")
    trainer = getattr(trl, trainer_name)(
        model=loads.from_pretrained(place),
        args=arguments,
        train_dataset=data.select(range(PLAIN - 8, len(data))),
        processing_class=tokenizer,
    )
    result = trainer.train()
    assert result.global_step == 1
    assert result.training_loss > 0


def test_trl_does_not_take_alpaca(exports: Exports, model: Path, tmp_path: Path) -> None:
    """The control: a file that is not TRL's fails, so a step above proves something."""
    trl = importlib.import_module("trl")
    datasets = importlib.import_module("datasets")
    transformers = importlib.import_module("transformers")
    data = datasets.load_dataset("json", data_files=str(exports["alpaca", "sft"] / "train.jsonl"), split="train")
    with pytest.raises((KeyError, ValueError)):
        trl.SFTTrainer(
            model=transformers.AutoModelForCausalLM.from_pretrained(model / "lm"),
            args=trl.SFTConfig(output_dir=str(tmp_path), use_cpu=True, bf16=False, report_to=[]),
            train_dataset=data,
            processing_class=transformers.AutoTokenizer.from_pretrained(model / "lm"),
        )


@pytest.fixture(scope="session")
def dictionary() -> Any:
    """axolotl's own kind of dictionary."""
    return importlib.import_module("axolotl.utils.dict").DictDefault


def axolotls(exports: Exports, kind: str) -> dict[str, Any]:
    """The data set's part of the config that was written, read as axolotl reads it."""
    text = (exports["axolotl", kind] / "axolotl.yml").read_text()
    (entry,) = importlib.import_module("yaml").safe_load(text)["datasets"]
    return dict(entry)


def test_axolotl_trains_on_the_answers_and_nothing_else(exports: Exports, dictionary: Any) -> None:
    load = importlib.import_module("axolotl.prompt_strategies").load
    tokenizer = byte_tokenizer()
    entry = dictionary(axolotls(exports, "sft"))
    config = dictionary(train_on_inputs=False, sequence_len=4096, chat_template="chatml")
    strategy = load(entry.type, tokenizer, config, entry)
    for row, one in list(zip(rows(exports["axolotl", "sft"]), said(), strict=True))[PLAIN - 5 : PLAIN + 2]:
        made = strategy.tokenize_prompt(row)
        trained = [token for token, label in zip(made["input_ids"], made["labels"], strict=True) if label != -100]
        answers = [*one.turns[1::2], one.answer]
        assert tokenizer.decode(trained) == "".join(f"{answer}<|im_end|>" for answer in answers)


def test_axolotl_renders_pairs(exports: Exports, dictionary: Any) -> None:
    load = importlib.import_module("axolotl.prompt_strategies.dpo").load
    entry = axolotls(exports, "dpo")
    config = dictionary(chat_template="chatml", datasets=[entry])
    transform, _ = load(entry["type"], config, dataset_idx=0)
    for row, one in zip(rows(exports["axolotl", "dpo"]), said(), strict=True):
        made = transform(row, tokenizer=byte_tokenizer())
        assert made["prompt"].endswith(f"{one.turns[-1]}<|im_end|>\n<|im_start|>assistant\n")
        assert made["chosen"].startswith(one.answer)
        assert made["rejected"].startswith(one.worse)


def test_axolotl_renders_labelled_rows(exports: Exports, dictionary: Any) -> None:
    load = importlib.import_module("axolotl.prompt_strategies.kto").load
    entry = axolotls(exports, "kto")
    assert isinstance(entry["type"], dict)
    transform = load("user_defined.default", dictionary(datasets=[entry]), dataset_idx=0)
    row = rows(exports["axolotl", "kto"])[1]
    made = transform(dict(row))
    assert made["prompt"] == "<|im_start|>user\nQuestion 0?<|im_end|>\n<|im_start|>assistant\n"
    assert (made["completion"], made["label"]) == ("Worse 0.<|im_end|>", False)


def test_axolotls_reward_model_sees_both_answers_and_the_system_text(exports: Exports, dictionary: Any) -> None:
    load = importlib.import_module("axolotl.prompt_strategies.bradley_terry").load
    entry = dictionary(axolotls(exports, "rm"))
    config = dictionary(train_on_inputs=False, sequence_len=4096, chat_template="chatml")
    tokenizer = byte_tokenizer()
    strategy = load(entry.type.removeprefix("bradley_terry."), tokenizer, config, entry)
    single = [one for one in said() if len(one.turns) == 1]
    for row, one in list(zip(rows(exports["axolotl", "rm"]), single, strict=True))[PLAIN - 3 :]:
        made = strategy.tokenize_prompt(row)
        for key, answer in (("chosen", one.answer), ("rejected", one.worse)):
            text = tokenizer.decode(made[f"{key}_ids"])
            assert f"{one.turns[0]}<|im_end|>\n<|im_start|>assistant\n{answer}<|im_end|>" in text
            assert not one.system or f"<|im_start|>system\n{one.system}<|im_end|>" in text


@pytest.mark.parametrize("kind", ["sft", "dpo", "rm", "kto", "prompt"])
def test_swift_keeps_every_row(exports: Exports, kind: str) -> None:
    preprocessor = importlib.import_module("swift.dataset").AutoPreprocessor
    datasets = importlib.import_module("datasets")
    given = rows(exports["ms-swift", kind])
    data = datasets.Dataset.from_list(given)
    made = preprocessor()(data, num_proc=1, load_from_cache_file=False).to_list()
    assert len(made) == len(given)
    for row, before in zip(made, given, strict=True):
        assert [(turn["role"], turn["content"]) for turn in row["messages"]] == [
            (turn["role"], turn["content"]) for turn in before["messages"]
        ]
        if kind in {"dpo", "rm"}:
            assert row["rejected_response"] == before["rejected_response"]
        if kind == "kto":
            assert bool(row["label"]) is before["label"]
